package org.sipproxy.spring;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.access.AccessRuleSource;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.GatewaySource;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.message.SipUri;

/**
 * Kamailio's tables that are used, without the types of {@code sipproxy-jdbc}, which is optional. Gateways and accounts
 * are read when they are first needed, because routes name them.
 */
final class TableSources {

    /** No tables. */
    static final TableSources NONE = new TableSources(new Problems(), () -> {}, null, null, null, List.of(), Map.of());

    private final Problems problems;
    private final Runnable check;
    private final @Nullable AccessRuleSource accessRules;
    private final @Nullable GatewaySource gatewaySource;
    private final @Nullable Supplier<List<TrunkAccount>> accountRows;
    private final List<ProxyComponent> components;
    private final Map<String, Runnable> reloads;
    /** Guarded by this, like the next field. */
    private @Nullable List<Gateway> gateways;

    private @Nullable List<TrunkAccount> accounts;

    /**
     * Creates the sources; null for a table that is not used.
     *
     * @param check creates or checks the tables before they are read
     * @param components components that read their table themselves
     * @param reloads how to read the tables of the components again, by table
     */
    TableSources(
            Problems problems,
            Runnable check,
            @Nullable AccessRuleSource accessRules,
            @Nullable GatewaySource gatewaySource,
            @Nullable Supplier<List<TrunkAccount>> accountRows,
            List<ProxyComponent> components,
            Map<String, Runnable> reloads) {
        this.problems = problems;
        this.check = check;
        this.accessRules = accessRules;
        this.gatewaySource = gatewaySource;
        this.accountRows = accountRows;
        this.components = components;
        this.reloads = new ConcurrentHashMap<>(reloads);
    }

    Optional<AccessRuleSource> accessRules() {
        return Optional.ofNullable(accessRules);
    }

    Optional<GatewaySource> gatewaySource() {
        return Optional.ofNullable(gatewaySource);
    }

    /** Returns the gateways. A table that cannot be read is a problem, and has none. Blocks. */
    synchronized List<Gateway> gateways() {
        List<Gateway> known = gateways;
        if (known == null) {
            known = gatewaySource == null ? List.of() : read("dispatcher", gatewaySource::read);
            gateways = known;
        }
        return known;
    }

    /** Returns the accounts at providers. A table that cannot be read is a problem, and has none. Blocks. */
    synchronized List<TrunkAccount> accounts() {
        List<TrunkAccount> known = accounts;
        if (known == null) {
            known = accountRows == null ? List.of() : read("uacreg", accountRows);
            accounts = known;
        }
        return known;
    }

    private <T> List<T> read(String table, Supplier<List<T>> rows) {
        try {
            check.run();
            return rows.get();
        } catch (InvalidSipPropertiesException e) {
            throw e;
        } catch (RuntimeException e) {
            problems.add(
                    "sipproxy.tables",
                    table,
                    "cannot be read: "
                            + String.valueOf(e.getMessage()).lines().findFirst().orElse(""),
                    "check the rights of the user of the database, or remove the table");
            return List.of();
        }
    }

    /** Returns the hosts of gateways and providers. */
    List<SipUri> peers(boolean recognizesGateways) {
        List<SipUri> peers = new ArrayList<>();
        if (recognizesGateways) {
            gateways().forEach(one -> {
                peers.add(one.uri());
                one.outboundProxy().ifPresent(peers::add);
            });
        }
        accounts().forEach(one -> {
            peers.add(one.provider());
            one.outboundProxy().ifPresent(peers::add);
        });
        return peers;
    }

    List<ProxyComponent> components() {
        return components;
    }

    /** Adds how to read a table again. */
    void reloadBy(String table, Runnable reload) {
        reloads.put(table, reload);
    }

    /** Returns how to read tables again, by table. */
    Map<String, Runnable> reloads() {
        return Map.copyOf(reloads);
    }
}

package org.sipproxy.server;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.gateway.TrunkAccount;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.jdbc.DatabaseUse;
import org.sipproxy.jdbc.JdbcAccessRules;
import org.sipproxy.jdbc.JdbcAliases;
import org.sipproxy.jdbc.JdbcDomains;
import org.sipproxy.jdbc.JdbcGateways;
import org.sipproxy.jdbc.JdbcTrunks;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.server.config.Reloadable;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/**
 * Options for Kamailio's tables beside subscribers and registrations, kept as text like those of {@link ProxyOptions}.
 * A table is used if it has rows when the proxy starts.
 */
@Section("Kamailio's tables")
final class TableOptions {

    private static final String TABLES = "--tables";
    private static final String GROUP = "--address-group";
    private static final String RELOAD = "--tables-reload";
    private static final String ALL = "all";
    private static final String NONE = "none";

    /** What an operator can choose. */
    private enum Choice {
        ACCESS(DatabaseUse.ACCESS_RULES),
        DBALIASES(DatabaseUse.ALIASES),
        DISPATCHER(DatabaseUse.GATEWAYS),
        DOMAIN(DatabaseUse.DOMAINS),
        UACREG(DatabaseUse.TRUNKS);

        private final DatabaseUse use;

        Choice(DatabaseUse use) {
            this.use = use;
        }

        Set<String> tables() {
            return this == ACCESS ? Set.of("address", "trusted") : Set.of(text());
        }

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    @Option(
            names = TABLES,
            paramLabel = "NAME",
            split = ",",
            description = {
                "Kamailio's tables that are used if they have rows: access (address and trusted), dbaliases, "
                        + "dispatcher, domain and uacreg; all; or none. A table with rows that is not used is a warning.",
                "Default: ${DEFAULT-VALUE}."
            },
            defaultValue = ALL)
    List<String> tables = new ArrayList<>();

    @Reloadable
    @Option(
            names = GROUP,
            paramLabel = "N=ACTION",
            description = {
                "What the rows of a group in table address mean: trust, allow (then all others are refused) or deny. "
                        + "May be repeated. Default: 1=trust; other groups are not used."
            })
    List<String> groups = new ArrayList<>();

    @Option(
            names = RELOAD,
            paramLabel = "DURATION",
            description = {
                "How often address, trusted, dispatcher and domain are read again, 1s to 24h; 0: never. Aliases are read "
                        + "again after a minute, uacreg when the proxy starts. Default: ${DEFAULT-VALUE}."
            },
            defaultValue = "5m")
    String reload = "";

    private final Map<Integer, AccessRule.Action> actions = new LinkedHashMap<>();
    private final Map<Choice, Long> used = new LinkedHashMap<>();
    private Duration interval = Duration.ZERO;
    private boolean isLater;
    private Optional<DataSource> database = Optional.empty();
    private Optional<JdbcGateways> gatewayRows = Optional.empty();
    private List<Gateway> gateways = List.of();
    private List<TrunkAccount> accounts = List.of();
    private final List<TableReload.Task> reloads = new ArrayList<>();

    /**
     * Reads which tables have rows. Blocks.
     *
     * @param given the open database; empty if there is none or it is not open yet
     * @param later true if a database will be opened later
     */
    void read(Optional<Database> given, boolean later) {
        used.clear();
        isLater = later;
        database = given.map(Database::dataSource);
        if (database.isEmpty() || !unknown().isEmpty()) {
            return;
        }
        Map<String, Long> filled = KamailioSchema.on(database.get()).filledTables();
        for (Choice choice : chosen()) {
            long rows = choice.tables().stream()
                    .mapToLong(table -> filled.getOrDefault(table, 0L))
                    .sum();
            if (rows > 0) {
                used.put(choice, rows);
            }
        }
    }

    private Set<Choice> chosen() {
        if (tables.contains(NONE)) {
            return Set.of();
        }
        Set<Choice> chosen = EnumSet.noneOf(Choice.class);
        for (Choice choice : Choice.values()) {
            if (tables.contains(ALL) || tables.contains(choice.text())) {
                chosen.add(choice);
            }
        }
        return chosen;
    }

    private Set<String> unknown() {
        Set<String> unknown = new TreeSet<>(tables);
        unknown.removeAll(Set.of(ALL, NONE));
        Arrays.stream(Choice.values()).map(Choice::text).forEach(unknown::remove);
        return unknown;
    }

    /** Returns the uses of the database. */
    Set<DatabaseUse> uses() {
        Set<DatabaseUse> uses = EnumSet.noneOf(DatabaseUse.class);
        used.keySet().forEach(choice -> uses.add(choice.use));
        return uses;
    }

    /** Checks the options, adds errors to {@code problems}, and reads gateways and accounts. */
    void check(List<String> problems) {
        unknown()
                .forEach(name -> problems.add(TABLES + ": \"" + name + "\" (expected "
                        + Arrays.stream(Choice.values()).map(Choice::text).collect(Collectors.joining(", "))
                        + ", all or none)"));
        if (tables.size() > 1 && (tables.contains(ALL) || tables.contains(NONE))) {
            problems.add(TABLES + ": all and none stand alone; remove the other names");
        }
        groups.forEach(text -> readGroup(text, problems));
        if (groups.isEmpty()) {
            actions.put(1, AccessRule.Action.TRUST);
        }
        try {
            interval = Durations.parse(reload);
            if (!interval.isZero()
                    && (interval.compareTo(Duration.ofSeconds(1)) < 0 || interval.compareTo(Duration.ofDays(1)) > 0)) {
                problems.add(RELOAD + ": " + reload + " (expected 1s to 24h, or 0)");
            }
        } catch (IllegalArgumentException e) {
            problems.add(RELOAD + ": " + e.getMessage());
        }
        if (uses(Choice.DISPATCHER)) {
            JdbcGateways rows = JdbcGateways.of(database.orElseThrow());
            gatewayRows = Optional.of(rows);
            gateways = read(Choice.DISPATCHER, rows::read, problems);
        }
        if (uses(Choice.UACREG)) {
            accounts = read(Choice.UACREG, JdbcTrunks.of(database.orElseThrow())::read, problems);
        }
    }

    private static <T> List<T> read(Choice choice, Supplier<List<T>> rows, List<String> problems) {
        try {
            return rows.get();
        } catch (RuntimeException e) {
            problems.add(TABLES + ": table " + choice.text() + " cannot be read: "
                    + Launcher.messageOf(e).lines().findFirst().orElse("") + "; name the tables to use without it");
            return List.of();
        }
    }

    private void readGroup(String text, List<String> problems) {
        String[] parts = text.split("=", 2);
        try {
            int group = Integer.parseInt(parts[0]);
            AccessRule.Action action = AccessRule.Action.valueOf(parts[parts.length - 1].toUpperCase(Locale.ROOT));
            if (actions.put(group, action) != null) {
                problems.add(GROUP + ": " + group + " is given twice; give each group once");
            }
        } catch (IllegalArgumentException e) {
            problems.add(GROUP + ": \"" + text + "\" (expected N=trust, N=allow or N=deny, such as 1=trust)");
        }
    }

    private boolean uses(Choice choice) {
        return used.containsKey(choice);
    }

    /** Returns true if a database that is not open yet may have gateways and trunks. */
    boolean mayHaveMore() {
        return isLater;
    }

    /** Returns true if peers of the database are trusted. */
    boolean trustsPeers() {
        return isLater || uses(Choice.ACCESS);
    }

    /** Returns the gateways of the database. */
    List<Gateway> gateways() {
        return gateways;
    }

    /** Returns the accounts at providers of the database. */
    List<TrunkAccount> accounts() {
        return accounts;
    }

    // ---- the components

    /** Adds the domains. */
    void addDomainsTo(SipProxyBuilder builder) {
        if (uses(Choice.DOMAIN)) {
            JdbcDomains rows = JdbcDomains.of(database.orElseThrow());
            builder.component(rows);
            reloads.add(new TableReload.Task("domain", rows::reload));
        }
    }

    /** Adds the aliases of users. They come after the trunks, whose calls they apply to. */
    void addAliasesTo(SipProxyBuilder builder) {
        if (uses(Choice.DBALIASES)) {
            builder.component(JdbcAliases.of(database.orElseThrow()));
        }
    }

    /** Returns true if the database has access rules. */
    boolean hasAccessRules() {
        return uses(Choice.ACCESS);
    }

    /** Returns true if a group of addresses is a list of those that may send. */
    boolean allowsOnlyListed() {
        return uses(Choice.ACCESS) && actions.containsValue(AccessRule.Action.ALLOW);
    }

    /** Adds the access rules. */
    void addTo(AccessList.Builder list) {
        list.source(JdbcAccessRules.of(database.orElseThrow()));
        actions.forEach(list::group);
    }

    /** Reads the rules again with the other tables, if the list has rules of the database. */
    void reloads(AccessList list) {
        if (hasAccessRules()) {
            reloads.add(new TableReload.Task("address and trusted", list::reload));
        }
    }

    /** Adds the gateways. */
    void addTo(Dispatcher.Builder dispatcher) {
        gatewayRows.ifPresent(rows -> {
            dispatcher.source(rows);
            if (!interval.isZero()) {
                dispatcher.reloadEvery(interval);
            }
        });
    }

    /** Reads the tables of the running proxy again that are not read with the access rules. Blocks. */
    void readAgain() {
        if (uses(Choice.DOMAIN)) {
            new TableReload(reloads, interval).read();
        }
    }

    /** Returns the task that reads the tables again; empty if there is nothing to read. */
    Optional<TableReload> reload() {
        return interval.isZero() || reloads.isEmpty()
                ? Optional.empty()
                : Optional.of(new TableReload(reloads, interval));
    }

    String summary() {
        if (database.isEmpty()) {
            return isLater ? String.join(" ", tables) : NONE;
        }
        return used.isEmpty()
                ? NONE
                : used.entrySet().stream()
                        .map(one -> one.getKey().text() + " (" + Quantity.of(one.getValue(), "row") + ")")
                        .collect(Collectors.joining(", "));
    }
}

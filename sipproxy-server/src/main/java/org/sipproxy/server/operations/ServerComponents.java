package org.sipproxy.server.operations;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.Trunk;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.FloodGuard;
import org.sipproxy.security.IdentityHeaders;
import org.sipproxy.security.InMemoryCredentials;

/**
 * Components of a proxy that operators look into, and that a reload changes. The options of the command line fill it while
 * they build the proxy. It is a component itself, which adds nothing to the handling of messages, in order to count
 * refusals and to get the {@link ProxyRuntime}.
 */
public final class ServerComponents implements ProxyComponent {

    private static final String RESTART = "restart the server";

    private @Nullable AccessList accessList;
    private @Nullable DigestAuthentication digest;
    private @Nullable FloodGuard guard;
    /** Null without gateways and routes. */
    private @Nullable Dispatcher dispatcher;
    private @Nullable IdentityHeaders identityHeaders;
    /** Null without subscribers of the configuration. */
    private @Nullable InMemoryCredentials credentials;
    private final List<Trunk> trunks = new ArrayList<>();
    private final Map<String, Supplier<? extends Record>> figures = new LinkedHashMap<>();
    private final RefusalCounts refusals = new RefusalCounts();
    private volatile @Nullable ProxyRuntime runtime;

    /** Adds the access list. */
    public void add(AccessList list) {
        accessList = list;
    }

    /** Adds the digest authentication, which has the lockouts. */
    public void add(DigestAuthentication authentication) {
        digest = authentication;
    }

    /** Adds the flood guard, which has the bans. */
    public void add(FloodGuard floodGuard) {
        guard = floodGuard;
    }

    /** Adds the dispatcher, which has the gateways. */
    public void add(Dispatcher gateways) {
        dispatcher = gateways;
    }

    /** Adds the component for the headers of asserted identities. */
    public void add(IdentityHeaders identities) {
        identityHeaders = identities;
    }

    /** Adds the subscribers of the configuration. */
    public void add(InMemoryCredentials subscribers) {
        credentials = subscribers;
    }

    /** Adds a trunk. */
    public void add(Trunk trunk) {
        trunks.add(trunk);
    }

    /**
     * Adds figures of a component. The numbers of the record are listed as {@code GROUP.NAME} by the names of its
     * components.
     */
    public void addFigures(String group, Supplier<? extends Record> statistics) {
        figures.put(group, statistics);
    }

    @Override
    public void install(ComponentHooks hooks) {
        refusals.install(hooks);
    }

    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
    }

    /** Returns why the components of a reloaded configuration cannot replace these; empty if they can. */
    public List<String> obstacles(ServerComponents changed) {
        List<String> obstacles = new ArrayList<>();
        Dispatcher before = dispatcher;
        Dispatcher next = changed.dispatcher;
        if ((before == null) != (next == null)) {
            obstacles.add(
                    "--gateway: the first gateway, and the removal of the last one, cannot be reloaded; " + RESTART);
        } else if (before != null && next != null && !before.canReplaceWith(next)) {
            obstacles.add("--fallback-route, --prefix-route: the first route cannot be reloaded; " + RESTART);
        }
        if ((credentials == null) != (changed.credentials == null)) {
            obstacles.add("--subscriber: the source of the subscribers cannot be reloaded; " + RESTART);
        }
        return obstacles;
    }

    /** Reads what the components of a reloaded configuration take from the database. Blocks. */
    public void readTables() {
        if (accessList != null) {
            accessList.reload();
        }
    }

    /**
     * Takes over the settings of a reloaded configuration, for which there are no {@link #obstacles}. Trunks and figures
     * stay.
     */
    public void replaceWith(ServerComponents changed) {
        if (accessList != null && changed.accessList != null) {
            accessList.replaceWith(changed.accessList);
        }
        if (identityHeaders != null && changed.identityHeaders != null) {
            identityHeaders.replaceWith(changed.identityHeaders);
        }
        if (guard != null && changed.guard != null) {
            guard.replaceWith(changed.guard);
        }
        if (credentials != null && changed.credentials != null) {
            credentials.replaceWith(changed.credentials);
        }
        if (dispatcher != null && changed.dispatcher != null) {
            dispatcher.replaceWith(changed.dispatcher);
        }
    }

    ProxyRuntime runtime() {
        ProxyRuntime started = runtime;
        if (started == null) {
            throw new IllegalStateException("the proxy is not running; wait for READY");
        }
        return started;
    }

    Optional<AccessList> accessList() {
        return Optional.ofNullable(accessList);
    }

    Optional<DigestAuthentication> digest() {
        return Optional.ofNullable(digest);
    }

    Optional<FloodGuard> guard() {
        return Optional.ofNullable(guard);
    }

    Optional<Dispatcher> dispatcher() {
        return Optional.ofNullable(dispatcher);
    }

    List<Trunk> trunks() {
        return List.copyOf(trunks);
    }

    Map<String, Supplier<? extends Record>> figures() {
        return figures;
    }

    /** Returns how often the proxy refused or dropped something since its start, by reason. */
    Map<String, Long> refusals() {
        return refusals.list();
    }
}

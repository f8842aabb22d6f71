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

/**
 * Components of a proxy that operators look into. The options of the command line fill it while they build the proxy. It
 * is a component itself, which adds nothing to the handling of messages, in order to get the {@link ProxyRuntime}.
 */
public final class ServerComponents implements ProxyComponent {

    private @Nullable AccessList accessList;
    private @Nullable DigestAuthentication digest;
    private @Nullable FloodGuard guard;
    private @Nullable Dispatcher dispatcher;
    private final List<Trunk> trunks = new ArrayList<>();
    private final Map<String, Supplier<? extends Record>> figures = new LinkedHashMap<>();
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
        // handles no messages
    }

    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
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
}

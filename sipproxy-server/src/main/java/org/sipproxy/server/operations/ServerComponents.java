package org.sipproxy.server.operations;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
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
import org.sipproxy.server.flow.WireQueue;

/**
 * Components of a proxy that operators look into, and that a reload changes. The options of the command line fill it
 * while they build the proxy. It is a component itself, which adds nothing to the handling of messages, in order to
 * count refusals and to get the {@link ProxyRuntime}. With metrics it adds the meters of the server.
 */
public final class ServerComponents implements ProxyComponent, MeterBinder {

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
    private final List<WireQueue> recordings = new ArrayList<>();
    private final List<Runnable> meterRemovals = new ArrayList<>();
    private final Map<String, Supplier<? extends Record>> figures = new LinkedHashMap<>();
    private final RefusalCounts refusals = new RefusalCounts();
    private final RecentRefusals recentRefusals = new RecentRefusals();
    private @Nullable FinalResponses responses;
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

    /** Adds a record of all messages. */
    public void add(WireQueue recording) {
        recordings.add(recording);
    }

    /**
     * Adds figures of a component. The numbers of the record are listed as {@code GROUP.NAME} by the names of its
     * components.
     */
    public void addFigures(String group, Supplier<? extends Record> statistics) {
        figures.put(group, statistics);
    }

    /** Counts the final responses by class. Call it before the proxy is built. */
    public void countResponses() {
        responses = new FinalResponses();
    }

    @Override
    public void install(ComponentHooks hooks) {
        refusals.install(hooks);
        recentRefusals.install(hooks);
        if (responses != null) {
            hooks.onRequestCompleted(responses);
        }
    }

    @Override
    public void start(ProxyRuntime proxy) {
        runtime = proxy;
    }

    /** Adds the meters of the records; {@link #close} removes them. */
    @Override
    public void bindTo(MeterRegistry registry) {
        for (WireQueue recording : recordings) {
            addCounter(registry, recording, "passed", WireQueue::passed);
            addCounter(registry, recording, "dropped", WireQueue::dropped);
        }
    }

    private void addCounter(
            MeterRegistry registry, WireQueue recording, String outcome, ToDoubleFunction<WireQueue> value) {
        Meter meter = FunctionCounter.builder("sip.server.recorded.messages", recording, value)
                .description("Messages for a record of all messages")
                .tags("to", recording.name(), "outcome", outcome)
                .register(registry);
        meterRemovals.add(() -> registry.remove(meter));
    }

    @Override
    public void close() {
        meterRemovals.forEach(Runnable::run);
        meterRemovals.clear();
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
     * Takes over the settings of a reloaded configuration, for which there are no {@link #obstacles}. Trunks and
     * figures stay.
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

    List<WireQueue> recordings() {
        return recordings;
    }

    Map<String, Supplier<? extends Record>> figures() {
        return figures;
    }

    /** Returns how often the proxy refused or dropped something since its start, by reason. */
    Map<String, Long> refusals() {
        return refusals.list();
    }

    RecentRefusals recentRefusals() {
        return recentRefusals;
    }

    /** Returns the final responses by class; empty if they are not counted. */
    Map<String, Long> finalResponses() {
        FinalResponses counted = responses;
        return counted == null ? Map.of() : counted.byClass();
    }
}

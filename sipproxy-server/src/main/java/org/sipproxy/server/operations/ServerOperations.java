package org.sipproxy.server.operations;

import java.lang.management.ManagementFactory;
import java.lang.management.RuntimeMXBean;
import java.time.Duration;
import java.time.Instant;
import org.sipproxy.api.call.CallStatistics;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;

/**
 * What operators can see and change of a running server. Thread-safe. Methods throw {@link OperationException} if an
 * operation is not possible.
 */
public final class ServerOperations {

    private final SipProxy proxy;
    private final ServerComponents components;
    private final Runnable stop;
    private final String version;
    private final Registrations registrations;
    private final ActiveCalls calls;
    private final Gateways gateways;
    private final AccessControl access;
    private final Explanations explanations;
    private final Figures figures;
    private final LogLevels logLevels = new LogLevels();

    /**
     * Creates the operations of a started proxy.
     *
     * @param components the components of the proxy; one of them is this object itself
     * @param version the version of the server
     * @param stop stops the server as SIGTERM does, and returns at once
     */
    public ServerOperations(SipProxy proxy, ServerComponents components, String version, Runnable stop) {
        this.proxy = proxy;
        this.components = components;
        this.version = version;
        this.stop = stop;
        this.registrations = new Registrations(components);
        this.calls = new ActiveCalls(components);
        this.gateways = new Gateways(components);
        this.access = new AccessControl(components);
        this.explanations = new Explanations(proxy, components);
        this.figures = new Figures(proxy, components, registrations);
    }

    /** Returns the registered contacts. */
    public Registrations registrations() {
        return registrations;
    }

    /** Returns the calls. */
    public ActiveCalls calls() {
        return calls;
    }

    /** Returns the gateways and accounts at providers. */
    public Gateways gateways() {
        return gateways;
    }

    /** Returns the access rules, lockouts, bans and recent refusals. */
    public AccessControl access() {
        return access;
    }

    /** Returns what explains requests. */
    public Explanations explanations() {
        return explanations;
    }

    /** Returns all figures by name. */
    public Figures figures() {
        return figures;
    }

    /** Returns the log levels. */
    public LogLevels logLevels() {
        return logLevels;
    }

    /** Returns the overview. */
    public ServerStatus status() {
        RuntimeMXBean process = ManagementFactory.getRuntimeMXBean();
        StoreStatus store = proxy.storeStatus();
        var health = proxy.health();
        return new ServerStatus(
                version,
                process.getPid(),
                proxy.state().name(),
                Instant.ofEpochMilli(process.getStartTime()),
                Duration.ofSeconds(process.getUptime() / 1_000),
                proxy.boundEndpoints().stream().map(Object::toString).toList(),
                udp(),
                components.runtime().domains(),
                health.status().name(),
                health.problems(),
                new ServerStatus.Store(
                        store.databaseAnswers(),
                        store.waiting(),
                        Duration.ofSeconds(store.oldestWaiting().toSeconds()),
                        store.lastWrite(),
                        store.lastError(),
                        store.lastErrorAt()),
                components.recordings().stream()
                        .map(one -> new ServerStatus.Recording(one.name(), one.passed(), one.dropped()))
                        .toList(),
                keyFigures());
    }

    private String udp() {
        if (proxy.boundEndpoints().stream().noneMatch(endpoint -> endpoint.kind() == TransportKind.UDP)) {
            return "";
        }
        return proxy.statistics().batchedUdpSockets() > 0 ? "batched" : "single";
    }

    /** Returns the figures of a cockpit. */
    public KeyFigures keyFigures() {
        ProxyStatistics now = proxy.statistics();
        var tracked = calls.find();
        int answered = tracked.map(all -> all.statistics())
                .map(CallStatistics::answered)
                .orElse(-1);
        Registrations.Count count = registrations.count();
        Runtime heap = Runtime.getRuntime();
        return new KeyFigures(
                Instant.now(),
                Duration.ofSeconds(ManagementFactory.getRuntimeMXBean().getUptime() / 1_000),
                proxy.state().name(),
                proxy.health().status().name(),
                now.requests(),
                now.responses(),
                now.retransmissions(),
                now.malformed(),
                tracked.map(all -> all.count()).orElse(-1),
                answered,
                count.users(),
                count.bindings(),
                now.serverTransactions(),
                now.clientTransactions(),
                now.lingeringTransactions(),
                now.transactionBytes(),
                now.transactionBytesLimit(),
                now.queued(),
                now.unanswered(),
                now.connections(),
                now.overloaded(),
                now.filtered(),
                heap.totalMemory() - heap.freeMemory(),
                heap.maxMemory(),
                components.refusals(),
                components.finalResponses());
    }

    /** Stops taking new work; existing calls go on. See {@link SipProxy#drain}. */
    public void drain() {
        proxy.drain();
    }

    /** Stops the server as SIGTERM does. Returns at once. */
    public void stop() {
        stop.run();
    }
}

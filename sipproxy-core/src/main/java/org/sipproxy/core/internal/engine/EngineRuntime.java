package org.sipproxy.core.internal.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.SipUri;

/** View of the proxy that components get. */
final class EngineRuntime implements ProxyRuntime {

    private static final HostCall TASKS = new HostCall("scheduled task");

    private final ProxyEngine engine;

    EngineRuntime(ProxyEngine engine) {
        this.engine = engine;
    }

    @Override
    public LocationStore locationStore() {
        return engine.locationStore();
    }

    @Override
    public Instant now() {
        return engine.time.now();
    }

    @Override
    public Instant wallClock() {
        return Instant.ofEpochMilli(engine.time.wallMillis());
    }

    @Override
    public List<Endpoint> boundEndpoints() {
        return List.copyOf(engine.boundEndpoints());
    }

    @Override
    public List<String> domains() {
        return engine.domains();
    }

    @Override
    public List<ProxyComponent> components() {
        return engine.components.all();
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return engine.names().isMyself(uri);
    }

    @Override
    public void send(Flow flow, byte[] bytes) {
        ours(flow).send(bytes, SendFailure.IGNORE);
    }

    private static TransportFlow ours(Flow flow) {
        if (flow instanceof TransportFlow transportFlow) {
            return transportFlow;
        }
        throw new IllegalArgumentException(
                "flow: " + flow + " does not belong to this proxy; use a flow that it passed to the component");
    }

    @Override
    public RequestClient requests() {
        return engine.requests();
    }

    @Override
    public Optional<Calls> calls() {
        return engine.calls();
    }

    @Override
    public ProxyStatistics statistics() {
        return engine.statistics();
    }

    @Override
    public ProxyHealth health() {
        return engine.health();
    }

    @Override
    public StoreStatus storeStatus() {
        return engine.storeStatus();
    }

    @Override
    public Optional<Flow> flow(SipUri received, @Nullable Endpoint socket, Instant seenAt) {
        Optional<InetAddress> address = received.numericHost();
        TransportKind kind =
                TransportKind.of(received.parameter("transport").orElse("udp")).orElse(null);
        if (address.isEmpty() || kind == null) {
            return Optional.empty();
        }
        int port = received.port() >= 0 ? received.port() : kind.defaultPort();
        TransportFlow flow = engine.points()
                .registeredFlow(kind, new InetSocketAddress(address.get(), port), socket, seenAt.toEpochMilli());
        return flow == null ? Optional.empty() : Optional.of(flow);
    }

    @Override
    public CompletableFuture<List<InetSocketAddress>> resolve(SipUri uri) {
        CompletableFuture<List<InetSocketAddress>> found = new CompletableFuture<>();
        engine.resolver().resolve(uri, Sender.HOST, new NextHopResolver.Callback() {
            @Override
            public void resolved(List<NextHop> nextHops) {
                found.complete(nextHops.stream().map(NextHop::address).toList());
            }

            @Override
            public void failed(ResolutionFailure failure) {
                found.completeExceptionally(new UnknownHostException(failure.text()));
            }
        });
        return found;
    }

    @Override
    public byte[] key(String purpose) {
        return engine.keys.of(purpose);
    }

    @Override
    public String sentBy(Flow flow) {
        SentBy name = ours(flow).advertised();
        return name.host() + ":" + name.port();
    }

    @Override
    public void schedule(Duration delay, Runnable task) {
        engine.wheel().schedule(new Task(task), engine.clock.nanoTime(), delay.toNanos());
    }

    @Override
    public Thread newThread(String role, Runnable task) {
        if (role.isEmpty()) {
            throw new IllegalArgumentException("role: empty; name what the thread is for, such as accounting");
        }
        return engine.threads.create(role, task);
    }

    @Override
    public void publish(SecurityEvent event) {
        engine.components.publish(event);
    }

    @Override
    public void publish(DatabaseCall call) {
        engine.components.publish(call);
    }

    private static final class Task extends Timer {

        private final Runnable task;

        Task(Runnable task) {
            this.task = task;
        }

        @Override
        protected void fire() {
            try {
                task.run();
            } catch (Throwable e) {
                TASKS.failed(task.getClass().getName(), e);
            }
        }
    }
}

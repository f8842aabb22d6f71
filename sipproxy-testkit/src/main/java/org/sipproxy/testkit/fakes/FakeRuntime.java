package org.sipproxy.testkit.fakes;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Calls;
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
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.SipUri;

/**
 * Runtime of a proxy for {@code example.org} at {@code 192.0.2.1:5060}, for the unit test of a component. Its clock
 * moves only when a test advances it; scheduled tasks then run on the thread of the test. Records what the component
 * sends and publishes.
 */
public final class FakeRuntime implements ProxyRuntime {

    private static final Duration TICK = Duration.ofMillis(10);

    /**
     * Bytes that the component sent.
     *
     * @param flow flow that they were sent on
     * @param bytes the bytes, not a copy
     * @param atMillis time of the fake clock, in milliseconds since the epoch
     */
    public record Sent(Flow flow, byte[] bytes, long atMillis) {

        /** Returns the bytes as UTF-8. */
        public String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private record Task(Instant due, Runnable work) {}

    private final @Nullable LocationStore store;
    private final List<Sent> sent = new ArrayList<>();
    private final List<SecurityEvent> events = new ArrayList<>();
    private final List<DatabaseCall> databaseCalls = new CopyOnWriteArrayList<>();
    private final List<Task> tasks = new ArrayList<>();
    private final Map<String, List<InetAddress>> names = new HashMap<>();
    private List<ProxyComponent> components = List.of();
    private final FakeRequestClient requests = new FakeRequestClient();
    private Instant now;
    private Duration stepped = Duration.ZERO;

    /** Creates a runtime without a location store. */
    public FakeRuntime(Instant now) {
        this(now, null);
    }

    /** Creates a runtime with a location store. */
    public FakeRuntime(Instant now, @Nullable LocationStore store) {
        this.now = now;
        this.store = store;
    }

    /** Advances the clock in ticks, and runs the tasks that become due. */
    public void advance(Duration time) {
        Instant end = now.plus(time);
        while (now.isBefore(end)) {
            now = now.plus(TICK).isBefore(end) ? now.plus(TICK) : end;
            List<Task> due = tasks.stream().filter(t -> !t.due.isAfter(now)).toList();
            tasks.removeAll(due);
            due.forEach(t -> t.work.run());
        }
    }

    /** Returns what was sent; a test may clear the list. */
    public List<Sent> sent() {
        return sent;
    }

    /** Returns the published events, in order. */
    public List<SecurityEvent> events() {
        return events;
    }

    /** Returns the published operations on databases, in order. */
    public List<DatabaseCall> databaseCalls() {
        return databaseCalls;
    }

    @Override
    public FakeRequestClient requests() {
        return requests;
    }

    /** Returns empty: calls are not tracked. */
    @Override
    public Optional<Calls> calls() {
        return Optional.empty();
    }

    /** Returns zeros. */
    @Override
    public ProxyStatistics statistics() {
        return ProxyStatistics.NONE;
    }

    /** Returns that all is well. */
    @Override
    public ProxyHealth health() {
        return new ProxyHealth(ProxyHealth.Status.READY, List.of());
    }

    /** Returns the status of a store without a database. */
    @Override
    public StoreStatus storeStatus() {
        return StoreStatus.WITHOUT_DATABASE;
    }

    /** Returns the number of scheduled tasks. */
    public int scheduled() {
        return tasks.size();
    }

    /** Sets the components of the proxy. Default none. */
    public FakeRuntime with(ProxyComponent... others) {
        components = List.of(others);
        return this;
    }

    @Override
    public List<ProxyComponent> components() {
        return components;
    }

    @Override
    public LocationStore locationStore() {
        return Objects.requireNonNull(store, "locationStore: none; pass one to the constructor");
    }

    @Override
    public Instant now() {
        return now;
    }

    @Override
    public Instant wallClock() {
        return now.plus(stepped);
    }

    /** Sets the wall clock forward, or back if {@code by} is negative. */
    public void stepWallClock(Duration by) {
        stepped = stepped.plus(by);
    }

    @Override
    public List<Endpoint> boundEndpoints() {
        return List.of(FakeFlow.UDP);
    }

    @Override
    public List<String> domains() {
        return List.of("example.org");
    }

    @Override
    public boolean isMyself(SipUri uri) {
        return uri.hostIs("example.org");
    }

    @Override
    public void send(Flow flow, byte[] bytes) {
        sent.add(new Sent(flow, bytes, now.toEpochMilli()));
    }

    @Override
    public Optional<Flow> flow(SipUri received, @Nullable Endpoint socket, Instant seenAt) {
        return Optional.of(FakeFlow.udp(received.host(), received.port()));
    }

    /** Sets the addresses of a host name; the ports are those of the URI that is resolved. */
    public void addresses(String host, String... ips) {
        List<InetAddress> addresses = new ArrayList<>();
        for (String ip : ips) {
            addresses.add(IpLiteral.parse(ip).orElseThrow());
        }
        names.put(host, addresses);
    }

    /** Resolves numeric addresses, and names that a test has set. */
    @Override
    public CompletableFuture<List<InetSocketAddress>> resolve(SipUri uri) {
        List<InetAddress> addresses =
                uri.numericHost().map(List::of).orElseGet(() -> names.getOrDefault(uri.normalHost(), List.of()));
        int port = uri.port() < 0 ? 5060 : uri.port();
        return addresses.isEmpty()
                ? CompletableFuture.failedFuture(new UnknownHostException(uri.host()))
                : CompletableFuture.completedFuture(addresses.stream()
                        .map(address -> new InetSocketAddress(address, port))
                        .toList());
    }

    @Override
    public byte[] key(String purpose) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(purpose.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every Java platform has it
        }
    }

    @Override
    public String sentBy(Flow flow) {
        return "192.0.2.1:5060";
    }

    @Override
    public void schedule(Duration delay, Runnable task) {
        tasks.add(new Task(now.plus(delay), task));
    }

    /** Returns a daemon named {@code sipproxy-<role>}. */
    @Override
    public Thread newThread(String role, Runnable task) {
        Thread thread = new Thread(task, "sipproxy-" + role);
        thread.setDaemon(true);
        return thread;
    }

    @Override
    public void publish(SecurityEvent event) {
        events.add(event);
    }

    @Override
    public void publish(DatabaseCall call) {
        databaseCalls.add(call);
    }
}

package org.sipproxy.nat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.ProxyEvent;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.RequestListener;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.message.ParseLimits;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;

/** A proxy at 192.0.2.1:5060 whose time a test moves; it records what is sent, and by which thread its store is asked. */
final class FakeProxy implements ProxyRuntime, ComponentHooks, LocationStore {

    record Sent(Flow flow, byte[] bytes, long atMillis) {

        String text() {
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private record Task(long dueMillis, Runnable work) {}

    final List<Sent> sent = new ArrayList<>();
    final Queue<String> storeThreads = new ConcurrentLinkedQueue<>();
    final Queue<LocationEvent> removals = new ConcurrentLinkedQueue<>();
    final Map<Aor, List<Binding>> bindings = new ConcurrentHashMap<>();
    Blocking blocking = Blocking.NEVER;
    private final List<Task> tasks = new ArrayList<>();
    private final List<LocationListener> listeners = new ArrayList<>();
    private final List<StrayResponseHandler> strays = new ArrayList<>();
    private final List<NonSipHandler> nonSip = new ArrayList<>();
    private long nowMillis = 1_000_000_000_000L;

    FakeProxy start(NatTraversal nat) {
        nat.install(this);
        nat.start(this);
        return this;
    }

    void advance(Duration time) {
        long end = nowMillis + time.toMillis();
        while (nowMillis < end) {
            nowMillis += 10;
            List<Task> due =
                    tasks.stream().filter(t -> t.dueMillis <= nowMillis).toList();
            tasks.removeAll(due);
            due.forEach(t -> t.work.run());
        }
    }

    // ---- what a test does

    static SipUri uri(String text) {
        return SipUri.of(text);
    }

    /** A binding that came on a flow, behind a NAT. */
    Binding.Builder binding(String user, Flow flow) {
        String host = HostText.of(flow.remoteAddress().getAddress()) + ":"
                + flow.remoteAddress().getPort();
        return Binding.builder("id-" + user, uri("sip:" + user + "@10.0.0.1:5060"))
                .granted(nowMillis, Duration.ofHours(1))
                .flow(flow)
                .received(uri("sip:" + host));
    }

    void add(String user, Binding binding) {
        Aor aor = new Aor(user, "example.org");
        LocationEvent.Kind kind = bindings.containsKey(aor) ? LocationEvent.Kind.REFRESHED : LocationEvent.Kind.ADDED;
        bindings.put(aor, List.of(binding));
        tell(LocationEvent.of(kind, aor, binding));
    }

    void arrives(Flow flow, byte[] bytes) {
        nonSip.forEach(h -> h.onNonSip(flow, bytes));
    }

    /** Answers a ping that was sent; false if nobody knows the answer. */
    boolean answer(Sent ping, Flow from) {
        StringBuilder text = new StringBuilder("SIP/2.0 486 Busy Here\r\n");
        for (String line : ping.text().lines().toList()) {
            if (line.matches("(Via|From|Call-ID|CSeq|To): .*")) {
                text.append(line).append("\r\n");
            }
        }
        return response(text + "Content-Length: 0\r\n\r\n", from);
    }

    boolean response(String text, Flow from) {
        try {
            SipResponse response =
                    (SipResponse) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT);
            return strays.stream().anyMatch(h -> h.onResponse(response, from));
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
    }

    private void tell(LocationEvent event) {
        listeners.forEach(l -> l.onChange(event));
    }

    // ---- ProxyRuntime

    @Override
    public LocationStore locationStore() {
        return this;
    }

    @Override
    public Instant now() {
        return Instant.ofEpochMilli(nowMillis);
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
        sent.add(new Sent(flow, bytes, nowMillis));
    }

    @Override
    public Optional<Flow> flow(SipUri received, String socket) {
        return Optional.of(FakeFlow.udp(received.host(), received.port()));
    }

    @Override
    public String sentBy(Flow flow) {
        return "192.0.2.1:5060";
    }

    @Override
    public void schedule(Duration delay, Runnable task) {
        tasks.add(new Task(nowMillis + delay.toMillis(), task));
    }

    @Override
    public void publish(ProxyEvent event) {}

    // ---- LocationStore

    @Override
    public List<Binding> lookup(Aor aor) {
        return bindings.getOrDefault(aor, List.of());
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        storeThreads.add(Thread.currentThread().getName());
        List<Binding> before = lookup(aor);
        List<Binding> after = change.apply(before);
        bindings.put(aor, after);
        for (Binding binding : before) {
            if (!after.contains(binding)) {
                LocationEvent event = LocationEvent.removed(aor, binding, change.reasonOf(binding));
                removals.add(event);
                tell(event);
            }
        }
        return after;
    }

    @Override
    public void forEach(BiConsumer<Aor, List<Binding>> visitor) {
        storeThreads.add(Thread.currentThread().getName());
        bindings.forEach(visitor);
    }

    @Override
    public void addListener(LocationListener listener) {
        listeners.add(listener);
    }

    @Override
    public Blocking blocking() {
        return blocking;
    }

    @Override
    public void close() {}

    // ---- ComponentHooks

    @Override
    public void onArrival(ArrivalFilter filter) {}

    @Override
    public void onNonSip(NonSipHandler handler) {
        nonSip.add(handler);
    }

    @Override
    public void atEntrance(RequestStage stage) {}

    @Override
    public void beforeAuthentication(RequestStage stage) {}

    @Override
    public void beforeRouting(RequestStage stage) {}

    @Override
    public void beforeForwarding(RequestStage stage) {}

    @Override
    public void onResponse(ResponseStage stage) {}

    @Override
    public void onStrayResponse(StrayResponseHandler handler) {
        strays.add(handler);
    }

    @Override
    public void onLocationChange(LocationListener listener) {
        listeners.add(listener);
    }

    @Override
    public void onRequestCompleted(RequestListener listener) {}

    @Override
    public void onEvent(ProxyListener listener) {}

    @Override
    public void serveDomains(DomainSource source) {}
}

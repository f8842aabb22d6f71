package org.sipproxy.nat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.BiConsumer;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.message.HostName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeHooks;
import org.sipproxy.testkit.fakes.FakeRuntime;

/** Fake proxy with NAT traversal and a manual clock. Its store records which threads call it. */
final class FakeProxy implements LocationStore {

    final Queue<String> storeThreads = new ConcurrentLinkedQueue<>();
    final Queue<LocationEvent> removals = new ConcurrentLinkedQueue<>();
    final Map<Aor, List<Binding>> bindings = new ConcurrentHashMap<>();
    Blocking blocking = Blocking.NEVER;
    private final FakeRuntime runtime = new FakeRuntime(Instant.parse("2026-01-01T12:00:00Z"), this);
    final List<FakeRuntime.Sent> sent = runtime.sent();
    private FakeHooks hooks = new FakeHooks();

    FakeProxy start(NatTraversal nat) {
        hooks = FakeHooks.of(nat, runtime);
        return this;
    }

    void advance(Duration time) {
        runtime.advance(time);
    }

    void stepWallClock(Duration by) {
        runtime.stepWallClock(by);
    }

    Instant now() {
        return runtime.now();
    }

    // ---- actions of a test

    static SipUri uri(String text) {
        return SipUri.of(text);
    }

    /** Returns a binding received on a flow, from behind a NAT. */
    Binding.Builder binding(String user, Flow flow) {
        String host = HostName.text(flow.remoteAddress().getAddress()) + ":"
                + flow.remoteAddress().getPort();
        return Binding.builder("id-" + user, uri("sip:" + user + "@10.0.0.1:5060"))
                .granted(now().toEpochMilli(), Duration.ofHours(1))
                .flow(flow)
                .received(uri("sip:" + host));
    }

    void add(String user, Binding binding) {
        Aor aor = new Aor(user, "example.org");
        LocationEvent.Kind kind = bindings.containsKey(aor) ? LocationEvent.Kind.REFRESHED : LocationEvent.Kind.ADDED;
        bindings.put(aor, List.of(binding));
        hooks.publish(LocationEvent.of(kind, aor, binding));
    }

    void arrives(Flow flow, byte[] bytes) {
        hooks.arrives(flow, bytes);
    }

    /** Responds to a sent ping. Returns false if no component accepts the response. */
    boolean answer(FakeRuntime.Sent ping, Flow from) {
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
            return hooks.arrives(
                    (SipResponse) SipMessage.parse(text.getBytes(StandardCharsets.UTF_8), ParseLimits.DEFAULT), from);
        } catch (SipParseException e) {
            throw new AssertionError(e);
        }
    }

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
                hooks.publish(event);
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
        hooks.onLocationChange(listener);
    }

    @Override
    public Blocking blocking() {
        return blocking;
    }

    @Override
    public void close() {}
}

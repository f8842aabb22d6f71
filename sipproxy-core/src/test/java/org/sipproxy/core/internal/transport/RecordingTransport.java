package org.sipproxy.core.internal.transport;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.time.FakeClock;

/** Listening points at 10.0.0.1:5060 for UDP and TCP that record messages instead of sending them. Not thread-safe. */
public final class RecordingTransport {

    private final FakeClock clock;
    private final Map<String, RecordingFlow> flows = new LinkedHashMap<>();
    private final Map<TransportKind, SentBy> points = new EnumMap<>(TransportKind.class);
    private final Set<TransportKind> missing = EnumSet.of(TransportKind.TLS, TransportKind.WS, TransportKind.WSS);
    private final List<Sent> sent = new ArrayList<>();

    public RecordingTransport(FakeClock clock) {
        this.clock = clock;
    }

    /** Removes the listening point of this kind: it has no more flows. */
    public void withdraw(TransportKind kind) {
        missing.add(kind);
    }

    /** Returns the flow to an address, always the same one; null if the kind is not supported. */
    public @Nullable RecordingFlow flowTo(TransportKind kind, InetSocketAddress remote) {
        return missing.contains(kind) ? null : flow(kind, remote);
    }

    public RecordingFlow flow(TransportKind kind, String host, int port) {
        return flow(kind, new InetSocketAddress(host, port));
    }

    private RecordingFlow flow(TransportKind kind, InetSocketAddress remote) {
        SentBy point = points.computeIfAbsent(kind, k -> SentBy.of(k, "10.0.0.1", 5060));
        return flows.computeIfAbsent(kind + " " + remote, key -> new RecordingFlow(this, kind, remote, point));
    }

    void record(RecordingFlow flow, byte[] wire) {
        sent.add(new Sent(flow, wire, clock.nanoTime() / 1_000_000));
    }

    /** Returns all messages sent, in order. */
    public List<Sent> sent() {
        return Collections.unmodifiableList(sent);
    }

    /** Returns the messages sent since the last call. */
    public List<Sent> take() {
        List<Sent> all = List.copyOf(sent);
        sent.clear();
        return all;
    }
}

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

/** Listening points at 10.0.0.1:5060 for UDP and TCP that send nothing and keep all. One thread. */
public final class RecordingTransport {

    private final FakeClock clock;
    private final Map<String, RecordingFlow> flows = new LinkedHashMap<>();
    private final Map<TransportKind, SentBy> points = new EnumMap<>(TransportKind.class);
    private final Set<TransportKind> missing = EnumSet.of(TransportKind.TLS, TransportKind.WS, TransportKind.WSS);
    private final List<Sent> sent = new ArrayList<>();

    public RecordingTransport(FakeClock clock) {
        this.clock = clock;
    }

    /** The listening point of this kind is gone: there is no flow to anywhere by it. */
    public void withdraw(TransportKind kind) {
        missing.add(kind);
    }

    /** The one flow to an address, or null if the kind is not spoken. */
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

    /** All that was sent, in its order. */
    public List<Sent> sent() {
        return Collections.unmodifiableList(sent);
    }

    /** All that was sent since the last call. */
    public List<Sent> take() {
        List<Sent> all = List.copyOf(sent);
        sent.clear();
        return all;
    }
}

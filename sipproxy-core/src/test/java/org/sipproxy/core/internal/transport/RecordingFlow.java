package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;

/** Flow that records what is sent, and fails on demand. */
public final class RecordingFlow implements TransportFlow {

    private final RecordingTransport transport;
    private final TransportKind kind;
    private final InetSocketAddress remoteAddress;
    private final SentBy advertised;
    private final List<SendFailure> pending = new ArrayList<>();
    private boolean refusing;
    private boolean open = true;

    RecordingFlow(
            RecordingTransport transport, TransportKind kind, InetSocketAddress remoteAddress, SentBy advertised) {
        this.transport = transport;
        this.kind = kind;
        this.remoteAddress = remoteAddress;
        this.advertised = advertised;
    }

    /** Makes every further send fail at once; failed messages are not recorded. */
    public RecordingFlow refuse() {
        refusing = true;
        return this;
    }

    /** Makes further sends succeed again. */
    public RecordingFlow accept() {
        refusing = false;
        return this;
    }

    /** Fails all messages sent so far, as a connection does when its connect times out. */
    public void failPending() {
        List<SendFailure> failed = List.copyOf(pending);
        pending.clear();
        failed.forEach(f -> f.sendFailed(new IOException("the test broke the flow")));
    }

    public void close() {
        open = false;
    }

    public List<Sent> sent() {
        return transport.sent().stream().filter(s -> s.flow() == this).toList();
    }

    @Override
    public void send(byte[] wire, SendFailure onFailure) {
        if (refusing || !open) {
            onFailure.sendFailed(new IOException("the test refuses to send"));
            return;
        }
        pending.add(onFailure);
        transport.record(this, wire);
    }

    @Override
    public TransportKind kind() {
        return kind;
    }

    @Override
    public Endpoint endpoint() {
        return new Endpoint(kind, "10.0.0.1", 5060, "", 0);
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return remoteAddress;
    }

    @Override
    public boolean isOpen() {
        return open;
    }

    @Override
    public SentBy advertised() {
        return advertised;
    }

    @Override
    public Optional<Long> connectionId() {
        return kind.isReliable() ? Optional.of(1L) : Optional.empty();
    }
}

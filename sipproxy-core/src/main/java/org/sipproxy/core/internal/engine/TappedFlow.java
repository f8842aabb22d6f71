package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Flow whose messages are shown to the wire listener of the host application. */
record TappedFlow(TransportFlow flow, WireTap tap) implements TransportFlow {

    @Override
    public void send(byte[] wire, SendFailure onFailure) {
        tap.sent(wire, flow);
        flow.send(wire, onFailure);
    }

    @Override
    public TransportKind kind() {
        return flow.kind();
    }

    @Override
    public Endpoint endpoint() {
        return flow.endpoint();
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return flow.remoteAddress();
    }

    @Override
    public boolean isOpen() {
        return flow.isOpen();
    }

    @Override
    public SentBy advertised() {
        return flow.advertised();
    }

    @Override
    public Optional<Long> connectionId() {
        return flow.connectionId();
    }

    @Override
    public boolean isPeerInitiated() {
        return flow.isPeerInitiated();
    }

    @Override
    public boolean isAccepted() {
        return flow.isAccepted();
    }

    @Override
    public boolean wasOpenAt(long seenAtMillis) {
        return flow.wasOpenAt(seenAtMillis);
    }

    @Override
    public void messageAccepted() {
        flow.messageAccepted();
    }

    @Override
    public void peerProven() {
        flow.peerProven();
    }

    @Override
    public Set<String> peerIdentities() {
        return flow.peerIdentities();
    }
}

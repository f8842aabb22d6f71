package org.sipproxy.core.internal.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;

/**
 * Flow from which the requests of the host application come: a listening point without a peer. If several listening
 * points lead to a next hop, this one is preferred.
 */
final class HostFlow implements TransportFlow {

    private final Endpoint endpoint;
    private final InetSocketAddress address;
    private final SentBy name;

    HostFlow(Endpoint endpoint) {
        this.endpoint = endpoint;
        this.address = new InetSocketAddress(InetAddress.getLoopbackAddress(), endpoint.port());
        this.name = SentBy.of(endpoint.kind(), endpoint.host(), endpoint.port());
    }

    @Override
    public TransportKind kind() {
        return endpoint.kind();
    }

    @Override
    public Endpoint endpoint() {
        return endpoint;
    }

    @Override
    public InetSocketAddress remoteAddress() {
        return address;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void send(byte[] wire, SendFailure onFailure) {
        onFailure.sendFailed(new IllegalStateException("the host application has no socket"));
    }

    @Override
    public SentBy advertised() {
        return name;
    }

    @Override
    public Optional<Long> connectionId() {
        return Optional.empty();
    }
}

package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Flow of a rehearsed request, or a stream connection that such a request would open. Nothing can be sent on it. */
record RehearsalFlow(Endpoint endpoint, InetSocketAddress remoteAddress, SentBy advertised)
        implements TransportFlow, ResponsePath {

    @Override
    public TransportKind kind() {
        return endpoint.kind();
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public boolean isReliable() {
        return kind().isReliable();
    }

    @Override
    public void send(byte[] wire, SendFailure onFailure) {
        throw new IllegalStateException("send: the request of this flow is rehearsed");
    }

    @Override
    public Optional<Long> connectionId() {
        return Optional.empty();
    }
}

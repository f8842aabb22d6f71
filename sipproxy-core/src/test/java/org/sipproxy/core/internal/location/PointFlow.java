package org.sipproxy.core.internal.location;

import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transport.DatagramPoint;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;

/** A flow that sends nothing: of a listening point for UDP, or a connection if it has none. */
record PointFlow(@Nullable Point point, InetSocketAddress remoteAddress) implements TransportFlow {

    /** A listening point for UDP. */
    record Point(Endpoint endpoint) implements DatagramPoint {

        @Override
        public PointFlow flowTo(InetSocketAddress remote) {
            return new PointFlow(this, remote);
        }
    }

    static final Point POINT = new Point(Endpoint.udp("192.0.2.100", 5060));

    static PointFlow udp(String host, int port) {
        return POINT.flowTo(new InetSocketAddress(host, port));
    }

    static PointFlow connection(String host, int port) {
        return new PointFlow(null, new InetSocketAddress(host, port));
    }

    @Override
    public TransportKind kind() {
        return point == null ? TransportKind.TCP : TransportKind.UDP;
    }

    @Override
    public Endpoint endpoint() {
        return point == null ? Endpoint.tcp("192.0.2.100", 5060) : point.endpoint();
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void send(byte[] wire, SendFailure onFailure) {
        throw new UnsupportedOperationException("nothing is sent here");
    }

    @Override
    public SentBy advertised() {
        return SentBy.of(kind(), "192.0.2.100", 5060);
    }

    @Override
    public Optional<Long> connectionId() {
        return Optional.empty();
    }
}

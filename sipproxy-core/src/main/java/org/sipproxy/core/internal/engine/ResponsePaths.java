package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.IpLiteral;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.Via;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.ResponseAddress;
import org.sipproxy.core.internal.forwarding.FlowSource;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;

/**
 * Where responses go (RFC 3261 §18.2.2, RFC 3581 §4): over a stream back on its connection, or a new one to the sender's
 * address and the port of sent-by if that is gone; over UDP to {@code maddr}, or to the source address and the port that
 * {@code rport} asked for, else that of sent-by. A WebSocket that is gone leaves no way back.
 */
final class ResponsePaths {

    private final FlowSource flows;

    ResponsePaths(FlowSource flows) {
        this.flows = flows;
    }

    ResponsePath of(Via via, TransportFlow from) {
        if (from.kind().isReliable()) {
            int sentByPort = via.port() < 0 ? from.kind().defaultPort() : via.port();
            return new StreamPath(flows, from, sentByPort, from.kind() == TransportKind.TLS ? via.host() : "");
        }
        InetSocketAddress source = from.remoteAddress();
        InetSocketAddress maddr = via.maddr().isPresent() ? maddr(via) : null;
        if (maddr == null && (via.hasRport() || port(via) == source.getPort())) {
            return new DatagramPath(from);
        }
        InetSocketAddress to = maddr != null ? maddr : new InetSocketAddress(source.getAddress(), port(via));
        TransportFlow flow = flows.flowTo(new NextHop(TransportKind.UDP, to), from, "");
        return new DatagramPath(flow == null ? from : flow);
    }

    /**
     * Where a response goes that has to find its way by the Via below ours, which we stamped when its request came in; null if
     * that Via leads nowhere. Only for requests that came by UDP.
     */
    @Nullable
    ResponsePath behind(SipResponse response, TransportFlow from) throws SipParseException {
        Via via = response.secondVia().orElse(null);
        if (via == null || !via.transportIs("udp")) {
            return null;
        }
        InetSocketAddress to = ResponseAddress.numeric(response.wire(), via);
        TransportFlow flow = to == null ? null : flows.flowTo(new NextHop(TransportKind.UDP, to), from, "");
        return flow == null ? null : new DatagramPath(flow);
    }

    private static int port(Via via) {
        return via.port() < 0 ? TransportKind.UDP.defaultPort() : via.port();
    }

    /** A maddr that is a name is not looked up: it is for multicast, which is numeric. */
    private static @Nullable InetSocketAddress maddr(Via via) {
        return via.maddr()
                .flatMap(IpLiteral::parse)
                .map(ip -> new InetSocketAddress(ip, port(via)))
                .orElse(null);
    }

    private record DatagramPath(TransportFlow flow) implements ResponsePath {

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            flow.send(wire, onFailure);
        }

        @Override
        public boolean isReliable() {
            return false;
        }
    }

    /** @param sentByHost over TLS the host of sent-by, which the certificate has to be for if a connection is made anew */
    private record StreamPath(FlowSource flows, TransportFlow flow, int sentByPort, String sentByHost)
            implements ResponsePath {

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            if (flow.isOpen()) {
                flow.send(wire, cause -> sendAnew(wire, onFailure));
            } else {
                sendAnew(wire, onFailure);
            }
        }

        private void sendAnew(byte[] wire, SendFailure onFailure) {
            InetSocketAddress sender =
                    new InetSocketAddress(flow.remoteAddress().getAddress(), sentByPort);
            TransportFlow other = flows.flowTo(new NextHop(flow.kind(), sender, sentByHost), flow, "");
            if (other == null) {
                onFailure.sendFailed(new IllegalStateException("no way back to " + sender));
            } else {
                other.send(wire, onFailure);
            }
        }

        @Override
        public boolean isReliable() {
            return true;
        }
    }
}

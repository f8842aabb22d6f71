package org.sipproxy.core.internal.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.forwarding.FlowSource;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.core.internal.transaction.Upstream;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.Via;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Paths of responses (RFC 3261 §18.2.2, RFC 3581 §4). Over a stream a response uses the connection of its request; if
 * that is closed, a new one to the sender's address and the port of sent-by. Over UDP it goes to the source address and
 * to the port that {@code rport} asks for, otherwise the port of sent-by. A {@code maddr} is followed only to a
 * multicast address, and only if the host application enabled that: any other would let the sender choose a third
 * party. A closed WebSocket leaves no path back.
 */
final class ResponsePaths {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    private final FlowSource flows;
    private final AddressPolicy addresses;

    ResponsePaths(FlowSource flows, AddressPolicy addresses) {
        this.flows = flows;
        this.addresses = addresses;
    }

    ResponsePath of(Via via, TransportFlow from) {
        if (from.kind().isReliable()) {
            int sentByPort = via.port() < 0 ? from.kind().defaultPort() : via.port();
            return new StreamPath(flows, from, sentByPort, from.kind() == TransportKind.TLS ? via.host() : "");
        }
        InetAddress group = via.maddr().isPresent() ? multicast(via) : null;
        if (group != null) {
            return datagrams(new InetSocketAddress(group, port(via)), from, null, Sender.HOST);
        }
        InetSocketAddress source = from.remoteAddress();
        if (via.hasRport() || port(via) == source.getPort()) {
            return new DatagramPath(from);
        }
        return datagrams(new InetSocketAddress(source.getAddress(), port(via)), from, from.endpoint(), Sender.of(from));
    }

    private ResponsePath datagrams(InetSocketAddress to, TransportFlow from, @Nullable Endpoint point, Sender sender) {
        try {
            TransportFlow flow = flows.flowTo(new NextHop(TransportKind.UDP, to), from, point, sender);
            return new DatagramPath(flow == null ? from : flow);
        } catch (RefusedAddressException e) {
            LOG.debug("response goes to the source instead: {}", e.getMessage());
            return new DatagramPath(from);
        }
    }

    /** Returns the path to the caller of an accepted INVITE over UDP, from its stored address and listening point. */
    ResponsePath upstream(Upstream caller, TransportFlow from) {
        return datagrams(caller.address(), from, caller.point(), Sender.HOST);
    }

    private static int port(Via via) {
        return via.port() < 0 ? TransportKind.UDP.defaultPort() : via.port();
    }

    /** Returns the multicast address that responses may follow; null if there is none. Does not resolve names. */
    private @Nullable InetAddress multicast(Via via) {
        return via.maddr()
                .flatMap(IpLiteral::parse)
                .filter(addresses::followsMulticast)
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

        @Override
        public Upstream datagrams() {
            return new Upstream(flow.remoteAddress(), flow.endpoint());
        }
    }

    /**
     * @param sentByHost over TLS the host of sent-by, which the certificate of a new connection must match
     */
    private record StreamPath(FlowSource flows, TransportFlow flow, int sentByPort, String sentByHost)
            implements ResponsePath {

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            if (flow.isOpen()) {
                flow.send(wire, cause -> sendOverNewConnection(wire, onFailure));
            } else {
                sendOverNewConnection(wire, onFailure);
            }
        }

        private void sendOverNewConnection(byte[] wire, SendFailure onFailure) {
            InetSocketAddress sender =
                    new InetSocketAddress(flow.remoteAddress().getAddress(), sentByPort);
            try {
                TransportFlow other =
                        flows.flowTo(new NextHop(flow.kind(), sender, sentByHost), flow, null, Sender.of(flow));
                if (other == null) {
                    onFailure.sendFailed(new IllegalStateException("no path back to " + sender));
                } else {
                    other.send(wire, onFailure);
                }
            } catch (RefusedAddressException e) {
                onFailure.sendFailed(e);
            }
        }

        @Override
        public boolean isReliable() {
            return true;
        }
    }
}

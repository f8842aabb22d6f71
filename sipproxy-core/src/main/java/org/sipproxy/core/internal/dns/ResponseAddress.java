package org.sipproxy.core.internal.dns;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.IpLiteral;
import org.sipproxy.api.message.Via;
import org.sipproxy.api.transport.TransportKind;

/**
 * Where a response goes by its topmost Via (RFC 3261 §18.2.2, RFC 3581 §4). On a stream transport that is where to open a
 * connection if the one that the request came by is gone.
 */
public final class ResponseAddress {

    private static final TransportKind[] KINDS = TransportKind.values();

    private ResponseAddress() {}

    /**
     * The address, if the Via has a numeric one: always so where {@code received} was added as §18.2.1 asks. Null for a host
     * name: then {@link NextHopResolver#resolve(Via, NextHopResolver.Callback)} finds it.
     *
     * @param wire the bytes that {@code via} was read from
     */
    public static @Nullable InetSocketAddress numeric(byte[] wire, Via via) {
        boolean datagram = via.transportIs("udp");
        int port = via.port();
        Optional<InetAddress> address;
        Optional<String> maddr = datagram ? via.maddr() : Optional.empty();
        if (maddr.isPresent()) {
            address = IpLiteral.parse(maddr.get());
        } else if (via.receivedStart() >= 0) {
            address = IpLiteral.parse(wire, via.receivedStart(), via.receivedEnd());
            // on a stream rport is the port of the connection that is gone, and nobody listens there
            port = datagram && via.rport() > 0 ? via.rport() : port;
        } else {
            address = IpLiteral.parse(wire, via.hostStart(), via.hostEnd());
        }
        if (address.isEmpty() || port == 0 || address.get().isAnyLocalAddress()) {
            return null;
        }
        return new InetSocketAddress(address.get(), port < 0 ? defaultPort(via) : port);
    }

    private static int defaultPort(Via via) {
        for (TransportKind kind : KINDS) {
            if (via.transportIs(kind.lowerCase())) {
                return kind.defaultPort();
            }
        }
        return TransportKind.UDP.defaultPort();
    }
}

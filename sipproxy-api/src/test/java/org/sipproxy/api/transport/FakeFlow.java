package org.sipproxy.api.transport;

import java.net.InetSocketAddress;
import java.util.Set;

/** A flow between an address and {@code 192.0.2.1:5060}. */
public record FakeFlow(
        TransportKind kind,
        InetSocketAddress remoteAddress,
        Endpoint endpoint,
        boolean isOpen,
        Set<String> peerIdentities)
        implements Flow {

    /** The listening point of the flow. */
    public static final Endpoint UDP = Endpoint.udp("192.0.2.1", 5060);

    public static FakeFlow udp(String ip, int port) {
        return new FakeFlow(TransportKind.UDP, new InetSocketAddress(ip, port), UDP, true, Set.of());
    }

    public static FakeFlow of(TransportKind kind, String ip, int port) {
        return new FakeFlow(
                kind, new InetSocketAddress(ip, port), new Endpoint(kind, "192.0.2.1", 5060, "", 0), true, Set.of());
    }
}

package org.sipproxy.testkit.fakes;

import java.net.InetSocketAddress;
import java.util.Set;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;

/**
 * Flow without a socket.
 *
 * @param kind transport
 * @param remoteAddress address of the peer
 * @param endpoint listening point of the proxy
 * @param isOpen false for a closed connection
 * @param peerIdentities domains of the peer's certificate, in lower case
 */
public record FakeFlow(
        TransportKind kind,
        InetSocketAddress remoteAddress,
        Endpoint endpoint,
        boolean isOpen,
        Set<String> peerIdentities)
        implements Flow {

    /** UDP listening point of the fake proxy, {@code 192.0.2.1:5060}. */
    public static final Endpoint UDP = Endpoint.udp("192.0.2.1", 5060);

    /** Returns a UDP flow from a numeric address. */
    public static FakeFlow udp(String ip, int port) {
        return of(TransportKind.UDP, ip, port);
    }

    /** Returns an open flow from a numeric address to {@code 192.0.2.1:5060}, without a certificate. */
    public static FakeFlow of(TransportKind kind, String ip, int port) {
        Endpoint endpoint = kind == TransportKind.UDP ? UDP : new Endpoint(kind, "192.0.2.1", 5060, "", 0);
        return new FakeFlow(kind, new InetSocketAddress(ip, port), endpoint, true, Set.of());
    }
}

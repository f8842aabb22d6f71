package org.sipproxy.nat;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;

/** A flow to an address from {@code 192.0.2.1:5060}. */
record FakeFlow(TransportKind kind, InetSocketAddress remoteAddress, Endpoint endpoint, boolean isOpen)
        implements Flow {

    static final Endpoint UDP = Endpoint.udp("192.0.2.1", 5060);

    static FakeFlow udp(String ip, int port) {
        return new FakeFlow(TransportKind.UDP, new InetSocketAddress(ip, port), UDP, true);
    }

    static FakeFlow of(TransportKind kind, String ip, int port) {
        return new FakeFlow(kind, new InetSocketAddress(ip, port), new Endpoint(kind, "192.0.2.1", 5060, "", 0), true);
    }
}

package org.sipproxy.core.internal.dns;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.TransportKind;

/**
 * One transport, address and port that a message may be sent to.
 *
 * @param name over TLS the host that the URI named before the DNS look-up, for which the peer's certificate must be
 *     valid (RFC 5922 §7.3). Otherwise empty, because nothing proves a name
 */
public record NextHop(TransportKind kind, InetSocketAddress address, String name) {

    /** Creates a hop whose name is not checked, or over TLS is the host of {@code address} itself. */
    public NextHop(TransportKind kind, InetSocketAddress address) {
        this(kind, address, kind == TransportKind.TLS ? address.getAddress().getHostAddress() : "");
    }

    /** Returns a hop that was found by a name. */
    static NextHop found(TransportKind kind, InetSocketAddress address, String name) {
        return new NextHop(kind, address, kind == TransportKind.TLS ? name : "");
    }
}

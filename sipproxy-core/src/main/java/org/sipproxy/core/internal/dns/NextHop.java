package org.sipproxy.core.internal.dns;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.TransportKind;

/**
 * One place that a message may be sent to.
 *
 * @param name over TLS the host that the URI named before the DNS was asked, which the peer's certificate has to be for
 *     (RFC 5922 §7.3); else empty, as nothing proves a name
 */
public record NextHop(TransportKind kind, InetSocketAddress address, String name) {

    /** A hop whose name is not looked at, or over TLS the host of {@code address} itself. */
    public NextHop(TransportKind kind, InetSocketAddress address) {
        this(kind, address, kind == TransportKind.TLS ? address.getAddress().getHostAddress() : "");
    }

    /** A hop that was found by a name. */
    static NextHop found(TransportKind kind, InetSocketAddress address, String name) {
        return new NextHop(kind, address, kind == TransportKind.TLS ? name : "");
    }
}

package org.sipproxy.core.internal.transport;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.sipproxy.message.HostName;

/** Canonical text of addresses (RFC 5952), without a scope, which means nothing to other hosts. */
final class NumericAddress {

    private NumericAddress() {}

    /** Returns the address without brackets. */
    static String text(InetAddress address) {
        String host = HostName.text(address);
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }

    /** Returns host and port, with an IPv6 address in brackets. */
    static String text(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        return (ip == null ? address.getHostString() : HostName.text(ip)) + ":" + address.getPort();
    }
}

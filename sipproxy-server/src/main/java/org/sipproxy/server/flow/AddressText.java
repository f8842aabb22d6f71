package org.sipproxy.server.flow;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;

/** Text form of numeric addresses: {@code 192.0.2.7:5060}, {@code [2001:db8::7]:5060}. */
public final class AddressText {

    private AddressText() {}

    /** Returns address and port, or name and port of an address that is not resolved. */
    public static String of(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        return (ip == null ? address.getHostString() : HostName.text(ip)) + ":" + address.getPort();
    }

    /**
     * Parses the result of {@link #of}.
     *
     * @throws IllegalArgumentException if the text is not a numeric address and a port
     */
    public static InetSocketAddress parse(String text) {
        int colon = text.lastIndexOf(':');
        InetAddress ip =
                colon < 0 ? null : IpLiteral.parse(text.substring(0, colon)).orElse(null);
        if (ip == null) {
            throw new IllegalArgumentException("\"" + text + "\" is not ADDRESS:PORT");
        }
        return new InetSocketAddress(ip, Integer.parseInt(text.substring(colon + 1)));
    }
}

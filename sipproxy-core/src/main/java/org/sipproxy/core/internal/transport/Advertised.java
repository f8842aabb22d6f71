package org.sipproxy.core.internal.transport;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.sipproxy.api.transport.TransportKind;

/**
 * How a listening point is named in Via and Record-Route; made once, copied into every forwarded message.
 *
 * @param kind the transport
 * @param host the host in lower case, an IPv6 address in brackets
 * @param port the port
 * @param via {@code Via: SIP/2.0/UDP host:port;branch=} up to the branch's value
 * @param uri {@code sip:host:port} or {@code sip:host:port;transport=tcp}
 */
public record Advertised(TransportKind kind, String host, int port, byte[] via, byte[] uri) {

    public static Advertised of(TransportKind kind, String host, int port) {
        String lower = host.toLowerCase(Locale.ROOT);
        String literal = lower.indexOf(':') >= 0 && !lower.startsWith("[") ? "[" + lower + "]" : lower;
        String via = "Via: SIP/2.0/" + kind.name() + " " + literal + ":" + port + ";rport;branch=";
        String uri =
                "sip:" + literal + ":" + port + (kind == TransportKind.UDP ? "" : ";transport=" + kind.lowerCase());
        return new Advertised(
                kind, literal, port, via.getBytes(StandardCharsets.UTF_8), uri.getBytes(StandardCharsets.UTF_8));
    }
}

package org.sipproxy.core.internal.transport;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.sipproxy.api.transport.TransportKind;

/**
 * Name of a listening point in Via and Record-Route. Created once and copied into every forwarded message.
 *
 * @param kind the transport
 * @param host the host in lower case, an IPv6 address in brackets
 * @param port the port
 * @param via {@code Via: SIP/2.0/UDP host:port;branch=} up to the branch's value
 * @param uri {@code sip:host:port} or {@code sip:host:port;transport=tcp}; {@code ws} also stands for WSS (RFC
 *     7118)
 * @param secureUri the same as a sips URI, for requests that require TLS on each hop; equal to {@code uri} for a
 *     listening point without TLS, because a sips URI would lead elsewhere
 */
public record SentBy(TransportKind kind, String host, int port, byte[] via, byte[] uri, byte[] secureUri) {

    public static SentBy of(TransportKind kind, String host, int port) {
        String lower = host.toLowerCase(Locale.ROOT);
        String literal = lower.indexOf(':') >= 0 && !lower.startsWith("[") ? "[" + lower + "]" : lower;
        String via = "Via: SIP/2.0/" + kind.name() + " " + literal + ":" + port + ";rport;branch=";
        String address = literal + ":" + port;
        byte[] uri = bytes("sip:" + address + transport(kind));
        byte[] secureUri =
                kind.isSecure() ? bytes("sips:" + address + (kind == TransportKind.WSS ? ";transport=ws" : "")) : uri;
        return new SentBy(kind, literal, port, bytes(via), uri, secureUri);
    }

    /**
     * Returns a Contact line for a dialog of the proxy itself, with its line end.
     *
     * @param secure true for a sips URI
     */
    public byte[] contact(String user, boolean secure) {
        String address = new String(secure ? secureUri : uri, StandardCharsets.UTF_8);
        int colon = address.indexOf(':');
        return bytes(
                "Contact: <" + address.substring(0, colon + 1) + user + "@" + address.substring(colon + 1) + ">\r\n");
    }

    private static String transport(TransportKind kind) {
        return switch (kind) {
            case UDP -> "";
            case TCP, TLS -> ";transport=" + kind.lowerCase();
            case WS, WSS -> ";transport=ws";
        };
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}

package org.sipproxy.core.internal.engine;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.IpLiteral;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.Via;

/** Bytes of a request that is to be explained, as they would arrive. */
final class RehearsedText {

    private static final int HEADERS = 256;

    private RehearsedText() {}

    /**
     * Returns the request as bytes.
     *
     * @throws IllegalArgumentException if parts of the request are missing
     */
    static byte[] of(ExplainRequest asked) {
        Method method = asked.method().orElse(null);
        return (method == null ? withLineEnds(asked.text()) : written(asked, method)).getBytes(StandardCharsets.UTF_8);
    }

    /** A text that was copied from a log or written with an editor has lost its line ends, and with them its length. */
    private static String withLineEnds(String text) {
        String lines = text.replace("\r\n", "\n");
        int bare = lines.length() + (int) lines.chars().filter(c -> c == '\n').count();
        if (bare == text.length()) {
            return text; // each LF has its CR
        }
        int end = lines.indexOf("\n\n");
        String head = end < 0 ? lines.stripTrailing() : lines.substring(0, end);
        String body = end < 0 ? "" : lines.substring(end + 2).replace("\n", "\r\n");
        StringBuilder wire = new StringBuilder(text.length() + HEADERS);
        boolean isLength = false;
        for (String line : head.split("\n", -1)) {
            boolean isFolded = line.startsWith(" ") || line.startsWith("\t");
            isLength = isFolded ? isLength : line.matches("(?i)(Content-Length|l)[ \t]*:.*");
            if (!isLength) {
                wire.append(line).append("\r\n");
            }
        }
        return wire.append("Content-Length: ")
                .append(body.getBytes(StandardCharsets.UTF_8).length)
                .append("\r\n\r\n")
                .append(body)
                .toString();
    }

    private static String written(ExplainRequest asked, Method method) {
        SipUri uri = asked.requestUri().orElseThrow();
        SipUri from = asked.from()
                .orElseThrow(() -> new IllegalArgumentException("from: missing; name the user who sends the request"));
        InetSocketAddress source =
                asked.source().orElseThrow(() -> new IllegalArgumentException("source: missing; name its address"));
        TransportKind kind = asked.transport().orElse(TransportKind.UDP);
        String place = HostName.literal(source.getAddress()) + ":" + source.getPort();
        boolean registers = method.equals(Method.REGISTER);
        String tag = UUID.randomUUID().toString();
        String contact = "sip:" + (from.hasUser() ? from.user() + "@" : "") + place
                + (kind == TransportKind.UDP
                        ? ""
                        : ";transport="
                                + (kind.isSecure() && kind != TransportKind.WSS
                                        ? "tls"
                                        : kind == TransportKind.TCP ? "tcp" : "ws"));
        return method.name() + " " + uri + " SIP/2.0\r\n"
                + "Via: SIP/2.0/" + kind.name() + " " + place + ";rport;branch=" + Via.MAGIC_COOKIE + tag + "\r\n"
                + "Max-Forwards: 70\r\n"
                + "From: <" + from + ">;tag=" + tag.substring(0, 8) + "\r\n"
                + "To: <" + (registers ? from : uri) + ">\r\n"
                + "Call-ID: " + tag + "\r\n"
                + "CSeq: 1 " + method.name() + "\r\n"
                + "Contact: <" + contact + ">\r\n"
                + (registers ? "Expires: 3600\r\n" : "")
                + "Content-Length: 0\r\n\r\n";
    }

    /** Returns the sender that the topmost Via names: by {@code received} and {@code rport}, or by its sent-by. */
    static Optional<InetSocketAddress> sender(SipMessage message) {
        try {
            Via via = message.topVia();
            Optional<InetAddress> address =
                    via.received().flatMap(IpLiteral::parse).or(via::numericHost);
            int port = via.rport() > 0
                    ? via.rport()
                    : via.port() > 0 ? via.port() : kind(message).defaultPort();
            return address.map(host -> new InetSocketAddress(host, port));
        } catch (SipParseException e) {
            return Optional.empty();
        }
    }

    /** Returns the transport that the topmost Via names; UDP if it names none of them. */
    static TransportKind kind(SipMessage message) {
        try {
            return TransportKind.of(message.topVia().transport()).orElse(TransportKind.UDP);
        } catch (SipParseException e) {
            return TransportKind.UDP;
        }
    }
}

package org.sipproxy.jdbc;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipParseException;

/**
 * Reader of the column {@code location.socket}, such as {@code udp:192.0.2.1:5060}. Many rows name the same listening
 * point: their bindings share one instance.
 */
final class SocketColumn {

    /** Number of shared instances; other software may write any number of texts. */
    private static final int SHARED = 1_000;

    private final ConcurrentMap<String, Endpoint> shared = new ConcurrentHashMap<>();

    /**
     * Returns the listening point.
     *
     * @throws IllegalArgumentException if the text is not an endpoint
     */
    Endpoint read(String text) {
        Endpoint known = shared.get(text);
        if (known != null) {
            return known;
        }
        Endpoint read = Endpoint.parse(text);
        if (shared.size() < SHARED) {
            shared.putIfAbsent(text, read);
        }
        return read;
    }

    /** Returns why a text is not an endpoint, and the consequence, for {@link RowProblems}. */
    static String unusable(String text) {
        return "read without its socket \"" + SipParseException.excerpt(text)
                + "\" (expected TRANSPORT:HOST:PORT, such as udp:192.0.2.1:5060)";
    }
}

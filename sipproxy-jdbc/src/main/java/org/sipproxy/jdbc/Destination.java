package org.sipproxy.jdbc;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Row of the table {@code dispatcher}.
 *
 * @param text the URI as the row has it
 * @param uri the same URI, parsed
 * @param weight share of the requests relative to the other destinations, 0 to 1,000
 * @param socket the listening point to send from; null to use the one that the destination's transport implies
 */
record Destination(
        String text, SipUri uri, int weight, @Nullable Endpoint socket) {

    /**
     * Parses a row. A socket that is not an endpoint is reported and not used.
     *
     * @param problems accepts why the socket is not used
     * @throws IllegalArgumentException if the destination is not a SIP URI without headers, or the weight is not an
     *     integer from 0 to 1000
     */
    static Destination of(@Nullable String destination, @Nullable String attrs, Consumer<String> problems) {
        String text = Objects.requireNonNullElse(destination, "").strip();
        SipUri uri = SipUri.of(text);
        if (!uri.isSip() || uri.hasHeaders()) {
            throw new IllegalArgumentException("destination: (expected a sip: or sips: URI without headers)");
        }
        return new Destination(
                text, uri, weight(attribute(attrs, "weight")), socket(attribute(attrs, "socket"), problems));
    }

    private static @Nullable Endpoint socket(String text, Consumer<String> problems) {
        try {
            return text.isEmpty() ? null : Endpoint.parse(text);
        } catch (IllegalArgumentException e) {
            problems.accept(SocketColumn.unusable(text));
            return null;
        }
    }

    private static int weight(String text) {
        try {
            int weight = text.isEmpty() ? 0 : Integer.parseInt(text);
            if (weight >= 0 && weight <= 1_000) {
                return weight;
            }
        } catch (NumberFormatException e) {
            // reported below
        }
        throw new IllegalArgumentException("weight: " + SipParseException.excerpt(text) + " (expected 0 to 1000)");
    }

    /** Returns a value of {@code name=value;name=value}; empty if the name does not occur. */
    private static String attribute(@Nullable String attrs, String name) {
        for (String pair : Objects.requireNonNullElse(attrs, "").split(";", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
                return pair.substring(equals + 1).strip();
            }
        }
        return "";
    }

    /**
     * Returns the Request-URI for this destination: the requested user at this host, unless the row has a user itself.
     */
    SipUri uriFor(SipUri requested) throws SipParseException {
        if (!requested.hasUser() || uri.hasUser()) {
            return uri;
        }
        String request = requested.toString(); // unchanged: an escape may matter (RFC 3261 §19.1.4)
        String user = request.substring(request.indexOf(':') + 1, request.indexOf('@') + 1);
        int place = text.indexOf(':') + 1;
        return SipUri.parse(text.substring(0, place) + user + text.substring(place));
    }
}

package org.sipproxy.jdbc;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * A row of the table {@code dispatcher}.
 *
 * @param text the URI as it is in the row
 * @param uri the same
 * @param weight how often it is taken in comparison with the others; 0 to 1,000
 * @param socket the listening point to send from; empty for the one that leads there
 */
record Destination(String text, SipUri uri, int weight, String socket) {

    /**
     * Reads a row.
     *
     * @throws IllegalArgumentException if it is no SIP URI, or its weight is no number from 0 to 1000
     */
    static Destination of(@Nullable String destination, @Nullable String attrs) {
        String text = Objects.requireNonNullElse(destination, "").strip();
        SipUri uri = SipUri.of(text);
        if (!uri.isSip() || uri.hasHeaders()) {
            throw new IllegalArgumentException("destination: (expected a sip: or sips: URI without headers)");
        }
        return new Destination(text, uri, weight(attribute(attrs, "weight")), attribute(attrs, "socket"));
    }

    private static int weight(String text) {
        try {
            int weight = text.isEmpty() ? 0 : Integer.parseInt(text);
            if (weight >= 0 && weight <= 1_000) {
                return weight;
            }
        } catch (NumberFormatException e) {
            // told below
        }
        throw new IllegalArgumentException("weight: " + SipParseException.excerpt(text) + " (expected 0 to 1000)");
    }

    /** A value of {@code name=value;name=value}; empty if it is not there. */
    private static String attribute(@Nullable String attrs, String name) {
        for (String pair : Objects.requireNonNullElse(attrs, "").split(";", -1)) {
            int equals = pair.indexOf('=');
            if (equals > 0 && pair.substring(0, equals).strip().equals(name)) {
                return pair.substring(equals + 1).strip();
            }
        }
        return "";
    }

    /** The Request-URI of a request that goes here: its user at this place, unless the row names a user itself. */
    SipUri uriFor(SipUri requested) throws SipParseException {
        if (!requested.hasUser() || uri.hasUser()) {
            return uri;
        }
        String request = requested.toString(); // as it is written: an escape may matter (RFC 3261 §19.1.4)
        String user = request.substring(request.indexOf(':') + 1, request.indexOf('@') + 1);
        int place = text.indexOf(':') + 1;
        return SipUri.parse(text.substring(0, place) + user + text.substring(place));
    }
}

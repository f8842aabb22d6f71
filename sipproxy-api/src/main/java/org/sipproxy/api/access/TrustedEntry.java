package org.sipproxy.api.access;

import java.net.InetAddress;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.IpLiteral;

/**
 * A peer that is trusted without a password: a row of Kamailio's table {@code trusted}. It holds for a request if everything
 * that it names fits.
 *
 * @param sourceAddress the numeric address that the request comes from
 * @param transports how it may come; at least one
 * @param fromPattern a {@link UriPattern} that is found in the From URI's text (so {@code ^} and {@code $} where they are meant);
 *     empty for any
 * @param requestUriPattern one that is found in the Request-URI's text; empty for any
 * @param tag a text for the reader; empty if there is none
 * @param priority the higher one is looked at first. Default 0
 */
public record TrustedEntry(
        String sourceAddress,
        Set<TransportKind> transports,
        String fromPattern,
        String requestUriPattern,
        String tag,
        int priority) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if the address is not numeric, no transport is named, or a pattern is not a
     *     {@link UriPattern}
     */
    public TrustedEntry {
        Objects.requireNonNull(tag, "tag");
        transports = Set.copyOf(transports);
        if (IpLiteral.parse(sourceAddress).isEmpty()) {
            throw new IllegalArgumentException("sourceAddress: \"" + sourceAddress + "\" (expected an IP address)");
        }
        if (transports.isEmpty()) {
            throw new IllegalArgumentException("transports: none; such an entry never holds");
        }
        UriPattern.of(fromPattern);
        UriPattern.of(requestUriPattern);
    }

    /** The numeric address. */
    public InetAddress ip() {
        return IpLiteral.parse(sourceAddress).orElseThrow();
    }

    /** The compiled {@link #fromPattern}, to be kept by the reader; nothing if any From fits. */
    public Optional<UriPattern> from() {
        return compiled(fromPattern);
    }

    /** The compiled {@link #requestUriPattern}, to be kept by the reader; nothing if any Request-URI fits. */
    public Optional<UriPattern> requestUri() {
        return compiled(requestUriPattern);
    }

    private static Optional<UriPattern> compiled(String pattern) {
        return pattern.isEmpty() ? Optional.empty() : Optional.of(UriPattern.of(pattern));
    }
}

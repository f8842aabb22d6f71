package org.sipproxy.api.access;

import java.net.InetAddress;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.IpLiteral;

/**
 * A peer that is trusted without a password: a row of Kamailio's table {@code trusted}. It applies to a request that
 * matches all of its conditions.
 *
 * @param sourceAddress the numeric source address of the request
 * @param transports the permitted transports; at least one
 * @param fromPattern a {@link UriPattern} to find in the text of the From URI; use {@code ^} and {@code $} to match the
 *     whole text. Empty for any
 * @param requestUriPattern a {@link UriPattern} to find in the text of the Request-URI; empty for any
 * @param tag a text for the operator; empty if there is none
 * @param priority entries of higher priority are checked first. Default 0
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
            throw new IllegalArgumentException("transports: none (expected at least one, such as udp)");
        }
        UriPattern.of(fromPattern);
        UriPattern.of(requestUriPattern);
    }

    /** Returns the numeric source address. */
    public InetAddress ip() {
        return IpLiteral.parse(sourceAddress).orElseThrow();
    }

    /** Compiles {@link #fromPattern}; empty if any From matches. Keep the result, because each call compiles again. */
    public Optional<UriPattern> from() {
        return compiled(fromPattern);
    }

    /**
     * Compiles {@link #requestUriPattern}; empty if any Request-URI matches. Keep the result, because each call
     * compiles again.
     */
    public Optional<UriPattern> requestUri() {
        return compiled(requestUriPattern);
    }

    private static Optional<UriPattern> compiled(String pattern) {
        return pattern.isEmpty() ? Optional.empty() : Optional.of(UriPattern.of(pattern));
    }
}

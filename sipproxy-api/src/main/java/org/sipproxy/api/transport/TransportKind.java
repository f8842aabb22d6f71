package org.sipproxy.api.transport;

import java.util.Locale;
import java.util.Optional;

/** A transport protocol of SIP (RFC 3261 §18, RFC 7118). */
public enum TransportKind {
    UDP(false, false, 5060),
    TCP(true, false, 5060),
    TLS(true, true, 5061),
    WS(true, false, 80),
    WSS(true, true, 443);

    private final boolean reliable;
    private final boolean secure;
    private final int defaultPort;
    private final String lowerCase;

    TransportKind(boolean reliable, boolean secure, int defaultPort) {
        this.reliable = reliable;
        this.secure = secure;
        this.defaultPort = defaultPort;
        this.lowerCase = name().toLowerCase(Locale.ROOT);
    }

    /**
     * Returns true if the transport delivers in order or reports a failure, so that retransmissions are not needed (RFC
     * 3261 §17).
     */
    public boolean isReliable() {
        return reliable;
    }

    /** Returns true for TLS and WSS. */
    public boolean isSecure() {
        return secure;
    }

    /** Returns the port that is used if none is written. */
    public int defaultPort() {
        return defaultPort;
    }

    /** Returns the token in lower case, as in a URI's {@code transport} parameter. */
    public String lowerCase() {
        return lowerCase;
    }

    /** Returns the transport with this token; case is ignored. */
    public static Optional<TransportKind> of(String token) {
        for (TransportKind kind : values()) {
            if (kind.lowerCase.equalsIgnoreCase(token)) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}

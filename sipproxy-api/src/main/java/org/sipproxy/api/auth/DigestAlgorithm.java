package org.sipproxy.api.auth;

import java.util.Locale;
import java.util.Optional;

/** A hash algorithm of digest authentication (RFC 7616 §6.1, RFC 8760 §2.1), the strongest first. */
public enum DigestAlgorithm {
    SHA_512_256("SHA-512-256", "SHA-512/256", 64),
    SHA_256("SHA-256", "SHA-256", 64),
    MD5("MD5", "MD5", 32);

    private final String token;
    private final String javaName;
    private final int hexLength;

    DigestAlgorithm(String token, String javaName, int hexLength) {
        this.token = token;
        this.javaName = javaName;
        this.hexLength = hexLength;
    }

    /** As it stands in the {@code algorithm} parameter. */
    public String token() {
        return token;
    }

    /** As {@link java.security.MessageDigest} knows it. */
    public String javaName() {
        return javaName;
    }

    /** How many hex digits a hash has. */
    public int hexLength() {
        return hexLength;
    }

    /** The algorithm with this token, without case. */
    public static Optional<DigestAlgorithm> of(String token) {
        String upper = token.toUpperCase(Locale.ROOT);
        for (DigestAlgorithm algorithm : values()) {
            if (algorithm.token.equals(upper)) {
                return Optional.of(algorithm);
            }
        }
        return Optional.empty();
    }
}

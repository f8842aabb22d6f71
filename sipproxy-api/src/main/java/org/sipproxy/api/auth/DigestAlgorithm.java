package org.sipproxy.api.auth;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
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

    /** Returns the token of the {@code algorithm} parameter. */
    public String token() {
        return token;
    }

    /** Returns the name for {@link java.security.MessageDigest}. */
    public String javaName() {
        return javaName;
    }

    /** Returns the number of hex digits of a hash. */
    public int hexLength() {
        return hexLength;
    }

    /**
     * Returns the hash of the text in UTF-8, in lower-case hex.
     *
     * @throws IllegalStateException if this JVM does not provide the algorithm
     */
    public String hash(String text) {
        try {
            byte[] hash = MessageDigest.getInstance(javaName).digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this JVM has no " + javaName, e);
        }
    }

    /**
     * Returns the HA1 of a user in lower-case hex: the {@link #hash} of {@code username:realm:password} (RFC 7616
     * §3.4.2).
     *
     * @throws IllegalStateException as {@link #hash}
     */
    public String ha1(String username, String realm, String password) {
        return hash(username + ":" + realm + ":" + password);
    }

    /** Returns the algorithm with this token; case is ignored. */
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

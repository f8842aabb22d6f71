package org.sipproxy.api.auth;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;

/**
 * Secret that a digest is checked with: a password, or the hash {@code H(username:realm:password)}, called HA1 (RFC
 * 7616 §3.4.2). {@link #toString()} never shows it.
 */
public final class Credential {

    private final String username;
    private final String realm;
    private final @Nullable String password;
    private final Map<DigestAlgorithm, String> ha1;

    private Credential(String username, String realm, @Nullable String password, Map<DigestAlgorithm, String> ha1) {
        this.username = Objects.requireNonNull(username, "username");
        this.realm = Objects.requireNonNull(realm, "realm");
        this.password = password;
        this.ha1 = ha1;
    }

    /**
     * Returns a credential with a plain password, usable with every algorithm.
     *
     * @throws ConfigurationException if the password is empty
     */
    public static Credential ofPassword(String username, String realm, String password) {
        if (Objects.requireNonNull(password, "password").isEmpty()) {
            throw emptyPassword("password", username, "is empty");
        }
        return new Credential(username, realm, password, Map.of());
    }

    /**
     * Returns a credential with an MD5 HA1.
     *
     * @throws ConfigurationException if {@code ha1} is not 32 hex digits, or is that of the empty password
     */
    public static Credential ofHa1(String username, String realm, String ha1) {
        return ofHa1(username, realm, Map.of(DigestAlgorithm.MD5, ha1));
    }

    /**
     * Returns a credential with an HA1 for each of the given algorithms.
     *
     * @throws ConfigurationException if the map is empty, or an HA1 does not have its algorithm's number of hex
     *     digits, or is that of the empty password
     */
    public static Credential ofHa1(String username, String realm, Map<DigestAlgorithm, String> ha1) {
        if (ha1.isEmpty()) {
            throw problem("ha1", "none", "expected at least one, or use a password", "");
        }
        EnumMap<DigestAlgorithm, String> lower = new EnumMap<>(DigestAlgorithm.class);
        ha1.forEach((algorithm, hash) -> {
            if (hash.length() != algorithm.hexLength()
                    || !hash.chars().allMatch(c -> c < 128 && Character.digit(c, 16) >= 0)) {
                throw problem(
                        "ha1",
                        hash.length() + " characters",
                        "expected " + algorithm.hexLength() + " hex digits, the " + algorithm.token()
                                + " of user:realm:password",
                        "");
            }
            if (isOfEmptyPassword(username, realm, algorithm, hash)) {
                throw emptyPassword("ha1", username, "is the hash of the empty password");
            }
            lower.put(algorithm, hash.toLowerCase(Locale.ROOT));
        });
        return new Credential(username, realm, null, lower);
    }

    /** Returns true if an HA1 is that of the empty password, with which every client could log in. */
    public static boolean isOfEmptyPassword(String username, String realm, DigestAlgorithm algorithm, String ha1) {
        return algorithm.ha1(username, realm, "").equalsIgnoreCase(ha1);
    }

    private static ConfigurationException emptyPassword(String option, String username, String what) {
        return problem(option, "", "that of " + username + " " + what, "set one that is hard to guess");
    }

    private static ConfigurationException problem(String option, String value, String reason, String remedy) {
        return new ConfigurationException(ConfigurationProblem.of(option, value, reason, remedy));
    }

    /** Returns the digest user name. */
    public String username() {
        return username;
    }

    /** Returns the realm that the credential is valid for. */
    public String realm() {
        return realm;
    }

    /** Returns the password; empty if only hashes are known. */
    public Optional<String> password() {
        return Optional.ofNullable(password);
    }

    /** Returns the HA1 of an algorithm in lower-case hex; empty if it is not known. */
    public Optional<String> ha1(DigestAlgorithm algorithm) {
        return Optional.ofNullable(ha1.get(algorithm));
    }

    @Override
    public String toString() {
        return "Credential[" + username + "@" + realm + ", " + (password != null ? "password" : "ha1 " + ha1.keySet())
                + " hidden]";
    }
}

package org.sipproxy.api.client;

import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;

/**
 * User name and secret with which a request answers digest challenges (RFC 7616, RFC 8760). Supports MD5, SHA-256 and
 * SHA-512-256, their {@code -sess} variants, and {@code qop=auth}. If a server offers several algorithms, the strongest
 * is used. Immutable. {@link #toString()} does not show the secret.
 */
public final class DigestLogin {

    /** Number of hex digits of a hash. */
    private static final Map<String, Integer> ALGORITHMS = Map.of("MD5", 32, "SHA-256", 64, "SHA-512-256", 64);

    private final String username;
    private final @Nullable String realm;
    private final @Nullable String password;
    private final @Nullable String algorithm;
    private final @Nullable String ha1;

    private DigestLogin(
            String username,
            @Nullable String realm,
            @Nullable String password,
            @Nullable String algorithm,
            @Nullable String ha1) {
        this.username = username;
        this.realm = realm;
        this.password = password;
        this.algorithm = algorithm;
        this.ha1 = ha1;
    }

    /**
     * Returns a login for any realm. The recipient of the request, and each proxy that it passes, can challenge it with
     * a realm of their choice and try out passwords against the response. Add {@link #forRealm} where the realm is
     * known.
     *
     * @throws ConfigurationException if the password is empty
     * @throws IllegalArgumentException if {@code username} is empty or contains a control character
     */
    public static DigestLogin ofPassword(String username, String password) {
        HeaderText.require("username", Objects.requireNonNull(username, "username"));
        if (Objects.requireNonNull(password, "password").isEmpty()) {
            throw problem("password", "", "that of " + username + " is empty", "set that of the account");
        }
        return new DigestLogin(username, null, password, null, null);
    }

    /**
     * Returns a login with the hash of {@code username:realm:password}, called HA1 (RFC 7616 §3.4.2). It answers
     * challenges of that realm and algorithm only.
     *
     * @param algorithm {@code MD5}, {@code SHA-256} or {@code SHA-512-256}
     * @param ha1 the hash in hex
     * @throws ConfigurationException if the algorithm is another one, or {@code ha1} does not have its number of hex
     *     digits
     * @throws IllegalArgumentException if user name or realm is empty or contains a control character
     */
    public static DigestLogin ofHa1(String username, String realm, String algorithm, String ha1) {
        HeaderText.require("username", Objects.requireNonNull(username, "username"));
        HeaderText.require("realm", Objects.requireNonNull(realm, "realm"));
        String token = Objects.requireNonNull(algorithm, "algorithm").toUpperCase(Locale.ROOT);
        Integer digits = ALGORITHMS.get(token);
        if (digits == null) {
            throw problem("algorithm", algorithm, "expected MD5, SHA-256 or SHA-512-256", "");
        }
        if (!Objects.requireNonNull(ha1, "ha1").matches("[0-9a-fA-F]{" + digits + "}")) {
            throw problem(
                    "ha1",
                    ha1.length() + " characters",
                    "expected " + digits + " hex digits, the " + token + " of user:realm:password",
                    "");
        }
        return new DigestLogin(username, realm, null, token, ha1.toLowerCase(Locale.ROOT));
    }

    private static ConfigurationException problem(String option, String value, String reason, String remedy) {
        return new ConfigurationException(ConfigurationProblem.of(option, value, reason, remedy));
    }

    /**
     * Returns the same login for one realm. Realms are compared with case.
     *
     * @throws IllegalArgumentException if {@code realm} is empty or contains a control character, or this login has a
     *     hash, which is valid for its own realm only
     */
    public DigestLogin forRealm(String only) {
        HeaderText.require("realm", Objects.requireNonNull(only, "only"));
        if (ha1 != null) {
            throw new IllegalArgumentException("realm: the hash is for " + realm + ", not for " + only);
        }
        return new DigestLogin(username, only, password, null, null);
    }

    /** Returns the digest user name. */
    public String username() {
        return username;
    }

    /** Returns the only realm that is answered; empty for any realm. */
    public Optional<String> realm() {
        return Optional.ofNullable(realm);
    }

    /** Returns true if challenges of this realm are answered. */
    public boolean isFor(String other) {
        return realm == null || realm.equals(other);
    }

    /** Returns the password; empty if a hash is known only. */
    public Optional<String> password() {
        return Optional.ofNullable(password);
    }

    /** Returns the hash in lower-case hex; empty if it is for another algorithm, or the password is known. */
    public Optional<String> ha1(String token) {
        return token.equals(algorithm) ? Optional.ofNullable(ha1) : Optional.empty();
    }

    @Override
    public String toString() {
        return "DigestLogin[" + username + ", " + (realm == null ? "any realm" : "realm " + realm) + ", secret hidden]";
    }
}

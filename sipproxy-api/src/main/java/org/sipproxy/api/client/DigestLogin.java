package org.sipproxy.api.client;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.DigestAlgorithm;

/**
 * User name and secret with which a request answers digest challenges (RFC 7616, RFC 8760). Supports MD5, SHA-256 and
 * SHA-512-256, their {@code -sess} variants, and {@code qop=auth}. If a server offers several algorithms, the strongest
 * is used. Immutable. {@link #toString()} does not show the secret.
 */
public final class DigestLogin {

    private final String username;
    private final @Nullable String password;
    private final @Nullable Credential credential;

    private DigestLogin(String username, @Nullable String password, @Nullable Credential credential) {
        this.username = username;
        this.password = password;
        this.credential = credential;
    }

    /**
     * Returns a login for the realm of the credential, with its password or the algorithms of its hashes. Realms are
     * compared with case.
     *
     * @throws IllegalArgumentException if user name or realm contains a control character
     */
    public static DigestLogin of(Credential credential) {
        HeaderText.require("username", credential.username());
        HeaderText.require("realm", credential.realm());
        return new DigestLogin(
                credential.username(), credential.password().orElse(null), credential);
    }

    /**
     * Returns a login for any realm. Whoever receives the request, or is on its path, can challenge it with a realm of
     * its choice and try out passwords against the response. Prefer {@link #of} where the realm is known.
     *
     * @throws IllegalArgumentException if the password is empty, or {@code username} is empty or contains a control
     *     character
     */
    public static DigestLogin ofPassword(String username, String password) {
        HeaderText.require("username", Objects.requireNonNull(username, "username"));
        if (Objects.requireNonNull(password, "password").isEmpty()) {
            throw new IllegalArgumentException("password: that of " + username + " is empty");
        }
        return new DigestLogin(username, password, null);
    }

    /** Returns the digest user name. */
    public String username() {
        return username;
    }

    /** Returns the only realm that is answered; empty for any realm. */
    public Optional<String> realm() {
        return Optional.ofNullable(credential).map(Credential::realm);
    }

    /** Returns true if challenges of this realm are answered. */
    public boolean isFor(String realm) {
        return credential == null || credential.realm().equals(realm);
    }

    /**
     * Returns the hash of user name, realm and password in lower-case hex; empty if neither the password nor the hash
     * of this algorithm is known.
     */
    public Optional<String> ha1(DigestAlgorithm algorithm, String realm) {
        if (password != null) {
            return Optional.of(algorithm.ha1(username, realm, password));
        }
        return credential == null ? Optional.empty() : credential.ha1(algorithm);
    }

    @Override
    public String toString() {
        return "DigestLogin[" + username + ", " + realm().map(realm -> "realm " + realm).orElse("any realm")
                + ", secret hidden]";
    }
}

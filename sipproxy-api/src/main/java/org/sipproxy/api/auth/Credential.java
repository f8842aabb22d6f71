package org.sipproxy.api.auth;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a digest is checked with: a password, or the hash {@code H(username:realm:password)} called HA1 (RFC 7616 §3.4.2).
 * Secrets never appear in {@link #toString()}.
 */
public final class Credential {

    private final String username;
    private final String realm;
    private final @Nullable String password;
    private final @Nullable String md5Ha1;

    private Credential(String username, String realm, @Nullable String password, @Nullable String md5Ha1) {
        this.username = Objects.requireNonNull(username, "username");
        this.realm = Objects.requireNonNull(realm, "realm");
        this.password = password;
        this.md5Ha1 = md5Ha1;
    }

    /** A user with a plain password. */
    public static Credential ofPassword(String username, String realm, String password) {
        return new Credential(username, realm, Objects.requireNonNull(password, "password"), null);
    }

    /**
     * A user with an MD5 HA1.
     *
     * @throws IllegalArgumentException if {@code ha1} is not 32 hex digits
     */
    public static Credential ofHa1(String username, String realm, String ha1) {
        if (ha1.length() != 32 || !ha1.chars().allMatch(c -> Character.digit(c, 16) >= 0 && c < 128)) {
            throw new IllegalArgumentException(
                    "ha1: " + ha1.length() + " characters (expected 32 hex digits, the MD5 of user:realm:password)");
        }
        return new Credential(username, realm, null, ha1.toLowerCase(java.util.Locale.ROOT));
    }

    /** The digest user name. */
    public String username() {
        return username;
    }

    /** The realm that the credential is for. */
    public String realm() {
        return realm;
    }

    /** The password, if that is what is known. */
    public Optional<String> password() {
        return Optional.ofNullable(password);
    }

    /** The MD5 HA1 in lower-case hex, if that is what is known. */
    public Optional<String> md5Ha1() {
        return Optional.ofNullable(md5Ha1);
    }

    @Override
    public String toString() {
        return "Credential[" + username + "@" + realm + ", " + (password != null ? "password" : "ha1") + " hidden]";
    }
}

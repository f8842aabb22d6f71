package org.sipproxy.jdbc;

import java.util.Objects;
import org.sipproxy.annotation.Beta;

/**
 * Row of {@code subscriber}, without its secrets.
 *
 * @param username the user part, as in the phone's digest; case-sensitive
 * @param domain the domain, which is also the realm
 * @param hasHa1 true if an HA1 is stored
 * @param hasPassword true if the plain password is stored too
 * @param hasSha256 true if a SHA-256 HA1 is stored
 */
public record Subscriber(String username, String domain, boolean hasHa1, boolean hasPassword, boolean hasSha256) {

    /** Column for the SHA-256 HA1, which Kamailio does not have. */
    static final String SHA256_COLUMN = "ha1_sha256";

    @Beta
    public Subscriber {
        Objects.requireNonNull(username, "username");
        Objects.requireNonNull(domain, "domain");
    }

    /** Returns {@code user@domain}. */
    public String address() {
        return username + "@" + domain;
    }
}

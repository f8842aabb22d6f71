package org.sipproxy.jdbc;

import java.util.Objects;

/**
 * A row of {@code subscriber}, without its secrets.
 *
 * @param username the user part, as the phone's digest has it; case counts
 * @param domain the domain, which is the realm too
 * @param hasHa1 true if an HA1 is stored
 * @param hasPassword true if the plain password is stored too
 * @param hasSha256 true if a SHA-256 HA1 is stored
 */
public record Subscriber(String username, String domain, boolean hasHa1, boolean hasPassword, boolean hasSha256) {

    /** Our own column for the SHA-256 HA1. */
    static final String SHA256_COLUMN = "ha1_sha256";

    public Subscriber {
        Objects.requireNonNull(username, "username");
        Objects.requireNonNull(domain, "domain");
    }

    /** As {@code user@domain}. */
    public String address() {
        return username + "@" + domain;
    }
}

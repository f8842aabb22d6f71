package org.sipproxy.samples.phone;

import java.util.Objects;

/**
 * What a phone is set up with.
 *
 * @param user the number, also the digest user name
 * @param password the digest password
 * @param domain the domain of the address, {@code sip:user@domain}
 */
public record Account(String user, String password, String domain) {

    /** Checks that nothing is null. */
    public Account {
        Objects.requireNonNull(user, "user");
        Objects.requireNonNull(password, "password");
        Objects.requireNonNull(domain, "domain");
    }

    /** {@code sip:user@domain}. */
    public String address() {
        return "sip:" + user + "@" + domain;
    }

    /** Without the password. */
    @Override
    public String toString() {
        return address();
    }
}

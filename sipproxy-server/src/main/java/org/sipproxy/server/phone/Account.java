package org.sipproxy.server.phone;

import java.util.Objects;

/**
 * Configuration of a phone.
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

    /** Returns the AOR, {@code sip:user@domain}. */
    public String address() {
        return "sip:" + user + "@" + domain;
    }

    /** Returns the account without its password. */
    @Override
    public String toString() {
        return address();
    }
}

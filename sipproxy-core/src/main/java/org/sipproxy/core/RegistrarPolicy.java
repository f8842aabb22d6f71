package org.sipproxy.core;

import java.time.Duration;
import java.util.Objects;
import org.sipproxy.api.location.UserCase;

/**
 * How long and how many: the registrar's rules (RFC 3261 §10.3).
 *
 * @param minExpires a shorter registration is refused with 423 and Min-Expires; 0 to one hour, as the RFC allows 423 only
 *     below that; default 60 s
 * @param defaultExpires granted to a client that asks for no time; default one hour
 * @param maxExpires a longer registration is shortened to this; default one hour, at most 7 days
 * @param maxContacts most bindings of one address; 1 to 64; default 10
 * @param whenFull what happens to one binding too many; default {@link WhenFull#REJECT}
 * @param contactMatching when two contacts are the same binding; default {@link ContactMatching#RFC3261}
 * @param userCaseSensitive whether users that differ in the case of ASCII letters are different users; default false, as in
 *     Kamailio. RFC 3261 §19.1.4 says true. It is the rule for digest identities too; tell the store of the subscribers the
 *     same, so that it refuses names that would be one user here
 */
public record RegistrarPolicy(
        Duration minExpires,
        Duration defaultExpires,
        Duration maxExpires,
        int maxContacts,
        WhenFull whenFull,
        ContactMatching contactMatching,
        boolean userCaseSensitive) {

    /** 60 s, one hour, one hour, 10 contacts. */
    public static final RegistrarPolicy DEFAULT = new RegistrarPolicy(
            Duration.ofSeconds(60),
            Duration.ofHours(1),
            Duration.ofHours(1),
            10,
            WhenFull.REJECT,
            ContactMatching.RFC3261,
            false);

    /** What to do when an address has {@code maxContacts} bindings and gets another. */
    public enum WhenFull {
        /** Refuse with 503, and change nothing. */
        REJECT,
        /** Remove the bindings that were refreshed longest ago, with reason LIMIT. */
        REPLACE_OLDEST,
        /** Remove bindings whose connection is closed; refuse with 503 if there are none. */
        REPLACE_UNREACHABLE
    }

    /** When a contact is one that is already bound. */
    public enum ContactMatching {
        /** URI equality of RFC 3261 §19.1.4. */
        RFC3261,
        /** The same text, as Kamailio compares. */
        EXACT_TEXT
    }

    /** Checks that nothing is null; ranges are checked by {@code SipProxyBuilder.build()}, all at once. */
    public RegistrarPolicy {
        Objects.requireNonNull(minExpires, "minExpires");
        Objects.requireNonNull(defaultExpires, "defaultExpires");
        Objects.requireNonNull(maxExpires, "maxExpires");
        Objects.requireNonNull(whenFull, "whenFull");
        Objects.requireNonNull(contactMatching, "contactMatching");
    }

    /** Returns {@link #userCaseSensitive} as the rule that all parts of the proxy follow. */
    public UserCase userCase() {
        return UserCase.of(userCaseSensitive);
    }

    public RegistrarPolicy withMinExpires(Duration value) {
        return new RegistrarPolicy(
                value, defaultExpires, maxExpires, maxContacts, whenFull, contactMatching, userCaseSensitive);
    }

    public RegistrarPolicy withDefaultExpires(Duration value) {
        return new RegistrarPolicy(
                minExpires, value, maxExpires, maxContacts, whenFull, contactMatching, userCaseSensitive);
    }

    public RegistrarPolicy withMaxExpires(Duration value) {
        return new RegistrarPolicy(
                minExpires, defaultExpires, value, maxContacts, whenFull, contactMatching, userCaseSensitive);
    }

    public RegistrarPolicy withMaxContacts(int value, WhenFull policy) {
        return new RegistrarPolicy(
                minExpires, defaultExpires, maxExpires, value, policy, contactMatching, userCaseSensitive);
    }

    public RegistrarPolicy withContactMatching(ContactMatching value) {
        return new RegistrarPolicy(
                minExpires, defaultExpires, maxExpires, maxContacts, whenFull, value, userCaseSensitive);
    }

    public RegistrarPolicy withUserCaseSensitive(boolean value) {
        return new RegistrarPolicy(
                minExpires, defaultExpires, maxExpires, maxContacts, whenFull, contactMatching, value);
    }
}

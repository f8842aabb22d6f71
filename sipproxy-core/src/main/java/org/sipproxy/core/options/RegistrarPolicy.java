package org.sipproxy.core.options;

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
 * @param whenFull what happens to one binding too many; default {@link WhenFull#REPLACE_UNREACHABLE}
 * @param contactMatching when two contacts are the same binding; default {@link ContactMatching#RFC3261}
 * @param userCaseSensitive whether users that differ in the case of ASCII letters are different users; default false, as in
 *     Kamailio. RFC 3261 §19.1.4 says true. It is the rule for digest identities too; tell the store of the subscribers the
 *     same, so that it refuses names that would be one user here
 * @param connectionLoss which bindings end with the connection that they were registered over; default
 *     {@link ConnectionLoss#REMOVE_UNREACHABLE}
 * @param pathWithoutSupported what happens to a Path in a REGISTER without {@code Supported: path}; default
 *     {@link PathWithoutSupported#REFUSE}
 */
public record RegistrarPolicy(
        Duration minExpires,
        Duration defaultExpires,
        Duration maxExpires,
        int maxContacts,
        WhenFull whenFull,
        ContactMatching contactMatching,
        boolean userCaseSensitive,
        ConnectionLoss connectionLoss,
        PathWithoutSupported pathWithoutSupported) {

    /** 60 s, one hour, one hour, 10 contacts. */
    public static final RegistrarPolicy DEFAULT = new RegistrarPolicy(
            Duration.ofSeconds(60),
            Duration.ofHours(1),
            Duration.ofHours(1),
            10,
            WhenFull.REPLACE_UNREACHABLE,
            ContactMatching.RFC3261,
            false,
            ConnectionLoss.REMOVE_UNREACHABLE,
            PathWithoutSupported.REFUSE);

    /** What to do when an address has {@code maxContacts} bindings and gets another. */
    public enum WhenFull {
        /** Refuse with 503, and change nothing. */
        REJECT,
        /** Remove the bindings that were refreshed longest ago, with reason LIMIT. */
        REPLACE_OLDEST,
        /**
         * Remove bindings whose connection is closed, those first that were refreshed longest ago, with reason LIMIT; refuse with 503
         * if there are too few of them.
         */
        REPLACE_UNREACHABLE
    }

    /**
     * What the end of a connection means for the bindings that were registered over it, with reason CONNECTION_LOST. A binding that
     * was refreshed over another connection stays. When the proxy itself stops, all stay.
     */
    public enum ConnectionLoss {
        /** Nothing: they stay until they expire, for clients that a push notification wakes. */
        KEEP,
        /**
         * Those end that only this connection leads to: of a browser, of a phone on TLS, and of a phone behind a NAT. A TCP phone to
         * whose contact a connection can be made stays.
         */
        REMOVE_UNREACHABLE,
        /** All of them end. */
        REMOVE
    }

    /**
     * What happens to a Path (RFC 3327) in a REGISTER whose client does not say that it supports Path, such as one that an edge proxy
     * has added for an old phone. As Kamailio's {@code path_mode} 2, 0 and 1. The first hop is checked in any case.
     */
    public enum PathWithoutSupported {
        /** 420, as RFC 3327 §5.3 recommends: the client would not know which way its calls take. */
        REFUSE,
        /** Store it: calls take the Path. */
        STORE,
        /** Register the contact as if there were no Path. */
        IGNORE
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
        Objects.requireNonNull(connectionLoss, "connectionLoss");
        Objects.requireNonNull(pathWithoutSupported, "pathWithoutSupported");
    }

    /** Returns {@link #userCaseSensitive} as the rule that all parts of the proxy follow. */
    public UserCase userCase() {
        return UserCase.of(userCaseSensitive);
    }

    public RegistrarPolicy withMinExpires(Duration value) {
        return new RegistrarPolicy(
                value,
                defaultExpires,
                maxExpires,
                maxContacts,
                whenFull,
                contactMatching,
                userCaseSensitive,
                connectionLoss,
                pathWithoutSupported);
    }

    public RegistrarPolicy withDefaultExpires(Duration value) {
        return new RegistrarPolicy(
                minExpires,
                value,
                maxExpires,
                maxContacts,
                whenFull,
                contactMatching,
                userCaseSensitive,
                connectionLoss,
                pathWithoutSupported);
    }

    public RegistrarPolicy withMaxExpires(Duration value) {
        return new RegistrarPolicy(
                minExpires,
                defaultExpires,
                value,
                maxContacts,
                whenFull,
                contactMatching,
                userCaseSensitive,
                connectionLoss,
                pathWithoutSupported);
    }

    public RegistrarPolicy withMaxContacts(int value, WhenFull policy) {
        return new RegistrarPolicy(
                minExpires,
                defaultExpires,
                maxExpires,
                value,
                policy,
                contactMatching,
                userCaseSensitive,
                connectionLoss,
                pathWithoutSupported);
    }

    public RegistrarPolicy withContactMatching(ContactMatching value) {
        return new RegistrarPolicy(
                minExpires,
                defaultExpires,
                maxExpires,
                maxContacts,
                whenFull,
                value,
                userCaseSensitive,
                connectionLoss,
                pathWithoutSupported);
    }

    public RegistrarPolicy withUserCaseSensitive(boolean value) {
        return new RegistrarPolicy(
                minExpires,
                defaultExpires,
                maxExpires,
                maxContacts,
                whenFull,
                contactMatching,
                value,
                connectionLoss,
                pathWithoutSupported);
    }

    public RegistrarPolicy withConnectionLoss(ConnectionLoss value) {
        return new RegistrarPolicy(
                minExpires,
                defaultExpires,
                maxExpires,
                maxContacts,
                whenFull,
                contactMatching,
                userCaseSensitive,
                value,
                pathWithoutSupported);
    }

    public RegistrarPolicy withPathWithoutSupported(PathWithoutSupported value) {
        return new RegistrarPolicy(
                minExpires,
                defaultExpires,
                maxExpires,
                maxContacts,
                whenFull,
                contactMatching,
                userCaseSensitive,
                connectionLoss,
                value);
    }
}

package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;
import org.sipproxy.api.location.UserCase;

/**
 * Rules of the registrar for lifetimes, numbers and matching of bindings (RFC 3261 §10.3).
 *
 * @param minExpires a shorter registration is refused with 423 and Min-Expires. 0 to 1 hour, because the RFC allows 423
 *     only below 1 hour. Default 60 s
 * @param defaultExpires lifetime granted to a client that requests none. Default 1 hour
 * @param maxExpires a longer registration is shortened to this lifetime. At most 7 days. Default 1 hour
 * @param maxContacts maximum number of bindings of one AOR. 1 to 64. Default 10
 * @param whenFull what happens when a REGISTER would exceed {@code maxContacts}. Default
 *     {@link WhenFull#REPLACE_UNREACHABLE}
 * @param contactMatching when two contacts are the same binding. Default {@link ContactMatching#RFC3261}
 * @param userCaseSensitive whether users that differ only in the case of ASCII letters are different users. Default
 *     false, as in Kamailio; RFC 3261 §19.1.4 says true. The rule also applies to digest identities. Configure the
 *     subscriber store with the same rule, so that it refuses names that would be the same user here
 * @param connectionLoss which bindings are removed when the connection over which they were registered closes. Default
 *     {@link ConnectionLoss#REMOVE_UNREACHABLE}
 * @param pathWithoutSupported what happens to a Path in a REGISTER without {@code Supported: path}. Default
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

    /** 60 s, 1 hour, 1 hour, 10 contacts. */
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

    /** What happens when an AOR has {@code maxContacts} bindings and a REGISTER adds another. */
    public enum WhenFull {
        /** Refuse with 503 and change nothing. */
        REJECT,
        /** Remove the least recently refreshed bindings, with reason LIMIT. */
        REPLACE_OLDEST,
        /**
         * Remove bindings whose connection is closed, the least recently refreshed first, with reason LIMIT. Refuse
         * with 503 if there are too few of them.
         */
        REPLACE_UNREACHABLE
    }

    /**
     * Which bindings are removed, with reason CONNECTION_LOST, when the connection over which they were registered
     * closes. A binding that was refreshed over another connection stays. When the proxy itself stops, all bindings
     * stay.
     */
    public enum ConnectionLoss {
        /** None: bindings stay until they expire. For clients that a push notification wakes. */
        KEEP,
        /**
         * Those that can be reached only over this connection: of a browser, of a phone on TLS, and of a phone behind a
         * NAT. The binding of a TCP phone stays if a connection can be opened to its contact.
         */
        REMOVE_UNREACHABLE,
        /** All of them. */
        REMOVE
    }

    /**
     * What happens to a Path (RFC 3327) in a REGISTER whose client does not declare support for Path, for example
     * because an edge proxy added the Path for an old phone. Corresponds to Kamailio's {@code path_mode} 2, 0 and 1.
     * The first hop is always checked.
     */
    public enum PathWithoutSupported {
        /** Refuse with 420, as RFC 3327 §5.3 recommends: the client would not know the path of its calls. */
        REFUSE,
        /** Store it: calls follow the Path. */
        STORE,
        /** Register the contact as if there were no Path. */
        IGNORE
    }

    /** When a contact equals one that is already bound. */
    public enum ContactMatching {
        /** URI equality of RFC 3261 §19.1.4. */
        RFC3261,
        /** Identical text, as Kamailio compares. */
        EXACT_TEXT
    }

    /** Checks that nothing is null. {@code SipProxyBuilder.build()} checks all ranges together. */
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

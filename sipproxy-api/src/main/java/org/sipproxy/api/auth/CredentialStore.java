package org.sipproxy.api.auth;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** Where the subscribers' credentials come from. May be called by several threads at once. */
@FunctionalInterface
public interface CredentialStore {

    /**
     * The credential of a user in a realm, or nothing if there is no such user.
     *
     * @throws RuntimeException if it cannot be looked up; the request is then answered 500
     */
    Optional<Credential> find(String username, String realm);

    /**
     * The algorithms that the credentials of its users are good for: a store of MD5 HA1s says just that, so that no phone is
     * asked for what it could not be checked with. Asked once, and must not wait. Default all, as passwords are.
     */
    default Set<DigestAlgorithm> algorithms() {
        return EnumSet.allOf(DigestAlgorithm.class);
    }

    /** True if {@link #find} may wait for a disk or a network; it then runs on a worker thread. Default true, the safe one. */
    default boolean mayBlock() {
        return true;
    }

    /**
     * True if to find just this user may wait, which a store with a cache knows better. Must not wait itself. Default
     * {@link #mayBlock()}.
     */
    default boolean mayBlock(String username, String realm) {
        return mayBlock();
    }
}

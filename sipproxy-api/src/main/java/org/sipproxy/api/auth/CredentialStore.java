package org.sipproxy.api.auth;

import java.util.Optional;

/** Where the subscribers' credentials come from. May be called by several threads at once. */
@FunctionalInterface
public interface CredentialStore {

    /**
     * The credential of a user in a realm, or nothing if there is no such user.
     *
     * @throws RuntimeException if it cannot be looked up; the request is then answered 500
     */
    Optional<Credential> find(String username, String realm);

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

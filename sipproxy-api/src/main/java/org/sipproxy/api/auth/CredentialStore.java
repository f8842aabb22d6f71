package org.sipproxy.api.auth;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

/** Source of the subscribers' credentials. May be called by several threads at once. */
@FunctionalInterface
public interface CredentialStore {

    /**
     * Returns the credential of a user in a realm; empty if the user does not exist.
     *
     * @throws TemporarilyUnavailableException if it cannot be looked up now; the request then gets a 503
     * @throws RuntimeException for any other failure; the request then gets a 500
     */
    Optional<Credential> find(String username, String realm);

    /**
     * Returns true if the realm has a user whose name differs from {@code username} only in the case of ASCII letters.
     * With {@link UserCase#INSENSITIVE} two such users would share one address-of-record. Called for a user who has
     * authenticated and whose name has capital letters, and for a callee. May block if {@link #mayBlock} is true.
     * Default: looks up the lower-case name only.
     *
     * @param username without a realm
     * @throws TemporarilyUnavailableException as {@link #find}
     */
    default boolean hasOtherSpelling(String username, String realm) {
        String lower = UserCase.INSENSITIVE.canonical(username);
        return !lower.equals(username) && find(lower, realm).isPresent();
    }

    /**
     * Returns true if {@link #find} may wait for a disk or a network; it then runs on a worker thread. Default true,
     * which is always safe.
     */
    default boolean mayBlock() {
        return true;
    }

    /**
     * Returns the algorithms that every user of the store can be checked with. A phone uses the strongest algorithm
     * that it is offered, and gives up if its response is rejected; an algorithm that some users have no hash for
     * should therefore not be offered. Called once. Default: all.
     */
    default Set<DigestAlgorithm> algorithms() {
        return EnumSet.allOf(DigestAlgorithm.class);
    }

    /**
     * Returns a view of this store for threads that must not wait. Where a method would have to wait, for a database or
     * for a look-up that another thread has begun, it throws {@link NeedsWorkerException}. Cached results are returned
     * at once. Called once. Default: this store if it never blocks, otherwise a store that always throws.
     */
    default CredentialStore withoutWaiting() {
        return mayBlock()
                ? (username, realm) -> {
                    throw new NeedsWorkerException();
                }
                : this;
    }

    /**
     * Returns false while the results of {@link #find} may be out of date because its source does not respond. A wrong
     * password then gets a 503, as a user who cannot be looked up does, because the password may have changed. Must not
     * block. Default true.
     */
    default boolean isCurrent() {
        return true;
    }

    /**
     * Returns true if the store is known to hold no credentials, so that no user can log in. The proxy reports this
     * when it starts. May block. Default false.
     */
    default boolean isEmpty() {
        return false;
    }

    /**
     * Returns the problems of this store with the realms, such as credentials for a realm that is none of them.
     * {@code build()} of the proxy fails if there is one. A store that would have to query a database returns none.
     * Default: none.
     *
     * @param realms the domains of the proxy, in lower case, or the one realm that authentication is fixed to
     */
    default List<ConfigurationProblem> problems(Set<String> realms) {
        return List.of();
    }
}

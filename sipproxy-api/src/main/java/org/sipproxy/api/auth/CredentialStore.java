package org.sipproxy.api.auth;

import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

/** Where the subscribers' credentials come from. May be called by several threads at once. */
@FunctionalInterface
public interface CredentialStore {

    /**
     * The credential of a user in a realm, or nothing if there is no such user.
     *
     * @throws TemporarilyUnavailableException if it cannot be looked up now; the request is then answered 503
     * @throws RuntimeException for any other failure; the request is then answered 500
     */
    Optional<Credential> find(String username, String realm);

    /**
     * Returns true if the realm has a user whose name is {@code username} in another case of its ASCII letters. Where the case of
     * users does not count ({@link UserCase#INSENSITIVE}), two such users would share one address-of-record. Asked about a user
     * who has proved a password and whose name has capital letters, and about a user who is called. May wait if {@link #mayBlock}
     * says so. Default: looks for the spelling in lower case only.
     *
     * @param username without a realm
     * @throws TemporarilyUnavailableException as {@link #find}
     */
    default boolean hasOtherSpelling(String username, String realm) {
        String lower = UserCase.INSENSITIVE.canonical(username);
        return !lower.equals(username) && find(lower, realm).isPresent();
    }

    /** True if {@link #find} may wait for a disk or a network; it then runs on a worker thread. Default true, the safe one. */
    default boolean mayBlock() {
        return true;
    }

    /**
     * The algorithms that every user of the store can be checked with. A phone answers the strongest one that it is offered and
     * gives up if that is refused, so what some users have no hash for should not be offered. Asked once. Default all.
     */
    default Set<DigestAlgorithm> algorithms() {
        return EnumSet.allOf(DigestAlgorithm.class);
    }

    /**
     * Returns this store for a thread that must not wait: where a method would have to wait, not only for a database but also for a
     * look-up that another thread has begun, it throws {@link NeedsWorkerException}. What a cache knows is returned at once. Called
     * once. Default: this store if it never blocks, otherwise one that always throws.
     */
    default CredentialStore withoutWaiting() {
        return mayBlock()
                ? (username, realm) -> {
                    throw new NeedsWorkerException();
                }
                : this;
    }

    /**
     * False while what {@link #find} returns may be out of date, because its source does not answer. A wrong password is then
     * answered 503, like a user who cannot be looked up: it may be the new one. Must not wait. Default true.
     */
    default boolean isCurrent() {
        return true;
    }

    /**
     * Returns true if the store certainly has no credential at all now, so that nobody could log in; the proxy reports that when it
     * starts. May wait. Default false.
     */
    default boolean isEmpty() {
        return false;
    }

    /**
     * Reports what does not fit those realms, a line each: {@code build()} of the proxy refuses to go on. A store that would have to
     * ask a database reports nothing here. Default nothing.
     *
     * @param realms the domains of the proxy, in lower case, or the one realm that authentication is fixed to
     */
    default List<String> problems(Set<String> realms) {
        return List.of();
    }
}

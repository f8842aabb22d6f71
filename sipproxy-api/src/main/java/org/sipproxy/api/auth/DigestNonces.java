package org.sipproxy.api.auth;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Challenges of one server that requests have answered, with the counts of their nonces. Further requests to that
 * server begin with credentials (RFC 7616 §3.6), which saves a round trip. If the server no longer accepts the nonce,
 * its next challenge replaces it. Holds four realms at most. Thread-safe. {@link #toString()} shows no nonce.
 *
 * <p>Use one object for each server and login: credentials are sent to the receiver of the request.
 */
public final class DigestNonces {

    private static final int MOST = 4;

    /** A protection space: proxies and servers may use the same realm. */
    record Space(boolean byProxy, String realm) {}

    /** A challenge, with the number of requests that were sent with its nonce. */
    static final class Answered {

        final DigestChallenge challenge;
        final String username;
        final String ha1;
        final AtomicInteger count = new AtomicInteger();

        Answered(DigestChallenge challenge, String username, String ha1) {
            this.challenge = challenge;
            this.username = username;
            this.ha1 = ha1;
        }
    }

    private final Map<Space, Answered> known = new LinkedHashMap<>();

    /** Creates an object without challenges. */
    public DigestNonces() {}

    synchronized Map<Space, Answered> known() {
        return new LinkedHashMap<>(known);
    }

    synchronized void remember(Map<Space, Answered> answered) {
        answered.forEach((space, answer) -> {
            if (known.size() < MOST || known.containsKey(space)) {
                known.put(space, answer);
            }
        });
    }

    synchronized void forget(Collection<Space> spaces) {
        spaces.forEach(known::remove);
    }

    /** Removes all challenges. */
    public synchronized void clear() {
        known.clear();
    }

    @Override
    public synchronized String toString() {
        return "DigestNonces[" + known.size() + "]";
    }
}

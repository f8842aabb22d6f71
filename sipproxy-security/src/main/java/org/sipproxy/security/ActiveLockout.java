package org.sipproxy.security;

import java.time.Duration;
import java.util.Objects;

/**
 * A lockout that is in effect; see {@link Lockout}.
 *
 * @param user the digest user name; empty if the whole source is locked out
 * @param source the source: an IPv4 address or an IPv6 /64
 * @param remaining how long it lasts unless a further failure prolongs it; above zero
 * @param isProven true if it affects nonces that were sent to the source; false if it affects only others, which a
 *     client that forges the source's address may have used
 */
public record ActiveLockout(String user, CidrBlock source, Duration remaining, boolean isProven) {

    /** Checks that nothing is null. */
    public ActiveLockout {
        Objects.requireNonNull(user, "user");
        Objects.requireNonNull(source, "source");
        Objects.requireNonNull(remaining, "remaining");
    }
}

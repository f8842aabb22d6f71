package org.sipproxy.security;

import org.sipproxy.api.support.KeyedHash;

/**
 * How many requests outside dialogs one user gets from senders who proved no password.
 *
 * <p>Each source has a share of its own to each user, a tenth of the limit, so that one source, or forty, cannot use up what
 * others need. Only what goes beyond that share competes for the limit itself. So that the shares of very many sources do not add
 * up, those of sources that proved no password lately have ten times the limit together: apart for datagrams, whose sources can
 * be made up, and for connections.
 *
 * <p>Safe for use by several threads.
 */
final class CalleeLimits {

    private static final double SHARE = 0.1;
    private static final double ALL_SHARES = 10;

    private final KeyedHash key;
    private final BucketTable shares;
    private final BucketTable allShares;
    private final BucketTable beyond;

    CalleeLimits(RateLimit limit, KeyedHash key) {
        this.key = key;
        this.shares = new BucketTable(limit.times(SHARE));
        this.allShares = new BucketTable(limit.times(ALL_SHARES));
        this.beyond = new BucketTable(limit);
    }

    /**
     * Takes a place for one request.
     *
     * @param source the source's hash
     * @param isKnown true if a password was proved there lately
     * @param isForgeable true for a datagram
     * @param callee the called user
     */
    boolean take(long source, boolean isKnown, boolean isForgeable, byte[] callee, long nowMillis) {
        long user = key.hash(callee, 0, callee.length);
        if (shares.tryTake(key.hash(source, callee, 0, callee.length), nowMillis)) {
            return isKnown || allShares.tryTake(isForgeable ? user : ~user, nowMillis);
        }
        return beyond.tryTake(user, nowMillis);
    }
}

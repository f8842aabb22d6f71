package org.sipproxy.security;

import org.sipproxy.api.support.KeyedHash;

/**
 * Limits for out-of-dialog requests to one user from senders without a proof of their password.
 *
 * <p>Each source has its own share per callee, a tenth of the limit, so that one source, or forty, cannot use up the
 * limit for others. Only requests beyond that share count against the limit itself. The shares of very many sources
 * could still add up. Therefore the sources without a recent proof have, together, ten times the limit. It is separate
 * for datagrams, whose sources can be forged, and for connections.
 *
 * <p>Thread-safe.
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
     * Takes a token for one request. Returns false if the limit is exceeded.
     *
     * @param source the source's hash
     * @param isKnown true if a password was recently proved at the source
     * @param isForgeable true for a datagram
     * @param callee the called user
     */
    boolean take(long source, boolean isKnown, boolean isForgeable, byte[] callee, long nowMillis) {
        return decide(source, isKnown, isForgeable, callee, nowMillis, true);
    }

    /** Returns what {@link #take} would return. Changes nothing. */
    boolean wouldTake(long source, boolean isKnown, boolean isForgeable, byte[] callee, long nowMillis) {
        return decide(source, isKnown, isForgeable, callee, nowMillis, false);
    }

    private boolean decide(
            long source, boolean isKnown, boolean isForgeable, byte[] callee, long nowMillis, boolean takes) {
        long user = key.hash(callee, 0, callee.length);
        if (hasToken(shares, key.hash(source, callee, 0, callee.length), nowMillis, takes)) {
            return isKnown || hasToken(allShares, isForgeable ? user : ~user, nowMillis, takes);
        }
        return hasToken(beyond, user, nowMillis, takes);
    }

    private static boolean hasToken(BucketTable buckets, long key, long nowMillis, boolean takes) {
        return takes ? buckets.tryTake(key, nowMillis) : buckets.wouldLeave(key, nowMillis) >= 0;
    }
}

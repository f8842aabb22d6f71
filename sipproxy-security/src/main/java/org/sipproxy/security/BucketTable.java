package org.sipproxy.security;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Token buckets by key in a table of fixed size: 64 stripes, allocated on first use, of sets of 8 buckets; 131,072
 * buckets in 3 MB. A key is a keyed hash, so a sender cannot choose its set.
 *
 * <p>A new key replaces the fullest bucket of its set. A full bucket is equivalent to none, so evicting it changes
 * nothing. Sources that send one datagram each, as forged ones do, leave buckets that are full again within
 * milliseconds. If no bucket is full, the new key inherits the tokens of the bucket that it replaces. So filling the
 * table does not give a sender a fresh bucket, and the empty bucket of a flooding source is evicted last. Buckets of
 * sources that proved a password are evicted after all others.
 */
final class BucketTable {

    private static final int STRIPES = 64;
    private static final int WAYS = 8;
    private static final int BUCKETS = 2_048;
    private static final int KNOWN_SECONDS = 3_600;

    private final AtomicReferenceArray<@Nullable Stripe> stripes = new AtomicReferenceArray<>(STRIPES);
    private final double perMilli;
    private final int burst;

    BucketTable(RateLimit limit) {
        this.perMilli = limit.perSecond() / 1_000;
        this.burst = limit.burst();
    }

    /**
     * Takes one token.
     *
     * @param floor how far below 0 the bucket may go; below that no token is taken
     * @return the remaining tokens; below 0 if there was none
     */
    float take(long key, int floor, long nowMillis) {
        return stripe(key).take(key, floor, nowMillis, perMilli, burst);
    }

    /** Takes one token. Returns false if there is none; the bucket does not go below 0. */
    boolean tryTake(long key, long nowMillis) {
        return take(key, 0, nowMillis) >= 0;
    }

    /** Returns the remaining tokens; a full bucket for an unknown key. Changes nothing. */
    float level(long key, long nowMillis) {
        Stripe stripe = stripes.get(stripeOf(key));
        return stripe == null ? burst : stripe.level(key, nowMillis, perMilli, burst);
    }

    /** Returns what {@link #take} would return. Changes nothing. */
    float wouldLeave(long key, long nowMillis) {
        return level(key, nowMillis) - 1;
    }

    /** Returns tokens to a source that proved a password, up to a full bucket, and marks it as known. */
    void giveBack(long key, int tokens, long nowMillis) {
        stripe(key).giveBack(key, tokens, nowMillis, perMilli, burst);
    }

    /** Returns true if a password was proved under this key within the last hour. */
    boolean isKnown(long key, long nowMillis) {
        Stripe stripe = stripes.get(stripeOf(key));
        return stripe != null && stripe.isKnown(key, nowMillis);
    }

    private static int stripeOf(long key) {
        return (int) (key >>> 58);
    }

    private Stripe stripe(long key) {
        int at = stripeOf(key);
        Stripe stripe = stripes.get(at);
        while (stripe == null) {
            stripes.compareAndSet(at, null, new Stripe());
            stripe = stripes.get(at);
        }
        return stripe;
    }

    private static final class Stripe {

        private final long[] keys = new long[BUCKETS];
        private final float[] tokens = new float[BUCKETS];
        /** When {@link #tokens} was computed, in milliseconds; 0 for a bucket that was never used. */
        private final long[] asOf = new long[BUCKETS];
        /** Until when the source counts as known, in seconds. */
        private final int[] knownUntil = new int[BUCKETS];

        private static int firstOf(long key) {
            return ((int) key & (BUCKETS / WAYS - 1)) * WAYS;
        }

        private int find(long key) {
            int first = firstOf(key);
            for (int i = first; i < first + WAYS; i++) {
                if (keys[i] == key && asOf[i] != 0) {
                    return i;
                }
            }
            return -1;
        }

        private float now(int i, long nowMillis, double perMilli, int burst) {
            long passed = Math.max(0, nowMillis - asOf[i]);
            return asOf[i] == 0 ? burst : (float) Math.min(burst, tokens[i] + passed * perMilli);
        }

        synchronized float level(long key, long nowMillis, double perMilli, int burst) {
            int i = find(key);
            return i < 0 ? burst : now(i, nowMillis, perMilli, burst);
        }

        synchronized float take(long key, int floor, long nowMillis, double perMilli, int burst) {
            int i = findOrMake(key, nowMillis, perMilli, burst);
            float left = now(i, nowMillis, perMilli, burst) - 1;
            if (left >= floor) {
                tokens[i] = left;
                asOf[i] = Math.max(asOf[i], nowMillis);
            }
            return left;
        }

        synchronized void giveBack(long key, int count, long nowMillis, double perMilli, int burst) {
            int i = findOrMake(key, nowMillis, perMilli, burst);
            tokens[i] = Math.min(burst, now(i, nowMillis, perMilli, burst) + count);
            asOf[i] = Math.max(asOf[i], nowMillis);
            knownUntil[i] = (int) (nowMillis / 1_000) + KNOWN_SECONDS;
        }

        synchronized boolean isKnown(long key, long nowMillis) {
            int i = find(key);
            return i >= 0 && knownUntil[i] > nowMillis / 1_000;
        }

        private int findOrMake(long key, long nowMillis, double perMilli, int burst) {
            int found = find(key);
            if (found >= 0) {
                return found;
            }
            int first = firstOf(key);
            int fullest = first;
            float most = Float.NEGATIVE_INFINITY;
            for (int i = first; i < first + WAYS; i++) {
                boolean known = knownUntil[i] > nowMillis / 1_000;
                // any unknown bucket is evicted before every known one
                float worth = now(i, nowMillis, perMilli, burst) - (known ? 4 * burst : 0);
                if (worth > most) {
                    most = worth;
                    fullest = i;
                }
            }
            tokens[fullest] = now(fullest, nowMillis, perMilli, burst);
            asOf[fullest] = Math.max(1, nowMillis);
            keys[fullest] = key;
            knownUntil[fullest] = 0;
            return fullest;
        }
    }
}

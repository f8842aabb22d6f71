package org.sipproxy.security;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Failures by key in a table of fixed size: 64 stripes, allocated on first use, of sets of 8 entries. A key is a keyed
 * hash, so a sender cannot choose its set. A new key replaces the entry with the fewest failures, and of those the
 * oldest; a locked entry is evicted only if all eight are locked. An attacker cannot evict its own entry cheaply: it
 * would have to fill the whole table with entries of as many failures. That costs more failures than it saves.
 */
final class FailureTable {

    private static final int STRIPES = 64;
    private static final int WAYS = 8;
    /** 512 sets: with all stripes allocated, 262,144 entries in 7 MB. */
    private static final int ENTRIES = 4_096;

    private final AtomicReferenceArray<@Nullable Stripe> stripes = new AtomicReferenceArray<>(STRIPES);
    private final long firstMillis;
    private final long longestMillis;

    FailureTable(long firstMillis, long longestMillis) {
        this.firstMillis = firstMillis;
        this.longestMillis = longestMillis;
    }

    private static int stripeOf(long key) {
        return (int) (key >>> 58);
    }

    boolean isLocked(long key, long nowMillis) {
        Stripe stripe = stripes.get(stripeOf(key));
        return stripe != null && stripe.isLocked(key, nowMillis);
    }

    /**
     * Counts a failure.
     *
     * @return how long the key is locked from now on, in milliseconds; 0 if it is not locked
     */
    long failed(long key, int allowed, long nowMillis) {
        Stripe stripe = stripes.get(stripeOf(key));
        if (stripe == null) {
            stripes.compareAndSet(stripeOf(key), null, new Stripe());
            stripe = stripes.get(stripeOf(key));
        }
        return stripe == null ? 0 : stripe.failed(key, allowed, nowMillis, firstMillis, longestMillis);
    }

    /** Reduces the number of failures. */
    void forgive(long key, int failures) {
        Stripe stripe = stripes.get(stripeOf(key));
        if (stripe != null) {
            stripe.forgive(key, failures);
        }
    }

    /** Sets the number of failures to 0, which ends a lockout. */
    void reset(long key) {
        Stripe stripe = stripes.get(stripeOf(key));
        if (stripe != null) {
            stripe.reset(key);
        }
    }

    private static final class Stripe {

        private final long[] keys = new long[ENTRIES];
        private final int[] failures = new int[ENTRIES];
        private final long[] lockedUntil = new long[ENTRIES];
        private final long[] lastFailure = new long[ENTRIES];

        private static int firstOf(long key) {
            return ((int) key & (ENTRIES / WAYS - 1)) * WAYS;
        }

        private int find(long key) {
            int first = firstOf(key);
            for (int i = first; i < first + WAYS; i++) {
                if (keys[i] == key && failures[i] > 0) {
                    return i;
                }
            }
            return -1;
        }

        synchronized boolean isLocked(long key, long nowMillis) {
            int at = find(key);
            return at >= 0 && lockedUntil[at] > nowMillis;
        }

        synchronized long failed(long key, int allowed, long nowMillis, long firstMillis, long longestMillis) {
            int at = find(key);
            if (at < 0) {
                at = leastWorthKeeping(firstOf(key), nowMillis, longestMillis);
                keys[at] = key;
                failures[at] = 0;
                lockedUntil[at] = 0;
            } else if (nowMillis - Math.max(lastFailure[at], lockedUntil[at]) > longestMillis) {
                failures[at] = 0;
            }
            lastFailure[at] = nowMillis;
            failures[at] = Math.min(failures[at] + 1, Integer.MAX_VALUE - 1);
            if (failures[at] < allowed) {
                return 0;
            }
            int doublings = Math.min(failures[at] - allowed, 30);
            long millis = Math.min(firstMillis << doublings, longestMillis);
            lockedUntil[at] = nowMillis + millis;
            return millis;
        }

        private int leastWorthKeeping(int first, long nowMillis, long longestMillis) {
            int least = first;
            long leastWorth = Long.MAX_VALUE;
            for (int i = first; i < first + WAYS; i++) {
                boolean over = failures[i] == 0 || nowMillis - Math.max(lastFailure[i], lockedUntil[i]) > longestMillis;
                long worth = over
                        ? Long.MIN_VALUE
                        : lockedUntil[i] > nowMillis
                                ? Long.MAX_VALUE / 2 + lockedUntil[i]
                                : ((long) Math.min(failures[i], 10_000) << 48) + (lastFailure[i] & 0xffff_ffff_ffffL);
                if (worth < leastWorth) {
                    leastWorth = worth;
                    least = i;
                }
            }
            return least;
        }

        synchronized void reset(long key) {
            int at = find(key);
            if (at >= 0) {
                failures[at] = 0;
                lockedUntil[at] = 0;
            }
        }

        synchronized void forgive(long key, int count) {
            int at = find(key);
            if (at >= 0) {
                failures[at] = Math.max(0, failures[at] - count);
            }
        }
    }
}

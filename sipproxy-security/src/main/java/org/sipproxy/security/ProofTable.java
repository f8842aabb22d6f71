package org.sipproxy.security;

import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Keys under which a password was proved within the last day, in a table of fixed size: 64 stripes, allocated on first
 * use, of sets of 8 entries; 262,144 entries in 3 MB. A key is a keyed hash. Only a proof creates an entry, so an
 * unauthenticated sender cannot evict one. In a full set the oldest proof is evicted. Thread-safe.
 */
final class ProofTable {

    /** Longer than a registration, so that a phone that was off overnight is still known. */
    static final int SECONDS = 86_400;

    private static final int STRIPES = 64;
    private static final int WAYS = 8;
    private static final int ENTRIES = 4_096;

    private final AtomicReferenceArray<@Nullable Stripe> stripes = new AtomicReferenceArray<>(STRIPES);

    private static int stripeOf(long key) {
        return (int) (key >>> 58);
    }

    boolean contains(long key, long nowMillis) {
        Stripe stripe = stripes.get(stripeOf(key));
        return stripe != null && stripe.contains(key, nowMillis / 1_000);
    }

    /** Records a proof. */
    void add(long key, long nowMillis) {
        Stripe stripe = stripes.get(stripeOf(key));
        while (stripe == null) {
            stripes.compareAndSet(stripeOf(key), null, new Stripe());
            stripe = stripes.get(stripeOf(key));
        }
        stripe.add(key, nowMillis / 1_000);
    }

    private static final class Stripe {

        private final long[] keys = new long[ENTRIES];
        /** In seconds; 0 for an entry that was never used. */
        private final int[] provenUntil = new int[ENTRIES];

        private static int firstOf(long key) {
            return ((int) key & (ENTRIES / WAYS - 1)) * WAYS;
        }

        synchronized boolean contains(long key, long nowSeconds) {
            int first = firstOf(key);
            for (int i = first; i < first + WAYS; i++) {
                if (keys[i] == key && provenUntil[i] > nowSeconds) {
                    return true;
                }
            }
            return false;
        }

        synchronized void add(long key, long nowSeconds) {
            int first = firstOf(key);
            int at = first;
            for (int i = first; i < first + WAYS; i++) {
                if (keys[i] == key && provenUntil[i] != 0) {
                    at = i;
                    break;
                }
                if (provenUntil[i] < provenUntil[at]) {
                    at = i;
                }
            }
            keys[at] = key;
            provenUntil[at] = (int) nowSeconds + SECONDS;
        }
    }
}

package org.sipproxy.core.internal.overload;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The users whose REGISTER succeeded within the last hour or two, as a Bloom filter of 256 KiB: of 100,000 other users
 * it takes fewer than 5,000 for registered. A user who is taken for registered wrongly only gets a better place in the
 * queue. Empty after a start.
 *
 * <p>Thread-safe.
 */
final class RegisteredUsers {

    private static final int WORDS = 1 << 14;
    private static final long GENERATION_NANOS = 3_600_000_000_000L;

    private volatile AtomicLongArray current = new AtomicLongArray(WORDS);
    private volatile AtomicLongArray previous = new AtomicLongArray(WORDS);
    private volatile long beganNanos;

    RegisteredUsers(long nowNanos) {
        beganNanos = nowNanos;
    }

    /** Adds a user by hash. */
    void add(long hash, long nowNanos) {
        if (nowNanos - beganNanos > GENERATION_NANOS) {
            begin(nowNanos);
        }
        AtomicLongArray bits = current;
        set(bits, (int) hash);
        set(bits, (int) (hash >>> 32));
    }

    private synchronized void begin(long nowNanos) {
        if (nowNanos - beganNanos > GENERATION_NANOS) {
            previous = current;
            current = new AtomicLongArray(WORDS);
            beganNanos = nowNanos;
        }
    }

    private static void set(AtomicLongArray bits, int at) {
        int word = at >>> 6 & WORDS - 1;
        long bit = 1L << at;
        if ((bits.get(word) & bit) == 0) {
            bits.getAndUpdate(word, old -> old | bit);
        }
    }

    /** Returns true if the user has registered, and rarely for another one. */
    boolean contains(long hash) {
        return isIn(current, hash) || isIn(previous, hash);
    }

    private static boolean isIn(AtomicLongArray bits, long hash) {
        return isSet(bits, (int) hash) && isSet(bits, (int) (hash >>> 32));
    }

    private static boolean isSet(AtomicLongArray bits, int at) {
        return (bits.get(at >>> 6 & WORDS - 1) & 1L << at) != 0;
    }
}

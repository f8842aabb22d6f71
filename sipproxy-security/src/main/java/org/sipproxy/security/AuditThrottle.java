package org.sipproxy.security;

import java.util.Arrays;

/**
 * Throttle that decides which events get a line: for each key a burst of {@link #BURST} and then one per second, and
 * {@link #LINES_PER_SECOND} per second in each of three lanes. The lanes prevent a flood under forged addresses from
 * hiding other events. Events over a connection, whose source is real, have their own lane. Sources of datagrams that
 * were seen before do not compete with new ones, because a source that is forged for each datagram is always new.
 *
 * <p>The table of keys has a fixed size: sets of 8 entries, {@link #ENTRIES} in 1 MB. A new key replaces the entry seen
 * least recently, first among those seen only once. Thread-safe.
 */
final class AuditThrottle {

    /** Per lane. */
    static final int LINES_PER_SECOND = 50;

    /** Lines of one key at once. */
    static final int BURST = 5;

    /** Returned if the event gets no line. */
    static final int NO_LINE = -1;

    private static final long INTERVAL_MILLIS = 1_000;
    private static final int WAYS = 8;
    private static final int ENTRIES = 32_768;

    private static final int OVER_CONNECTION = 0;
    private static final int SEEN_BEFORE = 1;
    private static final int NEW = 2;

    // guarded by this
    private final long[] keys = new long[ENTRIES];
    private final long[] lastSeenMillis = new long[ENTRIES];
    /** When the whole burst is available again. */
    private final long[] fullAgainMillis = new long[ENTRIES];
    /** How often the key was seen since its entry was created, at most 2; 0 for an entry that was never used. */
    private final byte[] seen = new byte[ENTRIES];

    private final int[] omitted = new int[ENTRIES];
    private final int[] lines = new int[3];
    private long second = Long.MIN_VALUE;
    /** Events without a line because their lane was full: in this second, and before it. */
    private long overLimit;

    private long overLimitBefore;

    /**
     * Decides about one event.
     *
     * @param key a keyed hash of the kind of event and the source
     * @param isForgeable true for a datagram
     * @param nowMillis a monotonic time
     * @return {@link #NO_LINE}, or the number of events of this key without a line since its last one
     */
    synchronized int admit(long key, boolean isForgeable, long nowMillis) {
        int at = find(key);
        boolean isNew = at < 0;
        if (isNew) {
            at = replaceOne(key);
        } else {
            seen[at] = 2;
        }
        lastSeenMillis[at] = nowMillis;
        long full = isNew ? 0 : Math.max(fullAgainMillis[at] - nowMillis, 0);
        if (full > (BURST - 1) * INTERVAL_MILLIS) {
            omitted[at]++;
            return NO_LINE;
        }
        if (!takeLine(isForgeable ? isNew ? NEW : SEEN_BEFORE : OVER_CONNECTION, nowMillis)) {
            omitted[at]++;
            overLimit++;
            return NO_LINE;
        }
        fullAgainMillis[at] = nowMillis + full + INTERVAL_MILLIS;
        int count = omitted[at];
        omitted[at] = 0;
        return count;
    }

    /**
     * Returns and resets the number of events without a line because their lane was full, before the current second.
     */
    synchronized long takeOverLimit() {
        long count = overLimitBefore;
        overLimitBefore = 0;
        return count;
    }

    private boolean takeLine(int lane, long nowMillis) {
        if (nowMillis / INTERVAL_MILLIS != second) {
            second = nowMillis / INTERVAL_MILLIS;
            overLimitBefore += overLimit;
            overLimit = 0;
            Arrays.fill(lines, 0);
        }
        if (lines[lane] >= LINES_PER_SECOND) {
            return false;
        }
        lines[lane]++;
        return true;
    }

    private static int firstOf(long key) {
        return ((int) (key >>> 32) & (ENTRIES / WAYS - 1)) * WAYS;
    }

    private int find(long key) {
        int first = firstOf(key);
        for (int i = first; i < first + WAYS; i++) {
            if (keys[i] == key && seen[i] > 0) {
                return i;
            }
        }
        return -1;
    }

    private int replaceOne(long key) {
        int first = firstOf(key);
        int least = first;
        for (int i = first; i < first + WAYS; i++) {
            if (seen[i] < seen[least] || (seen[i] == seen[least] && lastSeenMillis[i] < lastSeenMillis[least])) {
                least = i;
            }
        }
        keys[least] = key;
        seen[least] = 1;
        fullAgainMillis[least] = 0;
        omitted[least] = 0;
        return least;
    }
}

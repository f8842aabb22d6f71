package org.sipproxy.security;

import java.util.Arrays;
import org.sipproxy.api.support.KeyedBursts;

/**
 * Throttle that decides which events get a line: for each key a burst of {@link #BURST} and then one per second, and
 * {@link #LINES_PER_SECOND} per second in each of three lanes. The lanes prevent a flood under forged addresses from
 * hiding other events. Events over a connection, whose source is real, have their own lane. Sources of datagrams that
 * were seen before do not compete with new ones, because a source that is forged for each datagram is always new.
 *
 * <p>The table of keys has a fixed size of 1 MB. Thread-safe.
 */
final class AuditThrottle {

    /** Per lane. */
    static final int LINES_PER_SECOND = 50;

    /** Lines of one key at once. */
    static final int BURST = 5;

    /** Returned if the event gets no line. */
    static final int NO_LINE = -1;

    private static final long INTERVAL_MILLIS = 1_000;
    private static final int ENTRIES = 32_768;

    private static final int OVER_CONNECTION = 0;
    private static final int SEEN_BEFORE = 1;
    private static final int NEW = 2;

    // guarded by this
    private final KeyedBursts keys = new KeyedBursts(ENTRIES, BURST, INTERVAL_MILLIS);
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
        int at = keys.enter(key, nowMillis);
        boolean isNew = keys.isNew(at);
        if (isNew) {
            omitted[at] = 0;
        }
        if (!keys.mayTake(at, nowMillis)) {
            omitted[at]++;
            return NO_LINE;
        }
        if (!takeLine(isForgeable ? isNew ? NEW : SEEN_BEFORE : OVER_CONNECTION, nowMillis)) {
            omitted[at]++;
            overLimit++;
            return NO_LINE;
        }
        keys.take(at, nowMillis);
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
}

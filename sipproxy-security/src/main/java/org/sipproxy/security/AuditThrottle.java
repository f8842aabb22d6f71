package org.sipproxy.security;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.KeyedBursts;
import org.sipproxy.api.support.LineThrottle;

/**
 * Throttle that decides which events get a line: for each key a burst of {@link #BURST} and then one per second, and
 * {@link #LINES_PER_SECOND} per second in each of three lanes. The lanes prevent a flood under forged addresses from
 * hiding other events. Events over a connection, whose source is real, have their own lane. Sources of datagrams that
 * were seen before do not compete with new ones, because a source that is forged for each datagram is always new.
 *
 * <p>Each event without a line is reported once: with the next line of its key, by {@link #takeUnreported} if that line
 * does not come, or as one of the others, without its key.
 *
 * <p>The table of keys has a fixed size of 1 MB, and each key with unreported events takes another 100 bytes. Thread-safe.
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

    /** Events of one key that have no line yet. */
    static final class Unreported {
        private final String event;
        private final @Nullable InetAddress source;
        private final long sinceMillis;
        private int count;

        private Unreported(String event, @Nullable InetAddress source, long sinceMillis) {
            this.event = event;
            this.source = source;
            this.sinceMillis = sinceMillis;
        }

        /** Returns the kind of the events. */
        String event() {
            return event;
        }

        /** Returns the source of the first of them. */
        @Nullable
        InetAddress source() {
            return source;
        }

        int count() {
            return count;
        }
    }

    // guarded by this
    private final KeyedBursts keys = new KeyedBursts(ENTRIES, BURST, INTERVAL_MILLIS);
    private final @Nullable Unreported[] unreported = new @Nullable Unreported[ENTRIES];
    private final int[] lines = new int[3];
    private long second = Long.MIN_VALUE;
    /** Events without a line that are not counted for their key: of this second, and of those before it. */
    private long others;

    private long othersBefore;

    /**
     * Decides about one event.
     *
     * @param key a keyed hash of the kind of event and the source
     * @param event the kind of event
     * @param source the source; null if it is unknown
     * @param isForgeable true for a datagram
     * @param nowMillis a monotonic time
     * @return {@link #NO_LINE}, or the number of events of this key without a line since its last one
     */
    synchronized int admit(long key, String event, @Nullable InetAddress source, boolean isForgeable, long nowMillis) {
        int at = keys.enter(key, nowMillis);
        boolean isNew = keys.isNew(at);
        Unreported before = unreported[at];
        if (isNew && before != null) { // of a key that has lost its entry
            others += before.count;
            unreported[at] = before = null;
        }
        boolean mayTake = keys.mayTake(at, nowMillis);
        if (mayTake && takeLine(isForgeable ? isNew ? NEW : SEEN_BEFORE : OVER_CONNECTION, nowMillis)) {
            keys.take(at, nowMillis);
            unreported[at] = null;
            return before == null ? 0 : before.count;
        }
        if (isNew && isForgeable) {
            others++; // a forged source is not seen again, so it needs no entry
            return NO_LINE;
        }
        if (before == null) {
            unreported[at] = before = new Unreported(event, source, nowMillis);
        }
        before.count++;
        return NO_LINE;
    }

    /** Returns and resets the number of events that are not counted for their key, before the current second. */
    synchronized long takeOthers() {
        long count = othersBefore;
        othersBefore = 0;
        return count;
    }

    /**
     * Returns and resets what is unreported since {@code untilMillis} or earlier. Of more than {@value
     * LineThrottle#REPORTED} keys, those with most events are returned, and the events of the rest are counted as
     * others, which {@link #takeAllOthers} returns.
     */
    synchronized List<Unreported> takeUnreported(long untilMillis) {
        List<Unreported> due = new ArrayList<>();
        for (int at = 0; at < ENTRIES; at++) {
            Unreported of = unreported[at];
            if (of != null && of.sinceMillis - untilMillis <= 0) {
                due.add(of);
                unreported[at] = null;
            }
        }
        if (due.size() > LineThrottle.REPORTED) {
            due.sort(Comparator.comparingInt(Unreported::count).reversed());
            List<Unreported> rest = due.subList(LineThrottle.REPORTED, due.size());
            rest.forEach(of -> othersBefore += of.count);
            rest.clear();
        }
        return due;
    }

    /** Returns true if events of a key are unreported. */
    synchronized boolean hasUnreported() {
        return Arrays.stream(unreported).anyMatch(Objects::nonNull);
    }

    /** Returns and resets the number of events that are not counted for their key, with those of the current second. */
    synchronized long takeAllOthers() {
        long count = othersBefore + others;
        othersBefore = 0;
        others = 0;
        return count;
    }

    private boolean takeLine(int lane, long nowMillis) {
        if (nowMillis / INTERVAL_MILLIS != second) {
            second = nowMillis / INTERVAL_MILLIS;
            othersBefore += others;
            others = 0;
            Arrays.fill(lines, 0);
        }
        if (lines[lane] >= LINES_PER_SECOND) {
            return false;
        }
        lines[lane]++;
        return true;
    }
}

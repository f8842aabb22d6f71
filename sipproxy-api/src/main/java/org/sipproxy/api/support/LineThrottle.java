package org.sipproxy.api.support;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Decides which lines of a kind are logged, so that a flood does not fill the disk. One key, such as a source and a
 * reason, may have a burst of lines and then a number of lines a second, one by default. All keys together may have
 * another burst and then another number of lines a second. Omitted lines are counted; {@link #takeOmitted} returns the counts, so that a burst is reported
 * even if nothing follows it.
 *
 * <p>A key may have members, such as the callers behind one source. Each of them has a fifth of the lines of the key, so
 * that one member does not use up the lines of the others. The members together have no more than the key, because a
 * sender can invent them.
 *
 * <p>The tables of keys and members have a fixed size. Thread-safe.
 */
public final class LineThrottle {

    /** Number of keys whose omitted lines are reported separately; those of all others are added up. */
    public static final int REPORTED = 16;

    /** Share of one member in the lines of its key. */
    private static final int MEMBER_SHARE = 5;

    private static final int ENTRIES = 4_096;
    private static final int HIGHEST = 1_000_000;
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    // guarded by this
    private final KeyedBursts keys;
    /** Created with the first member: most throttles have none. */
    private @Nullable KeyedBursts members;

    private final int memberBurst;
    private final long memberIntervalNanos;
    private final @Nullable Burst[] bursts = new @Nullable Burst[ENTRIES];
    private final List<Burst> open = new ArrayList<>();
    private final int lines;
    private final long nanosPerLine;
    private long omittedElsewhere;
    /** The time at which all lines are available again. */
    private long allAgainNanos;

    /** Omitted lines of one key. */
    public static final class Burst {
        private final String what;
        private long omitted;

        private Burst(String what) {
            this.what = what;
        }

        /** Returns the name of the key; {@code others} for all those without a count of their own. */
        public String what() {
            return what;
        }

        /** Returns the number of lines. */
        public long omitted() {
            return omitted;
        }
    }

    /**
     * Creates a throttle.
     *
     * @param burst lines that one key may have at once, 1 to 1,000,000
     * @param lines lines that all keys together may have at once, 1 to 1,000,000
     * @param linesPerSecond lines per second of all keys together after that, 1 to 1,000,000
     * @param nowNanos the time, as for {@link #admits}
     * @throws IllegalArgumentException if a number is out of range
     */
    public LineThrottle(int burst, int lines, int linesPerSecond, long nowNanos) {
        this(burst, 1, lines, linesPerSecond, nowNanos);
    }

    /**
     * Creates a throttle.
     *
     * @param burst lines that one key may have at once, 1 to 1,000,000
     * @param perSecond lines per second of one key after that, 1 to 1,000,000
     * @param lines lines that all keys together may have at once, 1 to 1,000,000
     * @param linesPerSecond lines per second of all keys together after that, 1 to 1,000,000
     * @param nowNanos the time, as for {@link #admits}
     * @throws IllegalArgumentException if a number is out of range
     */
    public LineThrottle(int burst, int perSecond, int lines, int linesPerSecond, long nowNanos) {
        requireRange("burst", burst);
        requireRange("perSecond", perSecond);
        requireRange("lines", lines);
        requireRange("linesPerSecond", linesPerSecond);
        this.keys = new KeyedBursts(ENTRIES, burst, INTERVAL_NANOS / perSecond);
        this.memberBurst = Math.max(burst / MEMBER_SHARE, 1);
        this.memberIntervalNanos = INTERVAL_NANOS / perSecond * MEMBER_SHARE;
        this.lines = lines;
        this.nanosPerLine = INTERVAL_NANOS / linesPerSecond;
        this.allAgainNanos = nowNanos;
    }

    private static void requireRange(String name, int value) {
        if (value < 1 || value > HIGHEST) {
            throw new IllegalArgumentException(name + ": " + value + " (expected 1 to " + HIGHEST + ")");
        }
    }

    /**
     * Decides about one line.
     *
     * @param key a keyed hash of what the line is about, see {@link KeyedHash}
     * @param nowNanos a monotonic time in nanoseconds
     * @param what names the key, for {@link Burst#what}; called only for the first omitted line of a burst
     * @return true if the line is to be written
     */
    public synchronized boolean admits(long key, long nowNanos, Supplier<String> what) {
        int at = keys.enter(key, nowNanos);
        if (keys.isNew(at)) {
            bursts[at] = null; // still reported, because it stays in the list of open bursts
        }
        if (keys.mayTake(at, nowNanos) && takeLine(nowNanos)) {
            keys.take(at, nowNanos);
            return true;
        }
        omit(at, what);
        return false;
    }

    /**
     * Decides about one line of a member of a key. Omitted lines count for the key.
     *
     * @param key a keyed hash of what the line is about, see {@link KeyedHash}
     * @param member returns a keyed hash of the key and its member; called only if the key may have a line
     * @param nowNanos a monotonic time in nanoseconds
     * @param what names the key, for {@link Burst#what}; called only for the first omitted line of a burst
     * @return true if the line is to be written
     */
    public synchronized boolean admits(long key, LongSupplier member, long nowNanos, Supplier<String> what) {
        int at = keys.enter(key, nowNanos);
        if (keys.isNew(at)) {
            bursts[at] = null; // still reported, because it stays in the list of open bursts
        }
        if (keys.mayTake(at, nowNanos)) {
            KeyedBursts table = members();
            int memberAt = table.enter(member.getAsLong(), nowNanos);
            if (table.mayTake(memberAt, nowNanos) && takeLine(nowNanos)) {
                keys.take(at, nowNanos);
                table.take(memberAt, nowNanos);
                return true;
            }
        }
        omit(at, what);
        return false;
    }

    private KeyedBursts members() {
        KeyedBursts table = members;
        if (table == null) {
            table = new KeyedBursts(ENTRIES, memberBurst, memberIntervalNanos);
            members = table;
        }
        return table;
    }

    private void omit(int at, Supplier<String> what) {
        Burst burst = bursts[at];
        if (burst == null && open.size() < REPORTED) {
            burst = new Burst(what.get());
            bursts[at] = burst;
            open.add(burst);
        }
        if (burst == null) {
            omittedElsewhere++;
        } else {
            burst.omitted++;
        }
    }

    private boolean takeLine(long nowNanos) {
        long left = Math.max(allAgainNanos - nowNanos, 0);
        if (left > (lines - 1) * nanosPerLine) {
            return false;
        }
        allAgainNanos = nowNanos + left + nanosPerLine;
        return true;
    }

    /**
     * Returns the lines omitted since the last call: a {@link Burst} for each of up to {@link #REPORTED} keys, and one
     * for the others.
     */
    public synchronized List<Burst> takeOmitted() {
        List<Burst> taken = new ArrayList<>(open);
        if (omittedElsewhere > 0) {
            Burst others = new Burst("others");
            others.omitted = omittedElsewhere;
            taken.add(others);
        }
        open.clear();
        Arrays.fill(bursts, null);
        omittedElsewhere = 0;
        return taken;
    }
}

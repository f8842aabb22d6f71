package org.sipproxy.core.internal.engine;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.KeyedBursts;

/**
 * Decides which refusals are logged, so that a flood does not fill the disk. One source and reason may have
 * {@link #BURST} lines at once and then one a second. All together may have {@link #LINES} at once and then
 * {@link #LINES_PER_SECOND} a second. Omitted lines are counted; {@link #takeOmitted} returns the counts, so that a
 * burst is reported even if nothing follows it.
 *
 * <p>The table of keys has a fixed size. Thread-safe.
 */
final class RefusalThrottle {

    /** Lines that one source and reason may have at once. */
    static final int BURST = 8;

    /** Lines that all sources and reasons together may have at once. */
    static final int LINES = 200;

    static final int LINES_PER_SECOND = 10;

    /** Number of keys whose omitted lines are reported separately; those of all others are added up. */
    static final int REPORTED = 16;

    private static final int ENTRIES = 4_096;
    private static final long INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(1);

    // guarded by this
    private final KeyedBursts keys = new KeyedBursts(ENTRIES, BURST, INTERVAL_NANOS);
    private final @Nullable Burst[] bursts = new @Nullable Burst[ENTRIES];
    private final List<Burst> open = new ArrayList<>();
    private long omittedElsewhere;
    /** The time at which all of {@link #LINES} are available again. */
    private long allAgainNanos;

    /** Omitted lines of one source and reason. */
    static final class Burst {
        final String what;
        private long omitted;

        private Burst(String what) {
            this.what = what;
        }

        long omitted() {
            return omitted;
        }
    }

    RefusalThrottle(long nowNanos) {
        allAgainNanos = nowNanos;
    }

    /**
     * Decides about one line.
     *
     * @param key a keyed hash of source and reason
     * @param what names both, for {@link Burst#what}; called only for the first omitted line of a burst
     * @return true if the line is to be written
     */
    synchronized boolean admits(long key, long nowNanos, Supplier<String> what) {
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
        long each = INTERVAL_NANOS / LINES_PER_SECOND;
        long left = Math.max(allAgainNanos - nowNanos, 0);
        if (left > (LINES - 1) * each) {
            return false;
        }
        allAgainNanos = nowNanos + left + each;
        return true;
    }

    /**
     * Returns the lines omitted since the last call: a {@link Burst} for each of up to {@link #REPORTED} keys, and one
     * for the others.
     */
    synchronized List<Burst> takeOmitted() {
        List<Burst> taken = new ArrayList<>(open);
        if (omittedElsewhere > 0) {
            Burst others = new Burst("other sources and reasons");
            others.omitted = omittedElsewhere;
            taken.add(others);
        }
        open.clear();
        Arrays.fill(bursts, null);
        omittedElsewhere = 0;
        return taken;
    }
}

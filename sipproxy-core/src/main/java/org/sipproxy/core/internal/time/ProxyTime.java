package org.sipproxy.core.internal.time;

import java.time.Instant;
import org.sipproxy.core.options.ProxyClock;

/**
 * Time source of all timers and expiries of one proxy. {@link #millis} starts at the wall clock's reading and then
 * follows the monotonic clock, so it never steps: all intervals and the times of bindings are measured on it.
 * {@link #wallMillis} is the wall clock, for values that are written to a database, a header or a log.
 *
 * <p>The difference between the two is the <em>shift</em>. It changes only when the wall clock is set. The time between
 * two such steps is a {@link Period}. The latest periods are kept, so that a time that was written before a step can
 * still be interpreted.
 *
 * <p>Thread-safe.
 */
public final class ProxyTime {

    /** A smaller difference results from reading the two clocks one after the other, or is a negligible correction. */
    static final long STEP_MILLIS = 1_000;

    private static final int MAX_PERIODS = 8;

    /**
     * Time between two steps of the wall clock.
     *
     * @param shift wall clock minus the proxy's time, in milliseconds
     * @param from start, on the proxy's time
     * @param to end; {@link Long#MAX_VALUE} for the current period
     */
    public record Period(long shift, long from, long to) {

        /**
         * Returns true if the wall clock may have shown this time in this period.
         *
         * @param now the proxy's time
         */
        public boolean covers(long wallMillis, long now) {
            long at = wallMillis - shift;
            return at >= from - STEP_MILLIS && at <= Math.min(to, now) + STEP_MILLIS;
        }
    }

    private final ProxyClock clock;
    private final long startNanos;
    private final long startMillis;
    /** The current period first. Replaced as a whole under this object's monitor. */
    private volatile Period[] periods;

    private volatile int steps;

    /** Creates the time of a proxy that starts now. */
    public ProxyTime(ProxyClock clock) {
        this.clock = clock;
        this.startNanos = clock.nanoTime();
        this.startMillis = clock.currentTimeMillis();
        this.periods = new Period[] {new Period(0, startMillis, Long.MAX_VALUE)};
    }

    /** Returns the monotonic clock, in nanoseconds from an arbitrary origin. */
    public long nanoTime() {
        return clock.nanoTime();
    }

    /** Returns the proxy's time, in milliseconds since 1970 if the wall clock was correct at the start. */
    public long millis() {
        return startMillis + (clock.nanoTime() - startNanos) / 1_000_000;
    }

    /** Returns {@link #millis} as an instant. */
    public Instant now() {
        return Instant.ofEpochMilli(millis());
    }

    /** Returns when the proxy started, on either clock. */
    public long startMillis() {
        return startMillis;
    }

    /** Returns the wall clock, in milliseconds since 1970. */
    public long wallMillis() {
        long wall = clock.currentTimeMillis();
        long shift = wall - millis();
        if (Math.abs(shift - periods[0].shift()) >= STEP_MILLIS) {
            stepped(shift);
        }
        return wall;
    }

    /**
     * Returns what the wall clock showed at a recent time of the proxy, to a second: without reading the clocks, so
     * that it follows a step only when {@link #wallMillis()} has detected it.
     *
     * @param millis the proxy's time
     */
    public long wallMillis(long millis) {
        return millis + periods[0].shift();
    }

    private synchronized void stepped(long shift) {
        Period[] known = periods;
        if (Math.abs(shift - known[0].shift()) < STEP_MILLIS) {
            return;
        }
        long now = millis();
        Period[] more = new Period[Math.min(known.length + 1, MAX_PERIODS)];
        more[0] = new Period(shift, now, Long.MAX_VALUE);
        more[1] = new Period(known[0].shift(), known[0].from(), now);
        System.arraycopy(known, 1, more, 2, more.length - 2);
        periods = more;
        steps++;
    }

    /** Returns how often the wall clock was set since the start. */
    public int steps() {
        wallMillis();
        return steps;
    }

    /**
     * Returns what the wall clock shows, and what it would show now without each of its known steps, for the age of
     * something that this process may have dated before a step.
     */
    public long[] wallReadings() {
        wallMillis();
        long now = millis();
        Period[] known = periods;
        long[] readings = new long[known.length];
        for (int i = 0; i < readings.length; i++) {
            readings[i] = now + known[i].shift();
        }
        return readings;
    }

    /** Returns the wall clock minus the proxy's time, in milliseconds; 0 until the wall clock is set. */
    public long shift() {
        wallMillis();
        return periods[0].shift();
    }

    /** Returns the known periods, the current one first. Must not be modified. */
    public Period[] periods() {
        wallMillis();
        return periods;
    }
}

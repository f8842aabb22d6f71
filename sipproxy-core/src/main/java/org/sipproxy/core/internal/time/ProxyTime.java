package org.sipproxy.core.internal.time;

import java.time.Instant;
import org.sipproxy.core.options.ProxyClock;

/**
 * Time of one proxy. {@link #millis} starts at the wall clock's reading and then follows the monotonic clock, so it never steps: all
 * intervals and the times of bindings are measured on it. {@link #wallMillis} is the wall clock, for what is written to a database, a
 * header or a log.
 *
 * <p>The difference between the two is the <em>shift</em>. It changes only when the wall clock is set. The time between two such
 * steps is a {@link Period}; the latest ones are kept, so that a time that was written before a step can still be read.
 *
 * <p>Safe for use by several threads.
 */
public final class ProxyTime {

    /** A smaller difference is the reading of two clocks one after the other, or a correction that nothing here notices. */
    static final long STEP_MILLIS = 1_000;

    private static final int MAX_PERIODS = 8;

    /**
     * Time between two steps of the wall clock.
     *
     * @param shift wall clock minus proxy's time, in milliseconds
     * @param from when it began, on the proxy's time
     * @param to when it ended; {@link Long#MAX_VALUE} for the current one
     */
    public record Period(long shift, long from, long to) {

        /**
         * True if the wall clock may have shown this time then.
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
    /** The current one first. Replaced as a whole under this object's monitor. */
    private volatile Period[] periods;

    private volatile int steps;

    /** The time of a proxy that starts now. */
    public ProxyTime(ProxyClock clock) {
        this.clock = clock;
        this.startNanos = clock.nanoTime();
        this.startMillis = clock.currentTimeMillis();
        this.periods = new Period[] {new Period(0, startMillis, Long.MAX_VALUE)};
    }

    /** The monotonic clock, in nanoseconds from an arbitrary origin. */
    public long nanoTime() {
        return clock.nanoTime();
    }

    /** The proxy's time, in milliseconds since 1970 if the wall clock was right at the start. */
    public long millis() {
        return startMillis + (clock.nanoTime() - startNanos) / 1_000_000;
    }

    /** {@link #millis} as an instant. */
    public Instant now() {
        return Instant.ofEpochMilli(millis());
    }

    /** When the proxy started, on either clock. */
    public long startMillis() {
        return startMillis;
    }

    /** The wall clock, in milliseconds since 1970. */
    public long wallMillis() {
        long wall = clock.currentTimeMillis();
        long shift = wall - millis();
        if (Math.abs(shift - periods[0].shift()) >= STEP_MILLIS) {
            stepped(shift);
        }
        return wall;
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

    /** How often the wall clock was set since the start. */
    public int steps() {
        wallMillis();
        return steps;
    }

    /**
     * What the wall clock shows, and what it would show now if it had not been set, as often as that is known: for the age of something
     * that this process may have dated before a step.
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

    /** What the wall clock shows at this time of the proxy, as it is set now. */
    public long toWall(long millis) {
        wallMillis();
        return millis + periods[0].shift();
    }

    /** Wall clock minus proxy's time, in milliseconds; 0 as long as the wall clock has not been set. */
    public long shift() {
        wallMillis();
        return periods[0].shift();
    }

    /** The periods that are still known, the current one first. Not to be changed. */
    public Period[] periods() {
        wallMillis();
        return periods;
    }
}

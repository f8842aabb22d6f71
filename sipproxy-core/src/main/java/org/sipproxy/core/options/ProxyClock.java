package org.sipproxy.core.options;

import java.time.Duration;
import java.time.Instant;

/**
 * The two clocks of a proxy. Expiries, periodic tasks and timeouts are measured on the monotonic clock. The wall clock
 * is used only for values that are written to a database, a header or a log; it may be set while the proxy runs, by any
 * amount in either direction. Tests provide their own clock.
 *
 * <p>The methods that return a time are called by several threads, for every message.
 */
public interface ProxyClock {

    /** Returns the monotonic time in nanoseconds from an arbitrary origin, for all intervals. Must not step. */
    long nanoTime();

    /** Returns the wall-clock time in milliseconds since 1970, for rows, Date headers and logs. May step. */
    long currentTimeMillis();

    /** Returns the wall-clock time, for traces. The clock of a machine is precise to a microsecond or better. */
    default Instant instant() {
        return Instant.ofEpochMilli(currentTimeMillis());
    }

    /**
     * Waits between two looks at the timers. Called by the timer thread only, some 100 times per second. Default sleeps
     * for {@code time}, whatever this clock shows. A clock of tests that is faster than the machine's may return as
     * soon as its own time has passed; the timers that are due by then fire before the next call.
     *
     * @throws InterruptedException if the thread is interrupted, because the proxy is closed
     */
    default void pause(Duration time) throws InterruptedException {
        Thread.sleep(time.toMillis());
    }

    /** Returns the clocks of this machine. */
    static ProxyClock system() {
        return SystemClock.INSTANCE;
    }
}

package org.sipproxy.core.options;

import java.time.Instant;

/**
 * The two clocks of a proxy. Expiries, periodic tasks and timeouts are measured on the monotonic clock. The wall clock
 * is used only for values that are written to a database, a header or a log; it may be set while the proxy runs, by any
 * amount in either direction. Tests provide their own clock.
 *
 * <p>Both methods are called by several threads, for every message.
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

    /** Returns the clocks of this machine. */
    static ProxyClock system() {
        return SystemClock.INSTANCE;
    }
}

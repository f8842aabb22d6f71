package org.sipproxy.core.options;

/**
 * The two clocks of a proxy. Everything that expires, repeats or times out is measured on the monotonic one; the wall clock is only for
 * what is written to a database, a header or a log. The wall clock may be set while the proxy runs, by any amount in either direction.
 * Tests provide their own clock.
 *
 * <p>Both methods are called by several threads, for every message.
 */
public interface ProxyClock {

    /** Monotonic time in nanoseconds from an arbitrary origin: for all intervals. Must not step. */
    long nanoTime();

    /** Wall-clock time in milliseconds since 1970: for rows, Date headers and logs. May step. */
    long currentTimeMillis();

    /** The machine's clocks. */
    static ProxyClock system() {
        return SystemClock.INSTANCE;
    }
}

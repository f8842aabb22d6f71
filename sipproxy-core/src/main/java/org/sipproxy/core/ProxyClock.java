package org.sipproxy.core;

/**
 * The time that a proxy goes by. Tests give their own; everything that expires, repeats or times out follows it.
 *
 * <p>Both methods are called by several threads, for every message.
 */
public interface ProxyClock {

    /** Monotonic time in nanoseconds from an arbitrary origin: for timers. */
    long nanoTime();

    /** Wall-clock time in milliseconds since 1970: for bindings, nonces and Date. */
    long currentTimeMillis();

    /** The machine's clocks. */
    static ProxyClock system() {
        return SystemClock.INSTANCE;
    }
}

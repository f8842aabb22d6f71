package org.sipproxy.core.internal.time;

import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/**
 * Catch block of the outermost frame of a thread, a timer or an upcall. It counts and logs what it catches and never
 * throws, not even a second OutOfMemoryError raised by logging the first.
 *
 * <p>The counts are per JVM, because all proxies in it share its memory. Counting allocates nothing.
 */
public final class Guard {

    private static final AtomicLong ERRORS = new AtomicLong();
    private static final AtomicLong OUT_OF_MEMORY = new AtomicLong();

    private final Logger log;
    private final String what;
    private final FailureLog failures = new FailureLog();

    /**
     * Creates a guard of one place.
     *
     * @param what the log line, such as "timer failed"; complete, so that nothing is concatenated when memory is short
     */
    public Guard(Logger log, String what) {
        this.log = log;
        this.what = what;
    }

    /** Counts and logs {@code e}. Never throws. */
    public void caught(Throwable e) {
        failures.error(log, what, e);
    }

    /** Counts {@code e} if it is an Error; {@link FailureLog} does so for everything it logs. Never throws. */
    public static void count(Throwable e) {
        if (e instanceof Error) {
            ERRORS.incrementAndGet();
            if (e instanceof OutOfMemoryError) {
                OUT_OF_MEMORY.incrementAndGet();
            }
        }
    }

    /** Returns how many Errors were caught since the JVM started, OutOfMemoryErrors included. */
    public static long errors() {
        return ERRORS.get();
    }

    /** Returns how many OutOfMemoryErrors were caught since the JVM started. */
    public static long outOfMemoryErrors() {
        return OUT_OF_MEMORY.get();
    }
}

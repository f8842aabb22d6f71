package org.sipproxy.api.support;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Decides which of many equal log lines are written: at most one per interval. Use one for each kind of line that the
 * network can provoke. Thread-safe.
 */
public final class LogPace {

    private final long intervalNanos;
    private final AtomicLong nextNanos;
    private final AtomicLong omitted = new AtomicLong();

    /** Creates a pace that passes the first line, and then one per {@code interval}. */
    public LogPace(Duration interval) {
        intervalNanos = interval.toNanos();
        nextNanos = new AtomicLong(System.nanoTime());
    }

    /** Returns true if a line may be written now; counts it as omitted otherwise. */
    public boolean isDue() {
        long now = System.nanoTime();
        long next = nextNanos.get();
        if (now - next < 0 || !nextNanos.compareAndSet(next, now + intervalNanos)) {
            omitted.incrementAndGet();
            return false;
        }
        return true;
    }

    /** Returns and resets the number of lines omitted since the last call. */
    public long takeOmitted() {
        return omitted.getAndSet(0);
    }
}

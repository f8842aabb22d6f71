package org.sipproxy.jdbc;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Whether the database answers. While it does not, one question a second finds out, and all others fail at once instead of each
 * waiting for the pool's timeout on a thread.
 *
 * <p>An event loop that was told {@link #wouldWait} false may ask a moment later and is still not made to wait: whatever makes
 * questions possible again does so {@link #NOTICE_NANOS} later for those who did not announce that they may wait.
 */
final class Reachability {

    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long NOTICE_NANOS = Duration.ofMillis(50).toNanos();

    private final LongSupplier nanoTime;
    private final AtomicLong askFrom;
    private volatile boolean out;

    /** Guarded by {@link #out}: written before it is set. */
    private volatile long outSince;

    Reachability(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        this.askFrom = new AtomicLong(nanoTime.getAsLong() - NOTICE_NANOS);
    }

    /** False if a question fails at once. */
    boolean wouldWait() {
        return nanoTime.getAsLong() - askFrom.get() >= -NOTICE_NANOS;
    }

    /** True if the database may be asked now; during an outage for one caller a second. */
    boolean mayAsk() {
        long now = nanoTime.getAsLong();
        long from = askFrom.get();
        return now - from >= 0 && (!out || askFrom.compareAndSet(from, now + PAUSE_NANOS));
    }

    void answered() {
        if (out) {
            askFrom.set(nanoTime.getAsLong() + NOTICE_NANOS);
            out = false;
        }
    }

    void failed() {
        long now = nanoTime.getAsLong();
        askFrom.set(now + PAUSE_NANOS);
        if (!out) {
            outSince = now;
            out = true;
        }
    }

    /** True since a question failed and until one is answered. */
    boolean isOut() {
        return out;
    }

    /** How long the outage lasts so far; zero if there is none. */
    long outNanos() {
        return out ? nanoTime.getAsLong() - outSince : 0;
    }
}

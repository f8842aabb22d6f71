package org.sipproxy.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.core.options.ProxyClock;

/**
 * Clock that runs like the machine's and can be advanced by a test, for expiries of minutes or hours. Set it with
 * {@code configure(builder -> builder.clock(clock))}. It does not stop, so that retransmissions, pings and pauses of a
 * running proxy continue.
 *
 * <p>Thread-safe.
 */
public final class TestClock implements ProxyClock {

    private final AtomicLong aheadNanos = new AtomicLong();
    private final AtomicLong steppedMillis = new AtomicLong();

    /** Creates a clock with the time of the machine. */
    public TestClock() {}

    @Override
    public long nanoTime() {
        return System.nanoTime() + aheadNanos.get();
    }

    @Override
    public long currentTimeMillis() {
        return System.currentTimeMillis() + aheadNanos.get() / 1_000_000 + steppedMillis.get();
    }

    /** Returns the time of the wall clock. */
    public Instant now() {
        return Instant.ofEpochMilli(currentTimeMillis());
    }

    /**
     * Advances the clock. For the next message, everything due by then has expired; timers, such as those of
     * transactions in progress, fire within some 20 ms.
     *
     * @throws IllegalArgumentException if {@code by} is negative, because timers do not run backwards
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("advance: " + by + " (expected zero or more)");
        }
        aheadNanos.addAndGet(by.toNanos());
    }

    /**
     * Sets the wall clock forward or, if {@code by} is negative, back, as an operator or NTP does. The monotonic clock
     * is not changed, so nothing that the proxy has granted ends earlier or later.
     */
    public void stepWallClock(Duration by) {
        steppedMillis.addAndGet(by.toMillis());
    }
}

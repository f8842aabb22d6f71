package org.sipproxy.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.core.options.ProxyClock;

/**
 * A clock that runs as the machine's does and goes forward at once when a test says so: for what expires after minutes or hours, by
 * {@code configure(builder -> builder.clock(clock))}. It does not stand still, so that retransmissions, pings and pauses of a running
 * proxy go on.
 *
 * <p>Safe for use by any thread.
 */
public final class TestClock implements ProxyClock {

    private final AtomicLong aheadNanos = new AtomicLong();
    private final AtomicLong steppedMillis = new AtomicLong();

    /** A clock that is right. */
    public TestClock() {}

    @Override
    public long nanoTime() {
        return System.nanoTime() + aheadNanos.get();
    }

    @Override
    public long currentTimeMillis() {
        return System.currentTimeMillis() + aheadNanos.get() / 1_000_000 + steppedMillis.get();
    }

    /** What the wall clock shows. */
    public Instant now() {
        return Instant.ofEpochMilli(currentTimeMillis());
    }

    /**
     * Goes forward. Whatever is due by then has expired for the next message; timers, such as those of transactions in progress, fire
     * within some 20 ms.
     *
     * @throws IllegalArgumentException if {@code by} is negative: timers do not run backwards
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("advance: " + by + " (expected zero or more)");
        }
        aheadNanos.addAndGet(by.toNanos());
    }

    /**
     * Sets the wall clock forward or, if {@code by} is negative, back, as an operator or NTP does; the monotonic clock goes on. Nothing
     * that the proxy has granted may end earlier or later for it.
     */
    public void stepWallClock(Duration by) {
        steppedMillis.addAndGet(by.toMillis());
    }
}

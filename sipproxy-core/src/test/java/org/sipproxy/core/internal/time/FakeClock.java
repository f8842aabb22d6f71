package org.sipproxy.core.internal.time;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.sipproxy.core.options.ProxyClock;

/** A clock that advances only in {@link #advance}. Thread-safe. */
public final class FakeClock implements ProxyClock {

    /** The initial time. */
    public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

    private final AtomicLong elapsedNanos = new AtomicLong();
    private final AtomicLong steppedMillis = new AtomicLong();

    @Override
    public long nanoTime() {
        return elapsedNanos.get();
    }

    @Override
    public long currentTimeMillis() {
        return START.toEpochMilli() + elapsedNanos.get() / 1_000_000 + steppedMillis.get();
    }

    public Instant now() {
        return Instant.ofEpochMilli(currentTimeMillis());
    }

    public void advance(Duration by) {
        elapsedNanos.addAndGet(by.toNanos());
    }

    /** Sets the wall clock forward or, if negative, back; the monotonic clock is unchanged. */
    public void stepWallClock(Duration by) {
        steppedMillis.addAndGet(by.toMillis());
    }
}

package org.sipproxy.testkit;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.core.options.ProxyClock;

/**
 * Clock that a test advances. Set it with {@link SipProxyExtension.Builder#clock}, or for the proxy alone with {@code
 * configure(proxy -> proxy.clock(clock))}.
 *
 * <p>A clock that {@linkplain #TestClock() runs} shows the machine's time, and {@link #advance} jumps: for expiries of
 * minutes or hours. Retransmissions, pings and pauses continue.
 *
 * <p>A {@linkplain #stopped() stopped} clock moves only in {@link #advance}, and in methods of phones that wait; then it
 * passes through all timers of proxy, phones and networks in their order, without waiting for them: for half a minute
 * of retransmissions in a fraction of a second. What happens depends on the seed of the {@link NetworkFaults}, not on
 * the speed of the machine.
 *
 * <p>Thread-safe.
 */
public final class TestClock implements ProxyClock {

    private final AtomicLong aheadNanos = new AtomicLong();
    private final AtomicLong steppedMillis = new AtomicLong();
    private final long startNanos = System.nanoTime();
    private final long startMillis = System.currentTimeMillis();
    private final @Nullable VirtualTime stopped;
    private final WireListener messages = this::onMessage;

    /** Creates a clock with the time of the machine. */
    public TestClock() {
        this(null);
    }

    private TestClock(@Nullable VirtualTime stopped) {
        this.stopped = stopped;
    }

    /**
     * Creates a clock that stands still at the time of the machine. While it stands, messages pass and are handled;
     * time moves on when none has passed for 4 ms. So whatever waits outside of the clock, such as a query or a sleep
     * of a stage, seems slow: it may take seconds of this clock. Use it for a proxy whose stages do not wait.
     */
    public static TestClock stopped() {
        return new TestClock(new VirtualTime());
    }

    @Override
    public long nanoTime() {
        return stopped == null ? System.nanoTime() + aheadNanos.get() : startNanos + stopped.nanos();
    }

    @Override
    public long currentTimeMillis() {
        long millis = stopped == null
                ? System.currentTimeMillis() + aheadNanos.get() / 1_000_000
                : startMillis + stopped.nanos() / 1_000_000;
        return millis + steppedMillis.get();
    }

    /** Returns the time of the wall clock. */
    public Instant now() {
        return Instant.ofEpochMilli(currentTimeMillis());
    }

    /**
     * Advances the clock.
     *
     * <p>A clock that runs jumps. For the next message, everything due by then has expired; timers, such as those of
     * transactions in progress, fire within some 20 ms. A stopped clock passes through the timers in between: all of
     * them have fired on return, and the messages that they sent have been handled. An hour takes some seconds.
     *
     * @throws IllegalArgumentException if {@code by} is negative, because timers do not run backwards
     */
    public void advance(Duration by) {
        if (by.isNegative()) {
            throw new IllegalArgumentException("advance: " + by + " (expected zero or more)");
        }
        if (stopped == null) {
            aheadNanos.addAndGet(by.toNanos());
        } else {
            stopped.advance(by);
        }
    }

    /**
     * Sets the wall clock forward or, if {@code by} is negative, back, as an operator or NTP does. The monotonic clock
     * is not changed, so nothing that the proxy has granted ends earlier or later.
     */
    public void stepWallClock(Duration by) {
        steppedMillis.addAndGet(by.toMillis());
    }

    /** For the timer threads of proxies. */
    @Override
    public void pause(Duration time) throws InterruptedException {
        if (stopped == null) {
            Thread.sleep(time.toMillis());
        } else {
            stopped.pause(time);
        }
    }

    /** Notes that a message was sent or received, so that a stopped clock stands until its effects are over. */
    void touch() {
        if (stopped != null) {
            stopped.touch();
        }
    }

    private void onMessage(WireMessage message) {
        if (stopped != null) {
            stopped.touch();
            stopped.traffic().atProxy(message);
        }
    }

    /** Returns a listener that notes the messages of a proxy; always the same, so that a proxy has it once. */
    WireListener messages() {
        return messages;
    }

    /** Returns the time that waits must move; null if the clock runs. */
    @Nullable
    VirtualTime stoppedTime() {
        return stopped;
    }
}

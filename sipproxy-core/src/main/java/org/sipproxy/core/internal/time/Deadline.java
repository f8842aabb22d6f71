package org.sipproxy.core.internal.time;

import java.time.Duration;

/** Common deadline of several waits, on the machine's monotonic clock. */
public final class Deadline {

    private final long atNanos;

    private Deadline(long atNanos) {
        this.atNanos = atNanos;
    }

    /** Returns the deadline {@code delay} from now. */
    public static Deadline in(Duration delay) {
        return new Deadline(System.nanoTime() + delay.toNanos());
    }

    /** Returns true if the deadline has passed. */
    public boolean isOver() {
        return leftNanos() <= 0;
    }

    /** Returns the time left in nanoseconds; negative after the deadline. */
    public long leftNanos() {
        return atNanos - System.nanoTime();
    }

    /** Returns the time left in milliseconds, rounded up; 0 after the deadline. */
    public long leftMillis() {
        return Math.max(0, (leftNanos() + 999_999) / 1_000_000);
    }

    /**
     * Waits until the thread has ended; must not be called for the calling thread. An interrupt ends the wait and stays
     * set.
     *
     * @return false if the thread is still running
     */
    public boolean join(Thread thread) {
        long left = leftMillis();
        if (left > 0 && thread != Thread.currentThread()) {
            try {
                thread.join(left);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        return !thread.isAlive();
    }
}

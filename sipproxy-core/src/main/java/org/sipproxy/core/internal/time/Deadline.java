package org.sipproxy.core.internal.time;

import java.time.Duration;

/** A moment by which several waits are over together, however many there are. By the machine's monotonic clock. */
public final class Deadline {

    private final long atNanos;

    private Deadline(long atNanos) {
        this.atNanos = atNanos;
    }

    /** The moment {@code delay} from now. */
    public static Deadline in(Duration delay) {
        return new Deadline(System.nanoTime() + delay.toNanos());
    }

    /** True if it has passed. */
    public boolean isOver() {
        return leftNanos() <= 0;
    }

    /** The time left; negative when it has passed. */
    public long leftNanos() {
        return atNanos - System.nanoTime();
    }

    /** The time left, 0 when it has passed; a part of a millisecond counts as one. */
    public long leftMillis() {
        return Math.max(0, (leftNanos() + 999_999) / 1_000_000);
    }

    /**
     * Waits until the thread has ended; not for the calling thread. An interrupt ends the wait and stays set.
     *
     * @return false if the thread still runs
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

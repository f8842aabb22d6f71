package org.sipproxy.testkit;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Time limit of waits, on a clock. A wait moves the time of a stopped clock.
 *
 * @param clock null for the clock of the machine
 */
record Patience(Duration limit, @Nullable TestClock clock) {

    private static final long PAUSE_MILLIS = 10;

    /** Waits until the condition, which nothing notifies about, is true. Returns false if it is still false. */
    boolean await(BooleanSupplier condition) {
        Wait wait = begin();
        while (!condition.getAsBoolean()) {
            if (wait.isOver()) {
                return false;
            }
            if (!wait.moves()) {
                try {
                    Thread.sleep(PAUSE_MILLIS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return condition.getAsBoolean();
                }
            }
        }
        return true;
    }

    Wait begin() {
        return new Wait(limit, clock == null ? null : clock.stoppedTime());
    }

    /** One wait. */
    static final class Wait {

        private final @Nullable VirtualTime stopped;
        private final long limitNanos;

        private Wait(Duration limit, @Nullable VirtualTime stopped) {
            this.stopped = stopped;
            this.limitNanos = limit.toNanos() + (stopped == null ? System.nanoTime() : stopped.nanos());
        }

        /** Returns true if the clock stands still unless this wait moves it. */
        boolean moves() {
            return stopped != null;
        }

        /**
         * Returns true if the limit has passed. Otherwise a stopped clock has moved by a step; look at what is awaited
         * before the next call. Must not be called with a lock that receivers of messages need.
         */
        boolean isOver() {
            return stopped == null ? leftMillis() <= 0 : !stopped.step(limitNanos);
        }

        /** Returns the time left on the machine's clock. */
        long leftMillis() {
            return (limitNanos - System.nanoTime()) / 1_000_000;
        }
    }

    /** Returns the limit, for the text of a failed wait. */
    @Override
    public String toString() {
        return limit.toString();
    }
}

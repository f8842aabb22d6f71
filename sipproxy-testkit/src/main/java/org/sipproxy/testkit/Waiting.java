package org.sipproxy.testkit;

import java.time.Duration;
import java.util.function.BooleanSupplier;

/** Polling for conditions that nothing notifies about. */
final class Waiting {

    private static final long PAUSE_MILLIS = 10;

    private Waiting() {}

    /** Waits until the condition is true. Returns false if it is still false after {@code patience}. */
    static boolean until(BooleanSupplier condition, Duration patience) {
        long limit = System.nanoTime() + patience.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - limit > 0) {
                return false;
            }
            try {
                Thread.sleep(PAUSE_MILLIS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return condition.getAsBoolean();
            }
        }
        return true;
    }
}

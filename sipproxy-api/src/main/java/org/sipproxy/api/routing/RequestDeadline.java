package org.sipproxy.api.routing;

import java.util.concurrent.TimeUnit;

/**
 * Deadline for the decision about the request that the current worker thread handles. All waiting for one request
 * counts against it: the queue of the worker, and every database that a stage or store asks. The proxy sets the
 * deadline; code that waits on a worker thread limits its wait to {@link #within}. Other threads have no deadline.
 */
public final class RequestDeadline {

    /** A {@link System#nanoTime()}; absent without a deadline. */
    private static final ThreadLocal<Long> NANOS = new ThreadLocal<>();

    private RequestDeadline() {}

    /**
     * Runs {@code work} with a deadline. Called by the proxy.
     *
     * @param deadlineNanos a {@link System#nanoTime()}
     */
    public static void run(long deadlineNanos, Runnable work) {
        NANOS.set(deadlineNanos);
        try {
            work.run();
        } finally {
            NANOS.remove();
        }
    }

    /** Returns true if the deadline has passed, so that a result would come too late. */
    public static boolean hasPassed() {
        Long deadline = NANOS.get();
        return deadline != null && System.nanoTime() - deadline >= 0;
    }

    /** Returns {@code millis}, or the time until the deadline if that is less; in milliseconds, at least 1. */
    public static long within(long millis) {
        Long deadline = NANOS.get();
        if (deadline == null) {
            return millis;
        }
        return Math.max(1, Math.min(millis, TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime())));
    }
}

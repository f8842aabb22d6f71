package org.sipproxy.core.internal.location;

import org.sipproxy.core.internal.guard.ProxyThreads;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a task periodically on a daemon thread of its own, so that a run ends an interval after the one before began, or up to a
 * fifth of it earlier: the duration of the runs before is taken off, and half of the interval before the first run. A task that
 * takes longer than the interval runs without a pause worth mentioning. After a failure it is tried again sooner, at first after
 * a second, then after twice as long each time.
 */
final class PeriodicTask implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PeriodicTask.class);

    private static final long FIRST_RETRY_MILLIS = 1_000;
    private static final long LAST_RETRY_MILLIS = 5_000;
    private static final long SHORTEST_PAUSE_MILLIS = 20;

    private final Guard guard;
    private final Thread thread;
    private final long intervalMillis;
    private final Runnable task;
    /** Guarded by this object's monitor, on which the thread waits. */
    private boolean closed;
    /** Guarded by it, too: the pause is to end now. */
    private boolean soon;

    PeriodicTask(ProxyThreads threads, String name, Duration interval, Runnable task) {
        this.intervalMillis = interval.toMillis();
        this.task = task;
        this.guard = new Guard(LOG, name + " failed");
        this.thread = threads.create(name, this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        // nothing is known of the first run, whose code is cold: it may take half of the interval
        long expected = intervalMillis / 2;
        long pause = pauseMillis(intervalMillis) - expected;
        int failed = 0;
        while (sleep(pause)) {
            long begun = System.nanoTime();
            if (succeeds()) {
                failed = 0;
                long took = (System.nanoTime() - begun) / 1_000_000;
                expected = Math.max(took, expected - expected / 8);
                pause = Math.max(SHORTEST_PAUSE_MILLIS, pauseMillis(intervalMillis) - took - expected);
            } else {
                pause = pauseMillis(Math.min(intervalMillis, retryMillis(failed++)));
            }
        }
    }

    /** Never throws, so that only {@link #close} ends the thread. */
    private boolean succeeds() {
        try {
            return runsTask();
        } catch (Throwable e) {
            guard.caught(e);
            return false;
        }
    }

    private boolean runsTask() {
        try {
            task.run();
            return true;
        } catch (LocationStoreException e) {
            LOG.debug("{} is tried again: {}", thread.getName(), e.getMessage()); // told by the watched repository
            return false;
        }
    }

    /** False if it is closed. */
    private synchronized boolean sleep(long millis) {
        long end = System.nanoTime() + 1_000_000 * millis;
        while (!closed) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0 || soon) {
                soon = false;
                return true;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                LOG.debug("{} was interrupted; only close() ends it", thread.getName());
            }
        }
        return false;
    }

    private static long retryMillis(int failed) {
        return Math.min(LAST_RETRY_MILLIS, FIRST_RETRY_MILLIS << Math.min(failed, 10));
    }

    /** Up to a fifth shorter, so that servers that were started together do not work together. */
    private static long pauseMillis(long millis) {
        return millis - ThreadLocalRandom.current().nextLong(millis / 5 + 1);
    }

    /** Ends the present pause, if it is one; a run that fails is tried again soon. */
    synchronized void runSoon() {
        soon = true;
        notifyAll();
    }

    /** Ends it, and waits at most so long for what it is at. */
    void close(Duration limit) {
        synchronized (this) {
            closed = true;
            notifyAll();
        }
        try {
            if (thread != Thread.currentThread()) {
                thread.join(Math.max(1, limit.toMillis()));
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        close(Duration.ofSeconds(1));
    }
}

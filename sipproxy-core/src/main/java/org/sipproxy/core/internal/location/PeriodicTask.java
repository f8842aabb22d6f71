package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a task periodically on a daemon thread, with −20 % jitter and backoff. A run ends at most one interval after the
 * previous run began: the duration of earlier runs is subtracted from the pause, and half the interval before the first
 * run. A task that takes longer than the interval runs almost without a pause. After a failure it is retried sooner,
 * first after one second, then after twice as long each time.
 */
final class PeriodicTask implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);

    private static final long FIRST_RETRY_MILLIS = 1_000;
    private static final long LAST_RETRY_MILLIS = 5_000;
    private static final long SHORTEST_PAUSE_MILLIS = 20;

    private final Guard guard;
    private final Thread thread;
    private final long intervalMillis;
    private final Runnable task;
    /** Guarded by this object's monitor, on which the thread waits. */
    private boolean closed;
    /** True to end the current pause now. Guarded by the same monitor. */
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
        // the duration of the first run is unknown and its code is cold: it may take half of the interval
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
            LOG.debug("{} failed, retrying: {}", thread.getName(), e.getMessage()); // WatchedRepository logs why
            return false;
        }
    }

    /** Returns false if the task is closed. */
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

    /** Shortens the pause by up to a fifth, so that servers that were started together do not run together. */
    private static long pauseMillis(long millis) {
        return millis - ThreadLocalRandom.current().nextLong(millis / 5 + 1);
    }

    /** Ends the current pause, if there is one; a run that fails is retried soon. */
    synchronized void runSoon() {
        soon = true;
        notifyAll();
    }

    /** Ends the task, and waits at most this long for the current run. */
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

package org.sipproxy.core.internal.guard;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.BooleanSupplier;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.Logger;

/**
 * Runs a task periodically on a thread of its own, with −20 % jitter and backoff. A run ends at most one interval after
 * the previous run began: the duration of earlier runs is subtracted from the pause, and half the interval before the
 * first run. A task that takes longer than the interval runs almost without a pause. After a failure it is retried
 * sooner, first after one second, then after twice as long each time, at most five seconds.
 */
public final class PeriodicTask implements AutoCloseable {

    private static final long FIRST_RETRY_MILLIS = 1_000;
    private static final long LAST_RETRY_MILLIS = 5_000;
    private static final long SHORTEST_PAUSE_MILLIS = 20;

    private final Logger log;
    private final Guard guard;
    private final Thread thread;
    private final Duration interval;
    private final long intervalMillis;
    private final BooleanSupplier task;
    /** Guarded by this object's monitor, on which the thread waits. */
    private boolean closed;
    /** True to end the current pause now. Guarded by the same monitor. */
    private boolean soon;
    /** True to run once more after {@link #close}. Guarded by the same monitor. */
    private boolean onceMore;

    /**
     * @param log the log of what the task throws
     * @param task returns false if it failed and has logged why
     */
    public PeriodicTask(ProxyThreads threads, String name, Duration interval, Logger log, BooleanSupplier task) {
        this.interval = interval;
        this.intervalMillis = interval.toMillis();
        this.task = task;
        this.log = log;
        this.guard = new Guard(log, name + " failed");
        this.thread = threads.create(name, this::run);
    }

    /** Starts the thread. */
    public void start() {
        thread.start();
    }

    private void run() {
        // the duration of the first run is unknown and its code is cold: it may take half of the interval
        long expected = intervalMillis / 2;
        long pause = pauseMillis(intervalMillis) - expected;
        int failed = 0;
        while (sleep(pause)) {
            Deadline end = Deadline.in(interval);
            if (succeeds()) {
                failed = 0;
                long took = intervalMillis - end.leftMillis();
                expected = Math.max(took, expected - expected / 8);
                pause = Math.max(SHORTEST_PAUSE_MILLIS, pauseMillis(intervalMillis) - took - expected);
            } else {
                pause = pauseMillis(Math.min(intervalMillis, retryMillis(failed++)));
            }
        }
        if (runsOnceMore()) {
            succeeds();
        }
    }

    /** Never throws, so that only {@link #close} ends the thread. */
    private boolean succeeds() {
        try {
            return task.getAsBoolean();
        } catch (Throwable e) {
            guard.caught(e);
            return false;
        }
    }

    /** Returns false if the task is closed. */
    private synchronized boolean sleep(long millis) {
        Deadline end = Deadline.in(Duration.ofMillis(millis));
        while (!closed) {
            long left = end.leftMillis();
            if (left <= 0 || soon) {
                soon = false;
                return true;
            }
            try {
                wait(left);
            } catch (InterruptedException e) {
                log.debug("{} was interrupted; only close() ends it", thread.getName());
            }
        }
        return false;
    }

    private synchronized boolean runsOnceMore() {
        return onceMore;
    }

    private static long retryMillis(int failed) {
        return Math.min(LAST_RETRY_MILLIS, FIRST_RETRY_MILLIS << Math.min(failed, 10));
    }

    /** Shortens the pause by up to a fifth, so that servers that were started together do not run together. */
    private static long pauseMillis(long millis) {
        return millis - ThreadLocalRandom.current().nextLong(millis / 5 + 1);
    }

    /** Ends the current pause, if there is one; a run that fails is retried soon. */
    public synchronized void runSoon() {
        soon = true;
        notifyAll();
    }

    /** Ends the task, and waits for the current run until the deadline. */
    public void close(Deadline limit) {
        close(limit, false);
    }

    /**
     * Ends the task after a last run, and waits for that run.
     *
     * @return false if it has not ended at the deadline
     */
    public boolean closeAfterLastRun(Deadline limit) {
        return close(limit, true);
    }

    private boolean close(Deadline limit, boolean lastRun) {
        synchronized (this) {
            closed = true;
            onceMore |= lastRun;
            notifyAll();
        }
        return limit.join(thread);
    }

    /** Ends the task, and waits at most one second for the current run. */
    @Override
    public void close() {
        close(Deadline.in(Duration.ofSeconds(1)));
    }
}

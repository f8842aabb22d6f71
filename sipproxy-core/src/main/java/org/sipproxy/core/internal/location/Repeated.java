package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Something that is done again and again on a daemon thread of its own, at the end of an interval or up to a fifth before it.
 * After a failure it is tried again sooner, at first after a second, then after twice as long each time.
 */
final class Repeated implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Repeated.class);

    private static final long FIRST_RETRY_MILLIS = 1_000;
    private static final long LAST_RETRY_MILLIS = 10_000;

    private final Guard guard;
    private final Thread thread;
    private final long intervalMillis;
    private final Runnable task;
    /** Guarded by this object's monitor, on which the thread waits. */
    private boolean closed;

    Repeated(String name, Duration interval, Runnable task) {
        this.intervalMillis = interval.toMillis();
        this.task = task;
        this.guard = new Guard(LOG, name + " failed");
        this.thread = new Thread(this::run, name);
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    private void run() {
        int failed = 0;
        while (sleep(failed)) {
            failed = succeeds() ? 0 : failed + 1;
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
    private synchronized boolean sleep(int failed) {
        long end = System.nanoTime() + 1_000_000 * pauseMillis(failed);
        while (!closed) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
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

    private long pauseMillis(int failed) {
        long pause = intervalMillis;
        if (failed > 0) {
            pause = Math.min(pause, Math.min(LAST_RETRY_MILLIS, FIRST_RETRY_MILLIS << Math.min(failed - 1, 10)));
        }
        return pause - ThreadLocalRandom.current().nextLong(pause / 5 + 1);
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

package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Final flush when the store is closed, which continues as long as rows are being written. One thread writes; the
 * closing thread logs the progress every second and decides when to give up.
 */
final class LastFlush {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);

    private static final long LOOK_MILLIS = 1_000;
    private static final long RETRY_MILLIS = 200;

    private final Flusher flusher;
    private final Duration limit;
    private final Duration patience;
    private final ProxyThreads threads;
    private final Guard guard = new Guard(LOG, "the last flush failed");
    private volatile boolean abandoned;

    /**
     * Creates a flush of the dirty AORs.
     *
     * @param limit maximum duration of the flush
     * @param patience maximum time without a write
     */
    LastFlush(Flusher flusher, Duration limit, Duration patience, ProxyThreads threads) {
        this.flusher = flusher;
        this.limit = limit;
        this.patience = patience;
        this.threads = threads;
    }

    /** Returns when no change waits, or when the flush has given up. */
    void run() {
        int total = flusher.waiting();
        Thread writer = threads.create("location-last-flush", this::write);
        writer.start();
        long begun = System.nanoTime();
        long progressAt = begun;
        long before = flusher.done();
        long seen = before;
        while (isAlive(writer)) {
            long now = System.nanoTime();
            long done = flusher.done();
            if (done != seen) {
                seen = done;
                progressAt = now;
            }
            LOG.info("writing the remaining changes before closing: {} of {} users done", done - before, total);
            if (now - begun > limit.toNanos() || now - progressAt > patience.toNanos()) {
                LOG.error(
                        "remaining changes not written, given up after {} s: {}",
                        TimeUnit.NANOSECONDS.toSeconds(now - begun),
                        now - progressAt > patience.toNanos()
                                ? "nothing could be written for " + patience.toSeconds() + " s"
                                : "the stop limit is reached");
                abandoned = true;
                return;
            }
        }
    }

    /** Waits one second at most. */
    private static boolean isAlive(Thread writer) {
        try {
            writer.join(LOOK_MILLIS);
        } catch (InterruptedException e) {
            LOG.debug("interrupted while the remaining changes are written; writing continues");
        }
        return writer.isAlive();
    }

    private void write() {
        while (!abandoned && flusher.waiting() > 0) {
            try {
                flusher.flush(() -> !abandoned);
            } catch (LocationStoreException e) {
                LOG.debug("final flush failed, retrying: {}", e.getMessage()); // the watched repository logs the reason
                pause();
            } catch (Throwable e) {
                guard.caught(e);
                pause();
            }
        }
    }

    private static void pause() {
        try {
            TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
        } catch (InterruptedException e) {
            LOG.debug("interrupted; only close() ends the final flush");
        }
    }
}

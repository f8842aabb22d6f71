package org.sipproxy.jdbc;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.jdbc.CredentialCache.Read;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Queue of rows in {@code subscriber} that are to be read in batches: while one query runs, further reads are
 * collected. The many look-ups after a start therefore need few round trips, and a single one does not wait for others.
 *
 * <p>Dedicated threads read, and end when the queue is empty. A read can therefore begin before a thread waits for it,
 * and a request that gives up does not end a query of other requests.
 */
final class LookupQueue {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.AUTHENTICATION);

    /** Maximum number of rows in one query. */
    static final int BATCH = 100;

    /** Above this size, only threads that wait for their read may add one. */
    private static final int MAX_READ_AHEAD = 2_000;

    /**
     * How many reads must wait for each busy thread before another thread helps: two queries of few rows cost more than
     * one query of many.
     */
    private static final int READS_PER_THREAD = 25;

    /** A read that has waited this long is not collected any longer, because the query before it may hang. */
    private static final long COLLECTING_MILLIS = 20;

    /** How long a request waits until its read begins. */
    private static final long LONGEST_IN_QUEUE_MILLIS = 2_000;

    /** How long a request waits for its read. */
    private static final long LONGEST_WAIT_MILLIS = 10_000;

    private final int maxThreads;
    private final Consumer<List<Read>> reader;
    private final BiConsumer<Read, Throwable> failure;
    private final Executor executor;
    private final Deque<Read> waiting = new ArrayDeque<>(); // guarded by this
    private int busy; // guarded by this

    /**
     * Creates a queue.
     *
     * @param maxThreads maximum number of threads that read at a time
     * @param reader reads rows, and completes each read
     * @param failure completes a read for which the reader threw an exception
     * @param executor runs the threads that read
     */
    LookupQueue(int maxThreads, Consumer<List<Read>> reader, BiConsumer<Read, Throwable> failure, Executor executor) {
        this.maxThreads = maxThreads;
        this.reader = reader;
        this.failure = failure;
        this.executor = executor;
    }

    /** Adds a read. Does not wait. */
    void add(Read read) {
        boolean helps;
        synchronized (this) {
            waiting.addLast(read);
            helps = mayHelp(busy * READS_PER_THREAD);
        }
        if (helps) {
            help();
        }
    }

    /** Returns true if a read may be added by a thread that does not wait for it. */
    synchronized boolean hasRoom() {
        return waiting.size() < MAX_READ_AHEAD;
    }

    /** Returns true if another thread should read; it counts as busy then. */
    private synchronized boolean mayHelp(int collected) {
        boolean helps = busy < maxThreads && waiting.size() > collected;
        if (helps) {
            busy++;
        }
        return helps;
    }

    /**
     * Starts another thread. Returns false if none is available; the first request that has waited for a while reads
     * then.
     */
    private boolean help() {
        try {
            executor.execute(this::readUntilEmpty);
            return true;
        } catch (RuntimeException | Error e) {
            LOG.debug("no thread for look-ups available: {}", e.getMessage());
            synchronized (this) {
                busy--;
            }
            return false;
        }
    }

    private void readUntilEmpty() {
        for (List<Read> batch = next(); !batch.isEmpty(); batch = next()) {
            try {
                reader.accept(batch);
            } catch (Throwable e) { // fail the waiting requests and read the next batch
                batch.forEach(read -> failure.accept(read, e));
            }
        }
    }

    private void readHere() {
        synchronized (this) {
            busy++;
        }
        readUntilEmpty();
    }

    /** Returns the next batch. If it is empty, the thread is not busy any longer. */
    private synchronized List<Read> next() {
        List<Read> batch = new ArrayList<>(Math.min(BATCH, waiting.size()));
        while (batch.size() < BATCH && !waiting.isEmpty()) {
            batch.add(waiting.removeFirst());
        }
        if (batch.isEmpty()) {
            busy--;
        }
        return batch;
    }

    /**
     * Waits for a read, at most as long as the request has time.
     *
     * @throws TemporarilyUnavailableException if the row could not be read in time
     */
    Credentials await(Read read) {
        try {
            long limit = RequestDeadline.within(LONGEST_WAIT_MILLIS);
            long began = System.nanoTime();
            for (long patience : new long[] {COLLECTING_MILLIS, LONGEST_IN_QUEUE_MILLIS}) {
                try {
                    return read.result.get(Math.min(limit, patience), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    if (!read.hasBegun() && mayHelp(0) && !help()) {
                        readHere();
                    }
                }
            }
            if (!read.hasBegun()) {
                throw new TemporarilyUnavailableException("the database is too slow for the waiting look-ups", 5, null);
            }
            long left = limit - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            return read.result.get(Math.max(0, left), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof TemporarilyUnavailableException unavailable) {
                throw unavailable;
            }
            throw new IllegalStateException("the look-up of a subscriber failed", e.getCause());
        } catch (TimeoutException e) {
            throw new TemporarilyUnavailableException("the look-up of a subscriber takes too long", 5, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TemporarilyUnavailableException("interrupted", 1, e);
        }
    }
}

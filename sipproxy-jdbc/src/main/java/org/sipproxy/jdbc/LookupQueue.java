package org.sipproxy.jdbc;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.jdbc.CredentialCache.Read;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows of {@code subscriber} that are to be read, in batches: while one query runs, the next reads gather. So the many look-ups
 * after a start cost few round trips, and a lone one waits for no other.
 *
 * <p>Threads of its own read, which end when nothing waits. A row can therefore be asked for before a thread waits for it, and a
 * request that gives up in time does not end the query of others.
 */
final class LookupQueue {

    private static final Logger LOG = LoggerFactory.getLogger(JdbcCredentials.class);

    /** Rows in one query. */
    static final int BATCH = 100;

    /** More than this waits only with threads that wait for it. */
    private static final int MOST_AHEAD = 2_000;

    /** As many reads wait for each busy thread before another one helps; two queries of few rows cost more than one of more. */
    private static final int GATHERED = 25;

    /** A read that has waited this long is not gathered any more: the query before it may hang. */
    private static final long GATHERING_MILLIS = 20;

    /** How long a request waits until its read begins. */
    private static final long LONGEST_IN_QUEUE_MILLIS = 2_000;

    /** How long a request waits for its read. */
    private static final long LONGEST_WAIT_MILLIS = 10_000;

    private static final Executor THREADS = threads();

    private final int atOnce;
    private final Consumer<List<Read>> reader;
    private final BiConsumer<Read, Throwable> failure;
    private final Executor executor;
    private final Deque<Read> waiting = new ArrayDeque<>(); // guarded by this
    private int busy; // guarded by this

    /**
     * A queue.
     *
     * @param atOnce most threads that read at a time
     * @param reader reads rows, and completes each read
     * @param failure completes a read for which the reader threw something
     */
    LookupQueue(int atOnce, Consumer<List<Read>> reader, BiConsumer<Read, Throwable> failure) {
        this(atOnce, reader, failure, THREADS);
    }

    LookupQueue(int atOnce, Consumer<List<Read>> reader, BiConsumer<Read, Throwable> failure, Executor executor) {
        this.atOnce = atOnce;
        this.reader = reader;
        this.failure = failure;
        this.executor = executor;
    }

    private static Executor threads() {
        return new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread thread = new Thread(task, "sipproxy-subscriber-lookup");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Adds a read. Does not wait. */
    void add(Read read) {
        boolean helps;
        synchronized (this) {
            waiting.addLast(read);
            helps = mayHelp(busy * GATHERED);
        }
        if (helps) {
            help();
        }
    }

    /** Returns false if so much waits that a read should be added only by a thread that waits for it. */
    synchronized boolean hasRoom() {
        return waiting.size() < MOST_AHEAD;
    }

    /** True if another thread is to read; it counts as busy then. */
    private synchronized boolean mayHelp(int gathered) {
        boolean helps = busy < atOnce && waiting.size() > gathered;
        if (helps) {
            busy++;
        }
        return helps;
    }

    /** False if there is no thread to be had; then the first request that has waited for a while reads. */
    private boolean help() {
        try {
            executor.execute(this::readOn);
            return true;
        } catch (RuntimeException | Error e) {
            LOG.debug("no thread for look-ups: {}", e.getMessage());
            synchronized (this) {
                busy--;
            }
            return false;
        }
    }

    private void readOn() {
        for (List<Read> batch = next(); !batch.isEmpty(); batch = next()) {
            try {
                reader.accept(batch);
            } catch (Throwable e) { // the requests that wait are told, and the next batch is read
                batch.forEach(read -> failure.accept(read, e));
            }
        }
    }

    private void readHere() {
        synchronized (this) {
            busy++;
        }
        readOn();
    }

    /** Empty if nothing waits; then the thread is not busy any more. */
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
     * Waits for a read, as long as the request has time.
     *
     * @throws TemporarilyUnavailableException if the row could not be read in time
     */
    Credentials await(Read read) {
        try {
            long limit = RequestDeadline.within(LONGEST_WAIT_MILLIS);
            long began = System.nanoTime();
            for (long patience : new long[] {GATHERING_MILLIS, LONGEST_IN_QUEUE_MILLIS}) {
                try {
                    return read.result.get(Math.min(limit, patience), TimeUnit.MILLISECONDS);
                } catch (TimeoutException e) {
                    if (!read.hasBegun() && mayHelp(0) && !help()) {
                        readHere();
                    }
                }
            }
            if (!read.hasBegun()) {
                throw new TemporarilyUnavailableException(
                        "the database is too slow for the look-ups that wait", 5, null);
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

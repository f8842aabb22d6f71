package org.sipproxy.core.internal.location;

import org.sipproxy.core.internal.guard.ProxyThreads;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.time.ProxyTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes changed addresses, in rounds. A large round is shared with a second thread, so that one batch is prepared while the
 * database works on the other. One flush runs at a time, and its rounds follow each other, so the changes of an address are
 * written in their order.
 */
final class Flusher {

    private static final Logger LOG = LoggerFactory.getLogger(WriteBackStore.class);

    /** Addresses in one transaction: enough to make its cost small, few enough to repeat it. */
    private static final int BATCH = 2_000;

    /** What a batch shrinks to after failures, so that a database that is slow gets some of it within its time limit. */
    private static final int SMALLEST_BATCH = 50;

    private final DirtyAddresses dirty;
    private final WatchedRepository repository;
    private final MemoryLocationStore memory;
    private final ProxyTime time;
    private final LogThrottle refusals = new LogThrottle();
    private final ReentrantLock flushing = new ReentrantLock();
    private final LongAdder done = new LongAdder();
    private final ThreadPoolExecutor second;
    private int batch = BATCH; // guarded by the lock
    /** Since when the oldest change waits that a round took from the queue. Written before {@link #taken}. */
    private volatile long takenSinceNanos;

    /** True from the start of a round until one succeeds. */
    private volatile boolean taken;

    Flusher(
            DirtyAddresses dirty,
            WatchedRepository repository,
            MemoryLocationStore memory,
            ProxyTime time,
            ProxyThreads threads) {
        this.dirty = dirty;
        this.repository = repository;
        this.memory = memory;
        this.time = time;
        this.second = new ThreadPoolExecutor(
                1, 1, 1, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), threads.factory("location-write"));
        second.allowCoreThreadTimeOut(true);
    }

    /**
     * Writes what waits now.
     *
     * @param goesOn asked before each round; false to leave the rest
     * @throws LocationStoreException if the database does not take it; what was not written waits again
     */
    void flush(BooleanSupplier goesOn) {
        flushing.lock();
        try {
            int left = dirty.size();
            if (left == 0) {
                taken = false; // what failed has ended since
            }
            while (left > 0 && goesOn.getAsBoolean()) {
                int took = round(left);
                if (took == 0) {
                    return;
                }
                left -= took;
            }
        } finally {
            flushing.unlock();
        }
    }

    /** Returns the number of addresses that were taken from the queue. */
    private int round(int left) {
        // while the database is away, one thread asks it
        int most = repository.isAway() ? batch : 2 * batch;
        noteOldest();
        try {
            List<AorEntry> addresses = dirty.take(Math.min(left, most));
            if (addresses.size() <= batch) {
                write(addresses);
            } else {
                writeTogether(addresses);
            }
            batch = Math.min(BATCH, 2 * batch);
            taken = false;
            return addresses.size();
        } catch (LocationStoreException e) {
            batch = Math.max(SMALLEST_BATCH, batch / 2);
            throw e;
        }
    }

    private void noteOldest() {
        long since = time.nanoTime() - dirty.oldestNanos();
        if (!taken || since - takenSinceNanos < 0) { // after a failure the older time counts on
            takenSinceNanos = since;
        }
        taken = true;
    }

    /** Both halves are over when it returns, however they ended. An address is in one of them only, even if it was taken twice. */
    private void writeTogether(List<AorEntry> addresses) {
        List<AorEntry> mine = new ArrayList<>(addresses.size());
        List<AorEntry> others = new ArrayList<>(addresses.size());
        for (AorEntry address : addresses) {
            ((address.aor.hashCode() & 1) == 0 ? mine : others).add(address);
        }
        CompletableFuture<Void> other;
        try {
            other = CompletableFuture.runAsync(() -> write(others), second);
        } catch (RuntimeException | Error e) {
            LOG.debug("no second thread to be had: {}", e.getMessage());
            write(addresses);
            return;
        }
        LocationStoreException failure = null;
        try {
            write(mine);
        } catch (LocationStoreException e) {
            failure = e;
        } finally {
            try {
                other.join();
            } catch (CompletionException e) {
                Throwable cause = e.getCause();
                failure = failure != null ? failure : asStoreException(cause == null ? e : cause);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private static LocationStoreException asStoreException(Throwable e) {
        return e instanceof LocationStoreException store
                ? store
                : new LocationStoreException("writing bindings failed: " + e, e);
    }

    /** In one transaction; if the database refuses something of it, in halves until what it refuses stands alone. */
    private void write(List<AorEntry> addresses) {
        Deque<List<AorEntry>> parts = new ArrayDeque<>();
        parts.push(addresses);
        try {
            while (!parts.isEmpty()) {
                List<AorEntry> part = parts.peek();
                FlushBatch batchOfPart = FlushBatch.of(part, time.millis());
                try {
                    batchOfPart.writeTo(repository);
                    batchOfPart.written(memory);
                    parts.pop();
                    done.add(part.size());
                } catch (LocationStoreException e) {
                    if (e.kind() != Kind.REFUSED) {
                        batchOfPart.mayBeWritten();
                        throw e;
                    }
                    refused(parts, e);
                } catch (RuntimeException | Error e) {
                    batchOfPart.mayBeWritten();
                    throw e;
                }
            }
        } finally {
            parts.forEach(dirty::addBack);
        }
    }

    private void refused(Deque<List<AorEntry>> parts, LocationStoreException e) {
        List<AorEntry> part = parts.pop();
        if (part.size() > 1) {
            parts.push(new ArrayList<>(part.subList(part.size() / 2, part.size())));
            parts.push(new ArrayList<>(part.subList(0, part.size() / 2)));
        } else {
            // not tried again before it changes: the same values would be refused again
            refusals.warn(LOG, "bindings of " + part.get(0).aor + " stay in memory only, refused", e);
            done.increment();
        }
    }

    /** Returns the number of addresses dealt with since the store was made. */
    long done() {
        return done.sum();
    }

    /** Returns how long the oldest change has waited to be written; 0 if none waits. */
    long oldestNanos() {
        long queued = dirty.oldestNanos();
        return taken ? Math.max(queued, time.nanoTime() - takenSinceNanos) : queued;
    }
}

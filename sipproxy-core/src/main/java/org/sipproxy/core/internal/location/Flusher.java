package org.sipproxy.core.internal.location;

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
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.time.ProxyTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writer of changed AORs, in rounds. A large round is split with a second thread, so that one batch is prepared while
 * the database works on the other. Flushes and rounds run one after the other, so the changes of an AOR are written in
 * order.
 */
final class Flusher {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);

    /** AORs per transaction: enough to keep its relative cost low, few enough to retry it. */
    private static final int BATCH = 2_000;

    /** Minimum size of a batch after failures, so that a slow database can write part of it within its time limit. */
    private static final int SMALLEST_BATCH = 50;

    private final DirtyAddresses dirty;
    private final WatchedRepository repository;
    private final MemoryLocationStore memory;
    private final ProxyTime time;
    private final FailureLog refusals = new FailureLog();
    private final ReentrantLock flushing = new ReentrantLock();
    private final LongAdder done = new LongAdder();
    private final ThreadPoolExecutor second;
    private int batch = BATCH; // guarded by the lock
    /** Since when the oldest change of the current round has waited. Written before {@link #taken}. */
    private volatile long takenSinceNanos;

    /** AORs of the current round, which are not in the queue. */
    private volatile int inRound;

    /** True from the start of a round until a round succeeds. */
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
     * Writes the changes that wait now.
     *
     * @param mayContinue called before each round; false to leave the rest
     * @throws LocationStoreException if the database does not accept a change; what was not written waits again
     */
    void flush(BooleanSupplier mayContinue) {
        flushing.lock();
        try {
            int left = dirty.size();
            if (left == 0) {
                taken = false; // changes that failed have expired since
            }
            while (left > 0 && mayContinue.getAsBoolean()) {
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

    /** Returns the number of AORs that were taken from the queue. */
    private int round(int left) {
        // while the database is down, only one thread uses it
        int most = repository.isAway() ? batch : 2 * batch;
        noteOldest();
        try {
            List<AorEntry> addresses = dirty.take(Math.min(left, most));
            inRound = addresses.size();
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
        } finally {
            inRound = 0;
        }
    }

    private void noteOldest() {
        long since = time.nanoTime() - dirty.oldestNanos();
        if (!taken || since - takenSinceNanos < 0) { // after a failure the older time still counts
            takenSinceNanos = since;
        }
        taken = true;
    }

    /**
     * Returns when both halves have ended, in success or failure. An AOR is in only one of them, even if it was taken
     * twice.
     */
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
            LOG.debug("no second thread could be started: {}", e.getMessage());
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

    /**
     * Writes in one transaction. If the database refuses a part, the batch is halved until the refused AOR is alone.
     */
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
            // not retried before it changes: the same values would be refused again
            refusals.warn(LOG, "bindings of " + part.get(0).aor + " stay in memory only: the database refused them", e);
            done.increment();
        }
    }

    /** Returns the number of AORs processed since the store was created. */
    long done() {
        return done.sum();
    }

    /** Returns the number of AORs whose changes wait to be written or are being written. */
    int waiting() {
        return dirty.size() + inRound;
    }

    /** Returns how long the oldest change has waited to be written; 0 if none waits. */
    long oldestNanos() {
        long queued = dirty.oldestNanos();
        return taken ? Math.max(queued, time.nanoTime() - takenSinceNanos) : queued;
    }
}

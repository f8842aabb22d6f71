package org.sipproxy.jdbc;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounded, lock-free queue of rows from the receiver threads to the writer. When it is full, rows are dropped and
 * counted. This is logged when it begins and when half of the capacity is free again, not for each row.
 */
final class AccountingQueue {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ACCOUNTING);

    private final int capacity;
    private final Queue<AccountingEntry> rows = new ConcurrentLinkedQueue<>();
    /** Queued rows, and rows that the writer has taken but not written. */
    private final AtomicInteger held = new AtomicInteger();

    private final AtomicLong written = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicBoolean overflowing = new AtomicBoolean();
    private final AtomicLong droppedBefore = new AtomicLong();

    AccountingQueue(int capacity) {
        this.capacity = capacity;
    }

    /** Adds the row or drops it. Returns the number of rows that are held then. */
    int offer(AccountingEntry row) {
        int now = held.incrementAndGet();
        if (now > capacity) {
            held.decrementAndGet();
            long before = dropped.getAndIncrement();
            if (!overflowing.get() && overflowing.compareAndSet(false, true)) {
                droppedBefore.set(before);
                LOG.error(
                        "accounting: the queue of {} rows is full and rows are dropped; the database is too slow or"
                                + " does not respond",
                        capacity);
            }
            return capacity;
        }
        rows.add(row);
        return now;
    }

    /** Returns the oldest row, for the writer; it stays counted until {@link #written} or {@link #refused}. */
    @Nullable
    AccountingEntry poll() {
        return rows.poll();
    }

    void written(int count) {
        written.addAndGet(count);
        released(count);
    }

    /** Counts rows that can never be written as dropped. */
    void refused(int count) {
        dropped.addAndGet(count);
        released(count);
    }

    private void released(int count) {
        if (held.addAndGet(-count) <= capacity / 2 && overflowing.compareAndSet(true, false)) {
            LOG.warn("accounting: the queue has room again; {} rows were dropped", dropped.get() - droppedBefore.get());
        }
    }

    int size() {
        return held.get();
    }

    long writtenTotal() {
        return written.get();
    }

    long droppedTotal() {
        return dropped.get();
    }
}

package org.sipproxy.jdbc;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Rows on their way from the event loops to the writer: bounded, without a lock. When it is full a row is dropped and counted;
 * that is logged when it begins and when half of the room is free again, not for each row.
 */
final class AccountingQueue {

    private static final Logger LOG = LoggerFactory.getLogger(JdbcAccounting.class);

    private final int capacity;
    private final Queue<AccountingEntry> rows = new ConcurrentLinkedQueue<>();
    /** Rows that wait and rows that the writer holds but has not written. */
    private final AtomicInteger held = new AtomicInteger();

    private final AtomicLong written = new AtomicLong();
    private final AtomicLong dropped = new AtomicLong();
    private final AtomicBoolean overflowing = new AtomicBoolean();
    private final AtomicLong droppedBefore = new AtomicLong();

    AccountingQueue(int capacity) {
        this.capacity = capacity;
    }

    /** Takes the row or drops it; returns how many are held then. */
    int offer(AccountingEntry row) {
        int now = held.incrementAndGet();
        if (now > capacity) {
            held.decrementAndGet();
            long before = dropped.getAndIncrement();
            if (!overflowing.get() && overflowing.compareAndSet(false, true)) {
                droppedBefore.set(before);
                LOG.error(
                        "accounting: the queue of {} rows is full and rows are dropped; the database is too slow",
                        capacity);
            }
            return capacity;
        }
        rows.add(row);
        return now;
    }

    /** The oldest row, for the writer; it stays counted until {@link #written} or {@link #refused}. */
    @Nullable
    AccountingEntry poll() {
        return rows.poll();
    }

    void written(int count) {
        written.addAndGet(count);
        released(count);
    }

    /** Rows that can never be written. */
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

package org.sipproxy.jdbc;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Thread that writes rows. It writes a batch in one transaction when enough rows wait or the interval is over. After a
 * failure the rows stay and are written again after a pause, which doubles up to 5 s. A row that the database rejects
 * for its values is written in ASCII or dropped, so that it does not block the others.
 */
final class AccountingWriter implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ACCOUNTING);

    private static final long FIRST_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long LONGEST_PAUSE_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PAUSE_AT_END_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long LOOK_MILLIS = 1_000;

    private final CircuitBreaker breaker;
    private final QuietJdbi jdbi;
    private final DatabaseCalls databaseCalls;
    private final List<AccountingTable> tables;
    private final AccountingQueue queue;
    private final OpenCalls calls;
    private final CallSearch search;
    private final Options options;
    private final int batchRows;
    private final long intervalNanos;
    /** Null until started. */
    private volatile @Nullable Thread thread;

    /** Rows that were taken from the queue and are not written. Used by this thread only. */
    private final List<AccountingEntry> batch;

    private boolean checked;
    /** True once the calls in progress have been read. */
    private boolean restored;

    private List<String> absent = List.of();
    private long pauseNanos;
    private volatile boolean closing;
    private volatile boolean abandoned;
    private volatile @Nullable String lastError;

    /**
     * Options of the builder.
     *
     * @param restoredCalls how many calls in progress are read at start; 0 for none
     * @param longestCall how long a call may last
     * @param now the wall clock
     */
    record Options(
            int batchRows,
            Duration interval,
            boolean callRecords,
            int restoredCalls,
            Duration longestCall,
            Supplier<Instant> now) {}

    AccountingWriter(
            CircuitBreaker breaker,
            List<AccountingTable> tables,
            AccountingQueue queue,
            OpenCalls calls,
            CallSearch search,
            DatabaseCalls databaseCalls,
            Options options) {
        this.breaker = breaker;
        this.jdbi = QuietJdbi.over("accounting", breaker.dataSource());
        this.tables = tables;
        this.queue = queue;
        this.calls = calls;
        this.search = search;
        this.databaseCalls = databaseCalls;
        this.options = options;
        this.batchRows = options.batchRows;
        this.intervalNanos = options.interval.toNanos();
        this.batch = new ArrayList<>(batchRows);
    }

    /**
     * Checks the tables and starts the thread. If the database cannot be reached, rows wait until it can.
     *
     * @throws IllegalStateException if a table or column is missing
     */
    void start(ThreadSource threads) {
        try {
            check();
        } catch (JdbiException e) {
            failed(e);
        }
        Thread writing = threads.newThread("accounting", this);
        thread = writing;
        writing.start();
    }

    /**
     * Adds a row. Called by receiver threads, so it wakes the writer only when a batch is full: waking a thread is
     * expensive.
     */
    void offer(AccountingEntry row) {
        if (queue.offer(row) == batchRows) {
            wake();
        }
    }

    private void wake() {
        Thread writing = thread;
        if (writing != null) {
            LockSupport.unpark(writing);
        }
    }

    Optional<String> lastError() {
        return Optional.ofNullable(lastError);
    }

    /**
     * Writes the queued rows, for as long as rows are being written. When none could be written for {@code patience},
     * the rest is dropped and counted.
     */
    void close(Duration patience) {
        closing = true;
        wake();
        Thread writing = thread;
        if (writing == null || hasEnded(writing, patience)) {
            return;
        }
        abandoned = true;
        writing.interrupt();
        int left = queue.size();
        if (left > 0) {
            queue.refused(left);
            LOG.error(
                    "accounting: {} rows are not in the database and are lost: nothing could be written for {} s: {}",
                    left,
                    patience.toMillis() / 1e3,
                    lastError().orElse("the database does not respond"));
        }
    }

    /** Waits until the thread ends. Returns false if no row was written for too long, or on an interrupt. */
    private boolean hasEnded(Thread writing, Duration patience) {
        long progressAt = System.nanoTime();
        int before = queue.size();
        try {
            while (true) {
                long left = patience.toNanos() - (System.nanoTime() - progressAt);
                writing.join(Math.max(1, Math.min(LOOK_MILLIS, TimeUnit.NANOSECONDS.toMillis(left))));
                int now = queue.size();
                if (!writing.isAlive()) {
                    return true;
                } else if (now != before) {
                    progressAt = System.nanoTime();
                    before = now;
                } else if (left <= 0) {
                    return false;
                }
                LOG.info("accounting: writing the remaining rows before closing: {} left", now);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    // ---- this thread

    @Override
    public void run() {
        while (!abandoned) {
            try {
                if (!runOnce()) {
                    return;
                }
            } catch (Throwable e) {
                // OutOfMemoryError, raised again while the first one was logged; only this thread writes
                pauseNanos = LONGEST_PAUSE_NANOS;
            }
        }
    }

    /** Runs one turn. Returns false if all rows are written and the writer is closing. */
    private boolean runOnce() {
        try {
            await();
            fill();
            if (batch.isEmpty() && closing) {
                return false;
            }
            restore();
            if (!batch.isEmpty()) {
                write();
            } else if (lastError != null) {
                check(); // without calls the status would keep showing a past failure
                succeeded(0);
            }
            calls.sweep();
        } catch (Throwable e) {
            failed(e);
        }
        return true;
    }

    /** Waits until there is a batch or the interval is over; after a failure, until the pause is over. */
    private void await() {
        long begin = System.nanoTime();
        while (!abandoned) {
            long left = waitNanos() - (System.nanoTime() - begin);
            if (left <= 0) {
                return;
            }
            LockSupport.parkNanos(this, left);
        }
    }

    private long waitNanos() {
        if (pauseNanos > 0) {
            return closing ? Math.min(pauseNanos, PAUSE_AT_END_NANOS) : pauseNanos;
        }
        return closing || queue.size() >= batchRows ? 0 : intervalNanos;
    }

    private void fill() {
        while (batch.size() < batchRows) {
            AccountingEntry row = queue.poll();
            if (row == null) {
                return;
            }
            batch.add(row);
        }
    }

    private void write() {
        if (!checked) {
            check();
        }
        try {
            insert(batch, UnaryOperator.identity());
            succeeded(batch.size());
            batch.clear();
        } catch (RuntimeException e) {
            if (!isRefusal(e)) {
                checked = false; // a column may have been dropped
                throw e;
            }
            writeOneByOne();
        }
    }

    private void check() {
        List<String> problems = new ArrayList<>();
        jdbi.useHandle(handle -> tables.forEach(table -> table.check(handle, problems)));
        if (!problems.isEmpty()) {
            throw new IllegalStateException("accounting: " + String.join("\naccounting: ", problems));
        }
        checked = true;
        logAbsent();
    }

    /** Logs each set of missing columns once. */
    private void logAbsent() {
        List<String> now = tables.stream()
                .filter(table -> !table.absent().isEmpty())
                .map(table -> table.name() + " (" + String.join(", ", table.absent()) + ")")
                .toList();
        if (!now.equals(absent) && !now.isEmpty()) {
            LOG.warn(
                    "accounting: missing columns are not written: {}; add them with"
                            + " KamailioSchema.addAccountingColumns or the launcher's db create",
                    String.join(", ", now));
        }
        absent = now;
    }

    /** Reads the calls that were in progress when this proxy, or another one with this database, ended. */
    private void restore() {
        if (restored || !checked || closing || options.restoredCalls == 0) {
            return;
        }
        restored = true;
        Instant now = options.now.get();
        try {
            jdbi.useHandle(handle -> search.open(
                    handle,
                    now.minus(options.longestCall),
                    options.restoredCalls,
                    (key, call) -> calls.restored(
                            key, call, Duration.between(Instant.ofEpochMilli(call.startMillis()), now))));
        } catch (RuntimeException e) {
            // the role may not read acc, or the connection failed: the call of a BYE is looked up when the BYE comes
            LOG.warn(
                    "accounting: calls in progress could not be read; they have no record if no BYE comes: {}",
                    text(e));
        }
    }

    private void insert(List<AccountingEntry> entries, UnaryOperator<String> filter) {
        List<AccountingRow> rows = new ArrayList<>(entries.size());
        List<EndOfCall> ends = new ArrayList<>();
        for (AccountingEntry entry : entries) {
            if (entry instanceof AccountingRow row) {
                rows.add(row);
            } else if (entry instanceof EndOfCall end) {
                ends.add(end);
            }
        }
        databaseCalls.run(
                "accounting.write",
                () -> jdbi.inTransaction(handle -> {
                    insertRows(handle, rows, filter);
                    if (!ends.isEmpty()) {
                        insertRows(handle, search.resolve(handle, ends, options.callRecords, filter), filter);
                    }
                    return true;
                }));
    }

    private static void insertRows(Handle handle, List<AccountingRow> rows, UnaryOperator<String> filter) {
        Map<AccountingTable, List<AccountingRow>> byTable = new LinkedHashMap<>();
        rows.forEach(row ->
                byTable.computeIfAbsent(row.table(), table -> new ArrayList<>()).add(row));
        byTable.forEach((table, some) -> table.insert(handle, some, filter));
    }

    private void writeOneByOne() {
        Iterator<AccountingEntry> rows = batch.iterator();
        while (rows.hasNext()) {
            if (writeAlone(rows.next())) {
                succeeded(1);
            } else {
                queue.refused(1);
            }
            rows.remove();
        }
    }

    /** Writes one row. Returns false if the database rejects it in any form. */
    private boolean writeAlone(AccountingEntry row) {
        RuntimeException refusal;
        try {
            insert(List.of(row), UnaryOperator.identity());
            return true;
        } catch (RuntimeException e) {
            refusal = e;
        }
        if (isRefusal(refusal)) {
            try {
                insert(List.of(row), ColumnText::ascii); // the encoding may lack a character
                return true;
            } catch (RuntimeException e) {
                refusal = e;
            }
        }
        if (!isRefusal(refusal)) {
            throw refusal;
        }
        if (queue.droppedTotal() == 0) { // log the first one; the counter counts them
            LOG.warn(
                    "accounting: the database rejects a row of {}: {}",
                    row instanceof AccountingRow r ? r.table().name() : "an ended call",
                    text(refusal));
        }
        return false;
    }

    private void succeeded(int rows) {
        if (abandoned) {
            return; // close() has counted them as lost
        }
        queue.written(rows);
        pauseNanos = 0;
        if (lastError != null) {
            lastError = null;
            LOG.info("accounting: rows are written again");
        }
    }

    private void failed(Throwable e) {
        breaker.failed(e);
        String text = text(e);
        pauseNanos = pauseNanos == 0 ? FIRST_PAUSE_NANOS : Math.min(2 * pauseNanos, LONGEST_PAUSE_NANOS);
        boolean first = lastError == null;
        lastError = text;
        if (first && !abandoned) {
            LOG.error("accounting: rows cannot be written and wait in memory: {}", text);
        } else {
            LOG.debug("accounting: still not written: {}", text);
        }
    }

    /**
     * Returns true for SQLSTATE classes 22 (data exception) and 23 (integrity constraint violation), for which a retry
     * does not help.
     */
    private static boolean isRefusal(Throwable e) {
        String state = SqlStates.of(e);
        return state.startsWith("22") || state.startsWith("23");
    }

    /** Returns why rows are not written. */
    private String text(Throwable e) {
        return e instanceof IllegalStateException
                ? String.valueOf(e.getMessage()) // check() wrote it
                : DatabaseProblem.text(breaker.dataSource(), e);
    }
}

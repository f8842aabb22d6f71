package org.sipproxy.jdbc;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/**
 * Log of row problems at WARN, once for each row. Other software writes these rows, so their number has no limit: the
 * latest {@value #REMEMBERED} are remembered, and at most {@value #LINES} lines a minute are written. The first line of
 * a later minute reports how many were omitted.
 */
final class RowProblemLog implements RowProblems {

    /** A row that was evicted is logged again. */
    private static final int REMEMBERED = 1_000;

    private static final int LINES = 20;
    private static final long MINUTE_NANOS = Duration.ofMinutes(1).toNanos();

    private final Logger log;
    private final LongSupplier nanoTime;

    /**
     * Hashes of the logged problems. With 64 bits a collision is practically impossible. Guarded by this object's
     * monitor.
     */
    private final Map<Long, Boolean> logged = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Boolean> eldest) {
            return size() > REMEMBERED;
        }
    };

    /** Guarded by this object's monitor. */
    private long minuteBegan;

    private int lines;
    private long omitted;

    RowProblemLog(Logger log) {
        this(log, System::nanoTime);
    }

    RowProblemLog(Logger log, LongSupplier nanoTime) {
        this.log = log;
        this.nanoTime = nanoTime;
        this.minuteBegan = nanoTime.getAsLong();
    }

    @Override
    public void found(String table, String row, String problem) {
        long before;
        synchronized (this) {
            long key = AdvisoryLock.number(table, row + ' ' + problem);
            if (logged.containsKey(key)) {
                return;
            }
            long now = nanoTime.getAsLong();
            if (now - minuteBegan >= MINUTE_NANOS) {
                minuteBegan = now;
                lines = 0;
            }
            if (lines == LINES) {
                omitted++;
                return; // not remembered: it is logged in a later minute
            }
            lines++;
            logged.put(key, true);
            before = omitted;
            omitted = 0;
        }
        log.warn(
                "table {}, row {}: {}{}",
                table,
                row,
                problem,
                before == 0 ? "" : " (" + before + " such lines were omitted before)");
    }
}

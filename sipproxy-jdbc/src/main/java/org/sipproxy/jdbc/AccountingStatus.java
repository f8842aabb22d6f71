package org.sipproxy.jdbc;

import java.util.Optional;
import org.sipproxy.annotation.Beta;

/**
 * Counters of the accounting.
 *
 * @param queued rows that wait to be written
 * @param written rows that were written since the start
 * @param dropped rows that were lost since the start: the queue was full, the database refused the row, or the database
 *     could not be reached at shutdown
 * @param openCalls calls that were answered and have not ended
 * @param evictedCalls calls that were evicted from memory since the start, because there were too many at once
 * @param lastError why the latest attempt to write failed; empty if it succeeded
 */
public record AccountingStatus(
        int queued, long written, long dropped, int openCalls, long evictedCalls, Optional<String> lastError) {

    /** For the proxy: gets parameters in minor versions. */
    @Beta
    public AccountingStatus {}
}

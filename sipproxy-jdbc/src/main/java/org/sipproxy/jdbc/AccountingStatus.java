package org.sipproxy.jdbc;

import java.util.Optional;

/**
 * How the accounting is doing.
 *
 * @param queued rows that wait to be written
 * @param written rows that were written since the start
 * @param dropped rows that were lost since the start: the queue was full, the database refused the row, or it could not be
 *     reached at the end
 * @param openCalls calls that were answered and have not ended
 * @param forgottenCalls calls without a record since the start: they did not end within the longest time, or there were too many
 *     at once
 * @param lastError why the last attempt to write failed; nothing if it succeeded
 */
public record AccountingStatus(
        int queued, long written, long dropped, int openCalls, long forgottenCalls, Optional<String> lastError) {}

package org.sipproxy.jdbc;

/**
 * One row that waits to be written: texts, not the request they were read from, which holds a whole message.
 *
 * @param table where it goes
 * @param texts a text for each of {@link AccountingTable#textColumns()}, cut to its width
 * @param millis when the request was answered, since 1970; of a call record when the call began
 * @param endMillis when the call ended; unused in the other tables
 */
record AccountingRow(AccountingTable table, String[] texts, long millis, long endMillis) {}

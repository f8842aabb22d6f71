package org.sipproxy.jdbc;

/**
 * One row to be written. It holds texts and not the request that they were read from, which holds a whole message.
 *
 * @param table the table to write to
 * @param texts a text for each of {@link AccountingTable#textColumns()}, cut to its width
 * @param millis when the request got its final response, in milliseconds since 1970; for a call record, when the call
 *     began
 * @param endMillis when the call ended; unused in the other tables
 * @param durationMillis how long the call lasted; unused in the other tables
 */
record AccountingRow(AccountingTable table, String[] texts, long millis, long endMillis, long durationMillis)
        implements AccountingEntry {

    static AccountingRow ofRequest(AccountingTable table, String[] texts, long millis) {
        return new AccountingRow(table, texts, millis, 0, 0);
    }
}

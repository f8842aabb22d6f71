package org.sipproxy.jdbc;

/** What waits for the thread that writes. */
sealed interface AccountingEntry permits AccountingRow, EndOfCall {}

package org.sipproxy.jdbc;

/** Entry in the queue of the accounting's writer. */
sealed interface AccountingEntry permits AccountingRow, EndOfCall {}

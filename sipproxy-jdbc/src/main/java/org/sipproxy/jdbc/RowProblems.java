package org.sipproxy.jdbc;

/** Notified of each row that cannot be used as it is. Called on any thread; must not block. */
interface RowProblems {

    /** Reports nothing. */
    RowProblems IGNORED = (table, row, problem) -> {};

    /**
     * A row cannot be used as it is.
     *
     * @param table the table
     * @param row what identifies the row, such as {@code id 7}; text from the row is excerpted
     * @param problem what is wrong with it, and what follows from that
     */
    void found(String table, String row, String problem);
}

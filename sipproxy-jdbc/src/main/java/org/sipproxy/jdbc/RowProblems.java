package org.sipproxy.jdbc;

/** Listener for rows that cannot be used as they are. Called on any thread; must not block. */
interface RowProblems {

    /** Ignores all problems. */
    RowProblems IGNORED = (table, row, problem) -> {};

    /**
     * Reports a row that cannot be used as it is.
     *
     * @param table the table
     * @param row what identifies the row, such as {@code id 7}; text from the row is shortened
     * @param problem what is wrong with the row, and the consequence
     */
    void found(String table, String row, String problem);
}

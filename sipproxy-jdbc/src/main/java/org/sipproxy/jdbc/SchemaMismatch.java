package org.sipproxy.jdbc;

/**
 * A table that is not as it has to be.
 *
 * @param table its name
 * @param found what is there, such as {@code version 8} or {@code no such table}
 * @param wanted what has to be there, such as {@code version 9}
 */
public record SchemaMismatch(String table, String found, String wanted) {

    static final String NO_TABLE = "no such table";

    /** True if there is no such table at all. */
    public boolean isMissing() {
        return found.equals(NO_TABLE);
    }

    /** In one line, with the remedy. */
    @Override
    public String toString() {
        String remedy = isMissing()
                ? "create the missing tables"
                : "migrate it with the scripts of your Kamailio release, or use another database";
        return "table " + table + ": " + found + " (expected " + wanted + "); " + remedy;
    }
}

package org.sipproxy.jdbc;

import org.sipproxy.annotation.Beta;

/**
 * Table that does not have the required version or columns.
 *
 * @param table its name
 * @param found what was found, such as {@code version 8} or {@code no such table}
 * @param wanted what is required, such as {@code version 9}
 */
public record SchemaMismatch(String table, String found, String wanted) {

    static final String NO_TABLE = "no such table";

    /** For the proxy: gets parameters in minor versions. */
    @Beta
    public SchemaMismatch {}

    /** Returns true if the table does not exist. */
    public boolean isMissing() {
        return found.equals(NO_TABLE);
    }

    /** Returns the mismatch in one line, with the remedy. */
    @Override
    public String toString() {
        String remedy = isMissing()
                ? "create it with KamailioSchema.createAll or the launcher's db create"
                : "migrate it with the scripts of your Kamailio release, or use another database";
        return "table " + table + ": " + found + " (expected " + wanted + "); " + remedy;
    }
}

package org.sipproxy.jdbc;

import java.util.List;
import java.util.Map;

/** Use of a database by a proxy, which decides the tables and privileges that it needs. */
public enum DatabaseUse {
    /** Reads the subscribers. */
    SUBSCRIBERS,
    /** Reads the bindings once, at start. */
    LOAD_BINDINGS,
    /** Keeps the bindings in memory and writes them (write-through and write-back). */
    KEEP_BINDINGS,
    /** Keeps the bindings in the database only, where other servers may change them. */
    SHARE_BINDINGS,
    /** Writes call records. */
    ACCOUNTING,
    /** Keeps the calls in progress. */
    CALLS;

    /** Returns the needed privileges, by table. */
    Map<String, List<String>> privileges() {
        List<String> read = List.of("SELECT");
        List<String> insert = List.of("INSERT");
        return switch (this) {
            case SUBSCRIBERS -> Map.of("version", read, "subscriber", read);
            case LOAD_BINDINGS -> Map.of("location", read);
            case KEEP_BINDINGS, SHARE_BINDINGS -> Map.of("location", List.of("SELECT", "INSERT", "UPDATE", "DELETE"));
            case CALLS -> Map.of(CallTable.NAME, List.of("SELECT", "INSERT", "UPDATE", "DELETE"));
            case ACCOUNTING -> Map.of("acc", insert, "missed_calls", insert, "acc_cdrs", insert);
        };
    }
}

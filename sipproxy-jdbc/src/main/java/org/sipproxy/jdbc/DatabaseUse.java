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
    CALLS,
    /** Reads access rules from {@code address} and {@code trusted}; see {@link JdbcAccessRules}. */
    ACCESS_RULES,
    /** Reads aliases of users from {@code dbaliases}; see {@link JdbcAliases}. */
    ALIASES,
    /** Reads domains from {@code domain}; see {@link JdbcDomains}. */
    DOMAINS,
    /** Reads gateways from {@code dispatcher}; see {@link JdbcGateways}. */
    GATEWAYS,
    /** Reads accounts at providers from {@code uacreg}; see {@link JdbcTrunks}. */
    TRUNKS;

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
            case ACCESS_RULES -> Map.of("version", read, "address", read, "trusted", read);
            case ALIASES -> Map.of("version", read, "dbaliases", read);
            case DOMAINS -> Map.of("version", read, "domain", read);
            case GATEWAYS -> Map.of("version", read, "dispatcher", read);
            case TRUNKS -> Map.of("version", read, "uacreg", read);
        };
    }
}

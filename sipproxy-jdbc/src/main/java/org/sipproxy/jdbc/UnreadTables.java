package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import org.jdbi.v3.core.Handle;
import org.sipproxy.api.support.Quantity;

/** Checks for tables of a Kamailio whose rows have no effect on the proxy. */
final class UnreadTables {

    private record Reader(String java, String launcher) {}

    /** What can read a table. */
    private static final Map<String, Reader> READERS = Map.of(
            "subscriber",
            new Reader("JdbcCredentials", "run without --no-auth"),
            "location",
            new Reader("a StoreMode with JdbcBindingRepository", "--storage with a value other than memory"),
            "address",
            new Reader("JdbcAccessRules", "--tables with access"),
            "trusted",
            new Reader("JdbcAccessRules", "--tables with access"),
            "dbaliases",
            new Reader("JdbcAliases", "--tables with dbaliases"),
            "domain",
            new Reader("JdbcDomains", "--tables with domain"),
            "dispatcher",
            new Reader("JdbcGateways", "--tables with dispatcher"),
            "uacreg",
            new Reader("JdbcTrunks", "--tables with uacreg"));

    private UnreadTables() {}

    /**
     * Returns a warning for each table with rows that is not used.
     *
     * @param isUsed accepts a table that the proxy reads
     */
    static List<Finding> examine(Handle handle, Predicate<String> isUsed, Remedies remedies) {
        FilledTables filled = FilledTables.read(handle);
        List<Finding> findings = new ArrayList<>();
        new TreeMap<>(filled.rows()).forEach((table, rows) -> {
            Reader reader = READERS.get(table);
            if (reader == null) {
                findings.add(Finding.warning(
                        "table " + table, number(rows) + " that nothing reads", "sipproxy has no use for this table"));
            } else if (!isUsed.test(table)) {
                findings.add(Finding.warning(
                        "table " + table,
                        number(rows) + " that this proxy does not read",
                        remedies.of(reader.java(), reader.launcher()) + " reads them"));
            }
        });
        for (String table : new TreeSet<>(filled.unreadable())) {
            if (READERS.containsKey(table) && !isUsed.test(table)) {
                findings.add(Finding.warning(
                        "table " + table,
                        "it has data that this role may not read, so it is not used",
                        "GRANT SELECT ON " + table + " TO the role"));
            }
        }
        return findings;
    }

    private static String number(long rows) {
        return rows >= FilledTables.COUNTED ? "more than 100,000 rows" : Quantity.of(rows, "row");
    }
}

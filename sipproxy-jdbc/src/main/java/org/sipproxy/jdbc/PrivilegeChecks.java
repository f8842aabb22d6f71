package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** What the role may do with each table, against what a proxy does with it. */
final class PrivilegeChecks {

    /** A proxy writes these; of the others it reads. Subscribers are written by whoever administers them. */
    private static final Map<String, List<String>> NEEDED = Map.of(
            "location", List.of("SELECT", "INSERT", "UPDATE", "DELETE"),
            "location_attrs", List.of("SELECT", "INSERT", "UPDATE", "DELETE"),
            "acc", List.of("INSERT"),
            "missed_calls", List.of("INSERT"),
            "acc_cdrs", List.of("INSERT"));

    private PrivilegeChecks() {}

    static boolean mayRead(Handle handle, String table) {
        return has(handle, table, "SELECT");
    }

    static List<Finding> examine(Handle handle) {
        Map<String, List<String>> lacking = new TreeMap<>();
        for (String table : KamailioSchema.tables()) {
            for (String privilege : NEEDED.getOrDefault(table, List.of("SELECT"))) {
                if (exists(handle, table) && !has(handle, table, privilege)) {
                    lacking.computeIfAbsent(table, t -> new ArrayList<>()).add(privilege);
                }
            }
        }
        List<Finding> findings = new ArrayList<>();
        lacking.forEach((table, privileges) -> findings.add(missing(table, privileges)));
        if (findings.isEmpty()) {
            findings.add(Finding.ok("privileges", "enough for a proxy"));
        }
        if (has(handle, "SELECT has_schema_privilege(current_schema(), 'CREATE')")) {
            findings.add(Finding.notice(
                    "privileges",
                    "the role may create tables",
                    "a proxy need not; db grants writes SQL for one that cannot"));
        }
        return findings;
    }

    /** A proxy that may not write bindings can still load them at start. */
    private static Finding missing(String table, List<String> privileges) {
        String value = "no " + String.join(", ", privileges) + " on " + table;
        String remedy =
                "GRANT " + String.join(", ", privileges) + " ON " + table + " TO the role; db grants writes all of it";
        return privileges.contains("SELECT")
                ? Finding.error("privileges", value, remedy)
                : Finding.warning("privileges", value, remedy + "; a role that only reads does for load-at-start");
    }

    private static boolean exists(Handle handle, String table) {
        return handle.createQuery("SELECT to_regclass(:table) IS NOT NULL")
                .bind("table", table)
                .mapTo(Boolean.class)
                .one();
    }

    private static boolean has(Handle handle, String table, String privilege) {
        return handle.createQuery("SELECT coalesce(has_table_privilege(to_regclass(:table), :privilege), false)")
                .bind("table", table)
                .bind("privilege", privilege)
                .mapTo(Boolean.class)
                .one();
    }

    private static boolean has(Handle handle, String query) {
        return handle.createQuery(query).mapTo(Boolean.class).one();
    }
}

package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;

/** Checks the role's privileges on each table against the needs of a proxy. */
final class PrivilegeChecks {

    /**
     * Needed privileges if the uses are not known: a proxy writes these tables and only reads the others.
     * Administrators write subscribers.
     */
    private static final Map<String, List<String>> NEEDED = Map.of(
            "location",
            List.of("SELECT", "INSERT", "UPDATE", "DELETE"),
            "location_attrs",
            List.of("SELECT", "INSERT", "UPDATE", "DELETE"),
            JdbcSecret.TABLE,
            List.of("SELECT", "INSERT"),
            CallTable.NAME,
            List.of("SELECT", "INSERT", "UPDATE", "DELETE"),
            "acc",
            List.of("INSERT"),
            "missed_calls",
            List.of("INSERT"),
            "acc_cdrs",
            List.of("INSERT"));

    private PrivilegeChecks() {}

    static boolean mayRead(Handle handle, String table) {
        return has(handle, table, "SELECT");
    }

    /** Returns true if the table exists and the role may not read it. */
    static boolean mayNotRead(Handle handle, String table) {
        return exists(handle, table) && !mayRead(handle, table);
    }

    static boolean mayDelete(Handle handle, String table) {
        return has(handle, table, "DELETE");
    }

    /** Returns the findings for the privileges that these uses need; if there are none, that any use needs. */
    static List<Finding> examine(Handle handle, Set<DatabaseUse> uses, Remedies remedies) {
        Map<String, List<String>> lacking = new TreeMap<>();
        needed(uses).forEach((table, privileges) -> {
            for (String privilege : privileges) {
                if (exists(handle, table) && !has(handle, table, privilege)) {
                    lacking.computeIfAbsent(table, t -> new ArrayList<>()).add(privilege);
                }
            }
        });
        List<Finding> findings = new ArrayList<>();
        lacking.forEach((table, privileges) -> findings.add(missing(table, privileges, !uses.isEmpty(), remedies)));
        if (findings.isEmpty()) {
            findings.add(Finding.ok("privileges", "enough for a proxy"));
        }
        if (has(handle, "SELECT has_schema_privilege(current_schema(), 'CREATE')")) {
            findings.add(Finding.notice(
                    "privileges",
                    "the role may create tables",
                    "a proxy does not need this; " + remedies.of("DatabaseRoles", "db grants")
                            + " prints the SQL for a role without this right"));
        }
        return findings;
    }

    private static Map<String, List<String>> needed(Set<DatabaseUse> uses) {
        Map<String, List<String>> needed = new TreeMap<>();
        if (uses.isEmpty()) {
            KamailioSchema.tables().forEach(table -> needed.put(table, NEEDED.getOrDefault(table, List.of("SELECT"))));
        }
        uses.forEach(use -> needed.putAll(use.privileges()));
        return needed;
    }

    /** Returns the finding for missing privileges. A proxy that may not write bindings can still load them at start. */
    private static Finding missing(String table, List<String> privileges, boolean isUsed, Remedies remedies) {
        String value = "no " + String.join(", ", privileges) + " on " + table;
        String remedy = "GRANT " + String.join(", ", privileges) + " ON " + table + " TO the role; "
                + remedies.of("DatabaseRoles", "db grants") + " prints all of the SQL";
        String loss = KamailioSchema.OWN.get(table);
        if (loss != null) {
            return Finding.warning("privileges", value, remedy + "; without them " + loss);
        }
        if (isUsed) {
            return Finding.fatal("privileges", value, remedy);
        }
        return privileges.contains("SELECT")
                ? Finding.fatal("privileges", value, remedy)
                : Finding.warning("privileges", value, remedy + "; a read-only role is enough for load-at-start");
    }

    private static boolean exists(Handle handle, String table) {
        return handle.createQuery("SELECT to_regclass(:table) IS NOT NULL")
                .bind("table", table)
                .mapTo(Boolean.class)
                .one();
    }

    /** Returns true if the role has the privilege. INSERT needs the sequence of the ids too. */
    private static boolean has(Handle handle, String table, String privilege) {
        return handle.createQuery(
                        "SELECT coalesce(has_table_privilege(to_regclass(:table), :privilege), false) AND (:privilege"
                                + " <> 'INSERT' OR coalesce(has_sequence_privilege(pg_get_serial_sequence(:table, 'id'),"
                                + " 'USAGE'), true))")
                .bind("table", table)
                .bind("privilege", privilege)
                .mapTo(Boolean.class)
                .one();
    }

    private static boolean has(Handle handle, String query) {
        return handle.createQuery(query).mapTo(Boolean.class).one();
    }
}

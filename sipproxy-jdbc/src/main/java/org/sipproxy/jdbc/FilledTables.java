package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jdbi.v3.core.Handle;

/**
 * Tables of a Kamailio that have rows.
 *
 * @param rows numbers of rows by table, counted up to {@link #COUNTED}
 * @param unreadable tables with data that the role may not read
 */
record FilledTables(Map<String, Long> rows, Set<String> unreadable) {

    /** Where counting ends, so that large tables do not delay the start. */
    static final long COUNTED = 100_001;

    /**
     * Tables of Kamailio's scripts for PostgreSQL, without {@code version} and those that it only writes: {@code acc},
     * {@code acc_cdrs}, {@code missed_calls} and {@code sip_trace}.
     */
    private static final Set<String> EXAMINED = Set.of(
            "active_watchers",
            "address",
            "aliases",
            "carrier_name",
            "carrierfailureroute",
            "carrierroute",
            "cpl",
            "dbaliases",
            "dialog",
            "dialog_vars",
            "dialplan",
            "dispatcher",
            "domain",
            "domain_attrs",
            "domain_name",
            "domainpolicy",
            "dr_gateways",
            "dr_groups",
            "dr_gw_lists",
            "dr_rules",
            "globalblocklist",
            "grp",
            "htable",
            "imc_members",
            "imc_rooms",
            "lcr_gw",
            "lcr_rule",
            "lcr_rule_target",
            "location",
            "location_attrs",
            "matrix",
            "mohqcalls",
            "mohqueues",
            "mtree",
            "mtrees",
            "pdt",
            "pl_pipes",
            "presentity",
            "pua",
            "purplemap",
            "re_grp",
            "rls_presentity",
            "rls_watchers",
            "rtpengine",
            "rtpproxy",
            "sca_subscriptions",
            "secfilter",
            "silo",
            "speed_dial",
            "subscriber",
            "topos_d",
            "topos_t",
            "trusted",
            "uacreg",
            "uid_credentials",
            "uid_domain",
            "uid_domain_attrs",
            "uid_global_attrs",
            "uid_uri",
            "uid_uri_attrs",
            "uid_user_attrs",
            "uri",
            "userblocklist",
            "usr_preferences",
            "watchers",
            "xcap");

    /** Reads the numbers with one query. */
    static FilledTables read(Handle handle) {
        List<String> readable = new ArrayList<>();
        Set<String> unreadable = new TreeSet<>();
        for (String table : present(handle)) {
            if (EXAMINED.contains(table)) {
                if (PrivilegeChecks.mayRead(handle, table)) {
                    readable.add(table);
                } else if (hasData(handle, table)) {
                    unreadable.add(table);
                }
            }
        }
        Map<String, Long> rows = new TreeMap<>();
        if (!readable.isEmpty()) {
            handle.createQuery(String.join(
                            " UNION ALL ",
                            readable.stream().map(FilledTables::count).toList()))
                    .map((row, context) -> Map.entry(row.getString(1), row.getLong(2)))
                    .forEach(entry -> {
                        if (entry.getValue() > 0) {
                            rows.put(entry.getKey(), entry.getValue());
                        }
                    });
        }
        return new FilledTables(Map.copyOf(rows), Set.copyOf(unreadable));
    }

    /** The information schema hides tables that the role may not use. */
    private static List<String> present(Handle handle) {
        return handle.createQuery("SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = current_schema()")
                .mapTo(String.class)
                .list();
    }

    private static String count(String table) {
        return "SELECT " + DatabaseRoles.literal(table) + ", (SELECT count(*) FROM (SELECT 1 FROM "
                + DatabaseRoles.identifier(table) + " LIMIT " + COUNTED + ") AS counted)";
    }

    /** Returns true if the table has or had rows: its size is known without the right to read it. */
    private static boolean hasData(Handle handle, String table) {
        return handle.createQuery("SELECT pg_relation_size(to_regclass(:table)) > 0")
                .bind("table", table)
                .mapTo(Boolean.class)
                .one();
    }
}

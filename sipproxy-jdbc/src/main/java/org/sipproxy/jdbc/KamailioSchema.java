package org.sipproxy.jdbc;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;

/**
 * Kamailio's tables, and those of {@link JdbcSecret} and {@link JdbcCallRepository}: creates, verifies and drops them,
 * like {@code kamdbctl}. A database that a Kamailio already uses is accepted as it is, including further tables and
 * columns.
 *
 * <p>The tables are those of the current schema (first on the connection's {@code search_path}). All methods block, and
 * throw {@link org.jdbi.v3.core.JdbiException} if the database cannot be reached or rejects a statement.
 */
public final class KamailioSchema {

    private static final String FILE = "kamailio-schema.sql";
    private static final List<SchemaScript.Table> TABLES = SchemaScript.tables(SchemaScript.text(FILE));

    /**
     * Other versions that have the columns in use. Kamailio before 6 has 2 for acc_cdrs; it accepts any of four
     * dispatchers.
     */
    private static final Map<String, Set<Integer>> ALSO_ACCEPTED =
            Map.of("acc_cdrs", Set.of(2), "dispatcher", Set.of(1, 2, 3));

    /** Tables that a Kamailio does not have, and what is missing without them. A proxy can run without. */
    static final Map<String, String> OWN = Map.of(
            JdbcSecret.TABLE,
            "calls do not survive a restart",
            CallTable.NAME,
            "calls cannot be tracked after a restart");

    /** Before version 4, dispatcher lacks some of its present columns. */
    private static final int DISPATCHER_WITH_ALL_COLUMNS = 4;

    /** Tables that an older database of this project, or a Kamailio without the module, lacks. */
    private static final Set<String> OPTIONAL = Set.of("uacreg");

    /** Two processes that create the tables at once may conflict; the second attempt finds the other's tables. */
    private static final int TRIES = 3;

    private static final String SHA256_TRIGGER_STATE = "SELECT count(*) = 1 FROM pg_catalog.pg_trigger WHERE tgrelid ="
            + " to_regclass('subscriber') AND tgname = 'sipproxy_subscriber_sha256' AND tgenabled IN ('O', 'A') AND EXISTS"
            + " (SELECT 1 FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass('subscriber') AND attname ="
            + " 'ha1_sha256' AND NOT attisdropped)";

    private final QuietJdbi jdbi;

    private KamailioSchema(QuietJdbi jdbi) {
        this.jdbi = jdbi;
    }

    /** Returns the schema in a database. Does not open a connection. */
    public static KamailioSchema on(DataSource dataSource) {
        return of("schema", dataSource);
    }

    /** Returns the schema for a component, whose name is in the exceptions. */
    static KamailioSchema of(String component, DataSource dataSource) {
        return new KamailioSchema(QuietJdbi.over(component, dataSource));
    }

    /** Returns the tables of the schema, {@code version} first. */
    public static List<String> tables() {
        return TABLES.stream().map(SchemaScript.Table::name).toList();
    }

    static List<SchemaScript.Table> scripts() {
        return TABLES;
    }

    /** Returns the SQL that {@link #create} runs, for review or for {@code psql}. */
    public static String sql() {
        return SchemaScript.text(FILE);
    }

    /** Returns the SQL that {@link #addSubscriberNotifications} runs. */
    public static String notificationsSql() {
        return SchemaScript.text("subscriber-notifications.sql");
    }

    /** Returns the SQL that {@link #addSha256Column} runs. */
    public static String sha256Sql() {
        return SchemaScript.text("subscriber-sha256.sql");
    }

    /**
     * Creates the missing tables, in one transaction, with their indexes and rows in {@code version}. Does not change
     * existing tables.
     *
     * @return the tables that were created
     */
    public List<String> create() {
        for (int attempt = 1; ; attempt++) {
            try {
                return jdbi.inTransaction(KamailioSchema::createMissing);
            } catch (RuntimeException e) {
                if (attempt == TRIES || !SqlStates.isCreatedConcurrently(e)) {
                    throw e;
                }
            }
        }
    }

    /**
     * Does what the launcher's {@code db create} does: {@link #create}, {@link #addSubscriberNotifications},
     * {@link #addSubscriberNameIndex} and {@link #addAccountingColumns}. A Kamailio can use the same tables.
     *
     * @return the tables that were created
     */
    public List<String> createAll() {
        List<String> created = create();
        addSubscriberNotifications();
        addSubscriberNameIndex();
        addAccountingColumns();
        return created;
    }

    private static List<String> createMissing(Handle handle) {
        Set<String> present = presentTables(handle);
        List<String> created = new ArrayList<>();
        for (SchemaScript.Table table : TABLES) {
            if (!present.contains(table.name())) {
                handle.createScript(table.sql()).execute();
                created.add(table.name());
            }
        }
        return List.copyOf(created);
    }

    /**
     * Returns the mismatches that prevent use of the database, at most one for each table; empty if it can be used. The
     * table {@code uacreg} may be missing.
     */
    public List<SchemaMismatch> verify() {
        return jdbi.withHandle(handle -> {
            Set<String> present = presentTables(handle);
            Map<String, Integer> versions = present.contains("version") ? versions(handle) : Map.of();
            List<SchemaMismatch> mismatches = new ArrayList<>();
            for (SchemaScript.Table table : TABLES) {
                mismatch(handle, table, present, versions).ifPresent(mismatches::add);
            }
            return List.copyOf(mismatches);
        });
    }

    private static Optional<SchemaMismatch> mismatch(
            Handle handle, SchemaScript.Table table, Set<String> present, Map<String, Integer> versions) {
        String wanted = "version " + table.version();
        if (!present.contains(table.name())) {
            return OPTIONAL.contains(table.name())
                    ? Optional.empty()
                    : Optional.of(new SchemaMismatch(table.name(), SchemaMismatch.NO_TABLE, wanted));
        }
        Integer version = versions.get(table.name());
        if (version == null) {
            return Optional.of(new SchemaMismatch(table.name(), "no row in table version", wanted));
        }
        if (version != table.version()
                && !ALSO_ACCEPTED.getOrDefault(table.name(), Set.of()).contains(version)) {
            return Optional.of(new SchemaMismatch(table.name(), "version " + version, wanted));
        }
        if (table.name().equals("dispatcher") && version < DISPATCHER_WITH_ALL_COLUMNS) {
            return Optional.empty();
        }
        Set<String> missing = new TreeSet<>(table.columns());
        missing.removeAll(columns(handle, table.name()));
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of(new SchemaMismatch(
                        table.name(), "no column " + String.join(", ", missing), "all columns of " + wanted));
    }

    /** Drops the tables with all their rows, and the functions that this project added. Other tables stay. */
    public void drop() {
        jdbi.useTransaction(handle -> {
            for (int i = TABLES.size() - 1; i >= 0; i--) {
                handle.execute("DROP TABLE IF EXISTS " + TABLES.get(i).name());
            }
            handle.execute("DROP FUNCTION IF EXISTS sipproxy_subscriber_changed()");
            handle.execute("DROP FUNCTION IF EXISTS sipproxy_subscriber_sha256()");
        });
    }

    /**
     * Adds a trigger to {@code subscriber} that notifies proxies of changed credentials, so that their caches may live
     * longer than one second. Replaces an older version; one that is up to date is not changed, which needs no
     * privilege. Does not affect a Kamailio.
     */
    public void addSubscriberNotifications() {
        addTrigger(notificationsSql(), "sipproxy_subscriber_changed", SubscriberChanges.TRIGGER_STATE);
    }

    /** Runs the script unless the function has its text and the triggers are enabled. */
    private void addTrigger(String script, String function, String triggerState) {
        jdbi.useTransaction(handle -> {
            if (hasFunction(handle, function, script)
                    && handle.createQuery(triggerState).mapTo(Boolean.class).one()) {
                return;
            }
            letOwnerCreateTriggers(handle);
            SchemaScript.statements(script).forEach(handle::execute);
        });
    }

    private static boolean hasFunction(Handle handle, String name, String script) {
        String body = script.substring(script.indexOf("$$") + 2, script.lastIndexOf("$$"));
        return handle.createQuery("SELECT p.prosrc FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid ="
                        + " p.pronamespace WHERE n.nspname = current_schema() AND p.proname = :name")
                .bind("name", name)
                .mapTo(String.class)
                .findFirst()
                .filter(body::equals)
                .isPresent();
    }

    /** Grants the owner the right to create triggers: an owner may have revoked rights on its own table from itself. */
    private static void letOwnerCreateTriggers(Handle handle) {
        boolean lacks = handle.createQuery(
                        "SELECT count(*) > 0 FROM pg_catalog.pg_class WHERE oid = to_regclass('subscriber') AND"
                                + " pg_catalog.pg_get_userbyid(relowner) = current_user AND NOT has_table_privilege(oid,"
                                + " 'TRIGGER')")
                .mapTo(Boolean.class)
                .one();
        if (lacks) {
            handle.execute("GRANT TRIGGER ON TABLE subscriber TO CURRENT_USER");
        }
    }

    /** Returns true if the trigger of {@link #addSubscriberNotifications} exists and is enabled. */
    public boolean hasSubscriberNotifications() {
        return jdbi.withHandle(handle -> handle.createQuery(SubscriberChanges.TRIGGER_STATE)
                .mapTo(Boolean.class)
                .one());
    }

    /**
     * Adds the nullable column {@code ha1_sha256} to {@code subscriber}, for the SHA-256 HA1 of RFC 7616, and a trigger
     * that empties it when other software changes {@code ha1} only. Does not affect a Kamailio, which names the columns
     * that it reads and writes. Parts that are up to date are not changed.
     */
    public void addSha256Column() {
        addTrigger(sha256Sql(), "sipproxy_subscriber_sha256", SHA256_TRIGGER_STATE);
    }

    /**
     * Adds an index to {@code subscriber} that finds a name in any case of its ASCII letters. Without it, each such
     * look-up reads the whole table: when a subscriber is added, and when a subscriber with capital letters or an
     * unknown user is looked up.
     */
    public void addSubscriberNameIndex() {
        jdbi.useTransaction(handle -> {
            if (handle.createQuery("SELECT to_regclass('sipproxy_subscriber_name_idx') IS NULL")
                    .mapTo(Boolean.class)
                    .one()) {
                handle.execute("CREATE INDEX IF NOT EXISTS sipproxy_subscriber_name_idx ON subscriber ("
                        + Subscribers.lower("username") + ", domain)");
            }
        });
    }

    /** Returns the SQL that {@link #addAccountingColumns} runs. */
    public static String accountingColumnsSql() {
        return SchemaScript.text("accounting-columns.sql");
    }

    /**
     * Adds the columns that {@link JdbcAccounting} fills by default (who called whom) to {@code acc},
     * {@code missed_calls} and {@code acc_cdrs}, unless they exist. Does not affect a Kamailio, which names the columns
     * that it writes.
     *
     * @return false if a column is missing and this role does not own the tables; nothing has changed then
     */
    public boolean addAccountingColumns() {
        try {
            jdbi.useTransaction(handle -> {
                if (!hasAccountingColumns(handle)) {
                    SchemaScript.statements(accountingColumnsSql()).forEach(handle::execute);
                }
            });
            return true;
        } catch (RuntimeException e) {
            if (SqlStates.of(e).equals(SqlStates.INSUFFICIENT_PRIVILEGE)) {
                return false;
            }
            throw e;
        }
    }

    private static boolean hasAccountingColumns(Handle handle) {
        Set<String> usual = new TreeSet<>();
        AccountingColumn.USUAL.forEach(column -> usual.add(column.name()));
        Set<String> records = new TreeSet<>(Set.of(AccountingTable.ENDED_BY));
        AccountingColumn.OF_RECORDS.forEach(column -> records.add(column.name()));
        return columns(handle, "acc").containsAll(usual)
                && columns(handle, "missed_calls").containsAll(usual)
                && columns(handle, "acc_cdrs").containsAll(records);
    }

    /** Returns true if {@code subscriber} has the column {@code ha1_sha256}. */
    public boolean hasSha256Column() {
        return jdbi.withHandle(handle -> columns(handle, "subscriber").contains(Subscriber.SHA256_COLUMN));
    }

    /**
     * Returns the tables of a Kamailio that have rows which this role may read, with the number of rows, counted up to
     * 100,001. Tables that Kamailio only writes, such as {@code acc}, and {@code version} are not examined.
     */
    public Map<String, Long> filledTables() {
        return jdbi.withHandle(handle -> FilledTables.read(handle).rows());
    }

    /** Returns all tables, also those that the role has no rights on, which information_schema does not show. */
    private static Set<String> presentTables(Handle handle) {
        return new TreeSet<>(handle.createQuery("SELECT c.relname FROM pg_catalog.pg_class c"
                        + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
                        + " WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p', 'v', 'm', 'f')")
                .mapTo(String.class)
                .list());
    }

    boolean mayRead(String table) {
        return jdbi.withHandle(handle -> PrivilegeChecks.mayRead(handle, table));
    }

    static Set<String> columns(Handle handle, String table) {
        return new TreeSet<>(handle.createQuery("SELECT a.attname FROM pg_catalog.pg_attribute a"
                        + " JOIN pg_catalog.pg_class c ON c.oid = a.attrelid"
                        + " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = current_schema()"
                        + " AND c.relname = :table AND a.attnum > 0 AND NOT a.attisdropped")
                .bind("table", table)
                .mapTo(String.class)
                .list());
    }

    private static Map<String, Integer> versions(Handle handle) {
        Map<String, Integer> versions = new TreeMap<>();
        handle.createQuery("SELECT table_name, table_version FROM version")
                .map((row, context) -> Map.entry(Objects.requireNonNullElse(row.getString(1), ""), row.getInt(2)))
                .forEach(entry -> versions.put(entry.getKey(), entry.getValue()));
        return versions;
    }
}

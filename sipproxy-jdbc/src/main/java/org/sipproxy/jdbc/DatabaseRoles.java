package org.sipproxy.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.UnableToExecuteStatementException;

/**
 * Two database roles with the least rights that their uses need. The read-write role serves a proxy and administers
 * subscribers. It changes rows but does not own tables, so it cannot alter them. It only reads {@code version}, and
 * only reads and inserts in the table of the proxies' secret. The read-only role reads every table; a proxy that only
 * loads bindings at start, and {@code kamctl show}, need it.
 */
public final class DatabaseRoles {

    /** PostgreSQL silently cuts longer names. */
    private static final int MAX_NAME_BYTES = 63;

    /** Rights of the read-write role on tables whose rows it does not change and delete. */
    private static final Map<String, String> RIGHTS = Map.of("version", "SELECT", JdbcSecret.TABLE, "SELECT, INSERT");

    private final String readWrite;
    private final String readOnly;

    private DatabaseRoles(String readWrite, String readOnly) {
        this.readWrite = readWrite;
        this.readOnly = readOnly;
    }

    /**
     * Returns two roles by name. Neither has to exist.
     *
     * @throws IllegalArgumentException if a name is empty, longer than 63 bytes, has a $ or a control character, or
     *     both are the same
     */
    public static DatabaseRoles of(String readWrite, String readOnly) {
        List<String> problems = new ArrayList<>();
        check("readWrite", readWrite, problems);
        check("readOnly", readOnly, problems);
        if (readWrite.equals(readOnly)) {
            problems.add("readOnly: \"" + readOnly + "\" is also the read-write role; give two different names");
        }
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", problems));
        }
        return new DatabaseRoles(readWrite, readOnly);
    }

    private static void check(String what, String name, List<String> problems) {
        Objects.requireNonNull(name, what);
        int bytes = name.getBytes(StandardCharsets.UTF_8).length;
        if (bytes == 0 || bytes > MAX_NAME_BYTES || name.chars().anyMatch(c -> c < ' ' || c == '$')) {
            problems.add(what + ": not a usable role name (expected 1 to 63 bytes, without $ and control characters)");
        }
    }

    /**
     * Returns the SQL for the tables that are in the database, to be reviewed and run by their owner. It may be run
     * again: excessive rights on these tables are revoked, except those of a table's owner, who needs them for the next
     * upgrade. Roles that it creates have no password and so cannot log in yet. Set one with {@code \password} in psql,
     * which does not send it in clear text.
     */
    public String sql(DataSource dataSource) {
        return QuietJdbi.over("roles", dataSource)
                .withHandle(handle -> String.join("\n", statements(handle)).concat("\n"));
    }

    /**
     * Runs {@link #sql} in one transaction. The connection's role must own the tables.
     *
     * @throws IllegalStateException if a role is missing that the connection's role may not create
     */
    public void grant(DataSource dataSource) {
        QuietJdbi.over("roles", dataSource).useTransaction(handle -> {
            refuseRolesToBeCreated(handle);
            statements(handle).forEach(statement -> {
                if (!statement.startsWith("--")) {
                    executeAsIs(handle, statement);
                }
            });
        });
    }

    private void refuseRolesToBeCreated(Handle handle) {
        boolean mayCreate = handle.createQuery(
                        "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user")
                .mapTo(Boolean.class)
                .one();
        List<String> missing = List.of(readWrite, readOnly).stream()
                .filter(role -> handle.createQuery(
                                "SELECT NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = :role)")
                        .bind("role", role)
                        .mapTo(Boolean.class)
                        .one())
                .toList();
        if (!mayCreate && !missing.isEmpty()) {
            String user = handle.createQuery("SELECT current_user")
                    .mapTo(String.class)
                    .one();
            throw new IllegalStateException(
                    "role " + user + " may not create the missing roles " + String.join(", ", missing)
                            + "; run this as a superuser, for example in psql, and try again: "
                            + missing.stream()
                                    .map(role -> "CREATE ROLE " + identifier(role) + " LOGIN;")
                                    .collect(Collectors.joining(" ")));
        }
    }

    /** Executes a statement without Jdbi's template language, which would interpret the quotes and colons in names. */
    private static void executeAsIs(Handle handle, String statement) {
        try (Statement plain = handle.getConnection().createStatement()) {
            plain.execute(statement);
        } catch (SQLException e) {
            throw new UnableToExecuteStatementException(e, null);
        }
    }

    private List<String> statements(Handle handle) {
        String schema = handle.createQuery("SELECT current_schema()")
                .mapTo(String.class)
                .one();
        String database = handle.createQuery("SELECT current_database()")
                .mapTo(String.class)
                .one();
        String both = identifier(readWrite) + ", " + identifier(readOnly);
        List<String> sql = new ArrayList<>();
        sql.add("-- roles without a password: set one with \\password in psql");
        sql.add(createRole(readWrite));
        sql.add(createRole(readOnly));
        sql.add("-- only the owner creates tables here");
        sql.add("REVOKE CREATE ON SCHEMA " + identifier(schema) + " FROM PUBLIC;");
        Set<String> owners = owners(handle, schema);
        List<String> others = List.of(readWrite, readOnly).stream()
                .filter(role -> !owners.contains(role))
                .map(DatabaseRoles::identifier)
                .toList();
        if (!others.isEmpty()) {
            sql.add("REVOKE CREATE ON SCHEMA " + identifier(schema) + " FROM " + String.join(", ", others) + ";");
        }
        sql.add("GRANT CONNECT ON DATABASE " + identifier(database) + " TO " + both + ";");
        sql.add("GRANT USAGE ON SCHEMA " + identifier(schema) + " TO " + both + ";");
        for (String table : KamailioSchema.tables()) {
            Optional<String> sequence = sequence(handle, schema, table);
            if (sequence.isPresent()) {
                addTable(sql, identifier(schema) + "." + identifier(table), table, sequence.get(), others);
            }
        }
        return sql;
    }

    /** Returns the owners of the tables. Their rights are left alone, and {@code db create} must work again. */
    private static Set<String> owners(Handle handle, String schema) {
        return new TreeSet<>(handle.createQuery("SELECT DISTINCT tableowner FROM pg_catalog.pg_tables "
                        + "WHERE schemaname = :schema AND tablename IN ('"
                        + String.join("', '", KamailioSchema.tables())
                        + "')")
                .bind("schema", schema)
                .mapTo(String.class)
                .list());
    }

    private void addTable(List<String> sql, String qualified, String table, String sequence, List<String> notOwners) {
        String from = String.join(
                ", ", Stream.concat(Stream.of("PUBLIC"), notOwners.stream()).toList());
        String rights = RIGHTS.getOrDefault(table, "SELECT, INSERT, UPDATE, DELETE");
        sql.add("-- " + table);
        sql.add("REVOKE ALL ON TABLE " + qualified + " FROM " + from + ";");
        sql.add("GRANT " + rights + " ON TABLE " + qualified + " TO " + identifier(readWrite) + ";");
        sql.add("GRANT SELECT ON TABLE " + qualified + " TO " + identifier(readOnly) + ";");
        if (!sequence.isEmpty()) {
            sql.add("REVOKE ALL ON SEQUENCE " + sequence + " FROM " + from + ";");
            if (!table.equals("version")) {
                sql.add("GRANT USAGE, SELECT ON SEQUENCE " + sequence + " TO " + identifier(readWrite) + ";");
            }
        }
    }

    /**
     * Returns the sequence of a table's id, quoted as needed; an empty text if there is no sequence, empty if there is
     * no table.
     */
    private static Optional<String> sequence(Handle handle, String schema, String table) {
        String name = identifier(schema) + "." + identifier(table);
        return handle.createQuery("SELECT coalesce(pg_get_serial_sequence(:name, 'id'), '') "
                        + "WHERE to_regclass(:name) IS NOT NULL")
                .bind("name", name)
                .mapTo(String.class)
                .findOne();
    }

    private static String createRole(String role) {
        return "DO $sipproxy$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = " + literal(role)
                + ") THEN CREATE ROLE " + identifier(role) + " LOGIN; END IF; END $sipproxy$;";
    }

    /** Returns the name quoted like PostgreSQL's quote_ident, always with quotes. */
    static String identifier(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /**
     * Returns the text as a literal, in the E'' form if it has a backslash, so that standard_conforming_strings does
     * not matter.
     */
    static String literal(String text) {
        String quoted = text.replace("'", "''");
        return text.indexOf('\\') < 0 ? "'" + quoted + "'" : "E'" + quoted.replace("\\", "\\\\") + "'";
    }
}

package org.sipproxy.jdbc;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import java.util.Properties;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;

/**
 * Text of a database failure, for logs and exceptions: the database, its message, and the remedy. Never contains a
 * password or a value of a statement.
 */
final class DatabaseProblem {

    /** Getters of the URL of a pool or of pgjdbc's data sources. */
    private static final List<String> URL_GETTERS = List.of("getJdbcUrl", "getURL", "getUrl");

    private DatabaseProblem() {}

    /** Returns database, message and remedy, on one line. */
    static String text(DataSource dataSource, Throwable e) {
        String remedy = remedy(e);
        return place(dataSource) + ": " + said(e) + (remedy.isEmpty() ? "" : "; " + remedy);
    }

    /** Returns the database's message, or that of the network if there is no connection. */
    private static String said(Throwable e) {
        IOException network = SqlStates.of(e).startsWith("08") ? find(e, IOException.class) : null;
        if (network == null || network.getMessage() == null) {
            return SqlStates.text(e);
        }
        return (network instanceof UnknownHostException ? "unknown host " : "")
                + SqlStates.withoutPassword(network.getMessage());
    }

    /** Returns how to fix it; empty if the message says all. */
    static String remedy(Throwable e) {
        String state = SqlStates.of(e);
        return switch (state) {
            case "28P01" -> "check user and password of the data source; in psql, \\password sets a new one";
            case "28000" -> "the role does not exist or pg_hba.conf does not admit it; add a line for it there";
            case "3D000" -> "create the database, or correct its name in the URL";
            case "53300" -> "the server has no free connection; raise max_connections or use smaller pools";
            case "42501" ->
                "grant the role the missing rights; DatabaseRoles or the launcher's db grants prints the SQL";
            case "42P01" -> "create the tables with KamailioSchema.createAll or the launcher's db create";
            case "42703", "42883" ->
                "the table is not of the expected version: DatabaseDoctor or the launcher's db check compares it";
            case "25006" -> "the server is a standby or read-only; use the primary";
            case "57P03" -> "wait until the server has started";
            default -> isOfConnection(e, state) ? ofConnection(e, state) : "";
        };
    }

    /** Returns true if there is no connection: not every driver and pool has an SQLSTATE for it. */
    private static boolean isOfConnection(Throwable e, String state) {
        return state.startsWith("08")
                || state.isEmpty()
                        && (SqlStates.isWithoutConnection(e)
                                || find(e, IOException.class) != null
                                || find(e, SQLTransientConnectionException.class) != null);
    }

    private static String ofConnection(Throwable e, String state) {
        if (find(e, UnknownHostException.class) != null) {
            return "correct the host in the URL";
        }
        if (find(e, SocketTimeoutException.class) != null) {
            return "check host and port in the URL, and firewalls";
        }
        return state.isEmpty() && find(e, SQLTransientConnectionException.class) != null
                ? "use a larger pool, or find out who does not return connections"
                : "check host and port in the URL, that the server runs, and listen_addresses in postgresql.conf";
    }

    /**
     * Returns name, host and port of the database if the data source has a URL, as those of pgjdbc and of the common
     * pools do.
     */
    static String place(DataSource given) {
        DataSource dataSource = given instanceof GuardedDataSource guarded ? guarded.real() : given;
        for (String getter : URL_GETTERS) {
            String url = url(dataSource, getter);
            Properties parts = url == null ? null : Driver.parseURL(url, null);
            if (parts != null) {
                return SqlStates.withoutPassword("database " + parts.getProperty("PGDBNAME", "of the user") + " on "
                        + parts.getProperty("PGHOST") + ":" + parts.getProperty("PGPORT"));
            }
        }
        return "the database";
    }

    private static @Nullable String url(DataSource dataSource, String getter) {
        try {
            return dataSource.getClass().getMethod(getter).invoke(dataSource) instanceof String url ? url : null;
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            return null; // another kind of data source
        }
    }

    private static <T extends Throwable> @Nullable T find(Throwable e, Class<T> type) {
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }
}

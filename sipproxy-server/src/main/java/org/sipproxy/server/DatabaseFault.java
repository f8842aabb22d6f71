package org.sipproxy.server;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Texts for failures of a database: database, role, cause, and the option to correct. They never contain a password.
 */
final class DatabaseFault {

    private DatabaseFault() {}

    /** Returns database, host, port and role. */
    static String place(DatabaseOptions options) {
        if (options.isEmbedded()) {
            return "the embedded database";
        }
        PGSimpleDataSource named = new PGSimpleDataSource();
        boolean isNamed = true;
        try {
            named.setUrl(options.url);
        } catch (IllegalArgumentException e) {
            isNamed = false;
        }
        String user = options.user.isEmpty() && isNamed ? named.getUser() : options.user;
        String role = user == null || user.isEmpty() ? "" : " as role " + user;
        return isNamed
                ? named.getDatabaseName() + " on " + named.getServerNames()[0] + ":" + named.getPortNumbers()[0] + role
                : "the database of --database-url" + role;
    }

    /** Returns true if a database is the cause. */
    static boolean isCauseOf(Throwable e) {
        return find(e, SQLException.class) != null;
    }

    /** Returns the text for a failure, on one line. */
    static String text(Throwable e, DatabaseOptions options) {
        return place(options) + ": " + why(e, options);
    }

    private static String why(Throwable e, DatabaseOptions options) {
        SQLException sql = find(e, SQLException.class);
        String state = sql == null || sql.getSQLState() == null ? "" : sql.getSQLState();
        String said = firstLine(sql == null ? e : sql);
        if (find(e, UnknownHostException.class) != null) {
            return "the host name cannot be resolved; correct the host in --database-url";
        }
        if (find(e, SocketTimeoutException.class) != null) {
            return "no response; check host and port in --database-url, and firewalls";
        }
        if (find(e, ConnectException.class) != null || find(e, NoRouteToHostException.class) != null) {
            return "the connection was refused; check host and port in --database-url, that PostgreSQL runs,"
                    + " and its listen_addresses";
        }
        if (said.contains("no password was provided")) {
            return "PostgreSQL requires a password, and none is set; " + password(options);
        }
        return switch (state) {
            case "28P01" -> said + "; " + password(options);
            case "28000" ->
                said + "; check --database-user, and that pg_hba.conf has a line for this role, database and address";
            case "3D000" -> said + "; correct its name in --database-url, or create it";
            case "42501" ->
                said + "; db grants prints the SQL for the privileges of a role, to be run by the owner of the tables";
            case "42P01", "42703", "3F000" ->
                said + "; db create makes missing tables and columns, and db check shows what is missing";
            case "53300" -> said + "; raise max_connections of the server or stop other clients";
            default -> said;
        };
    }

    private static String password(DatabaseOptions options) {
        if (!options.passwordFile.isEmpty()) {
            return "check the first line of --database-password-file " + options.passwordFile;
        }
        String variable = DatabaseOptions.PASSWORD_VARIABLE;
        return options.password().isEmpty()
                ? "name a file that holds it with --database-password-file, or set the environment variable " + variable
                : "check the environment variable " + variable + ", or use --database-password-file";
    }

    private static <T extends Throwable> @Nullable T find(Throwable e, Class<T> type) {
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (type.isInstance(cause)) {
                return type.cast(cause);
            }
        }
        return null;
    }

    private static String firstLine(Throwable e) {
        String message = e.getMessage();
        return message == null ? e.toString() : message.lines().findFirst().orElse("");
    }
}

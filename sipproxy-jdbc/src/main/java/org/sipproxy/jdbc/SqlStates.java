package org.sipproxy.jdbc;

import java.sql.SQLException;
import java.util.Set;
import java.util.regex.Pattern;
import org.jdbi.v3.core.ConnectionException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.LocationStoreException;

/** Meanings of PostgreSQL's error codes. */
final class SqlStates {

    static final String INSUFFICIENT_PRIVILEGE = "42501";
    private static final int LONGEST_TEXT = 300;
    private static final Pattern URL_PARAMETERS = Pattern.compile("(jdbc:[^\\s?]*)\\?\\S*");
    /** A user name, a colon, a password and an at sign, at the beginning of a word or after the slashes of a URL. */
    private static final Pattern USER_BEFORE_HOST = Pattern.compile("(jdbc:\\S*?//|\\b)[^\\s/:@]*:\\S*@");

    private static final String UNIQUE_VIOLATION = "23505";
    private static final Set<String> CREATED_CONCURRENTLY =
            Set.of(UNIQUE_VIOLATION, "42P07", "42710", "42701", "40001");

    private SqlStates() {}

    /** Returns true if two sessions created the same table, index, column or function at the same time. */
    static boolean isCreatedConcurrently(Throwable e) {
        return CREATED_CONCURRENTLY.contains(of(e));
    }

    static boolean isUniqueViolation(Throwable e) {
        return of(e).equals(UNIQUE_VIOLATION);
    }

    /** Returns true if two transactions conflicted and one was rolled back, so that it may be repeated. */
    static boolean isConflict(Throwable e) {
        String state = of(e);
        return state.equals("40001") || state.equals("40P01");
    }

    /** Returns true if a text has a character that the database's encoding lacks. */
    static boolean isUnrepresentable(Throwable e) {
        String state = of(e);
        return state.equals("22021") || state.equals("22P05");
    }

    /** Returns true if the connection is closed, or the server is about to close it. */
    static boolean isConnectionClosed(Throwable e) {
        String state = of(e);
        return state.startsWith("08") || isClosedByServer(e);
    }

    /** Returns true if the server closes the connection itself, so that the statement had no effect. */
    static boolean isClosedByServer(Throwable e) {
        return of(e).startsWith("57P");
    }

    /** Returns true if the database does not know a function, or has not implemented it. */
    static boolean isUnsupported(Throwable e) {
        String state = of(e);
        return state.equals("42883") || state.equals("0A000");
    }

    /** Returns true if the database does not support a part of a statement: a syntax, function or type. */
    static boolean isUnsupportedStatement(Throwable e) {
        String state = of(e);
        return state.equals("42601") || state.equals("42704") || isUnsupported(e);
    }

    /**
     * Returns what failed: the connection (08), the login (28), the database itself (3D, 53, 57P, 58), or a value (22,
     * 23). A pool without a free connection may report no SQLSTATE.
     */
    static LocationStoreException.Kind kindOf(Throwable e) {
        String state = of(e);
        if (state.startsWith("22") || state.startsWith("23")) {
            return LocationStoreException.Kind.REFUSED;
        }
        return (state.isEmpty() && isWithoutConnection(e))
                        || state.startsWith("08")
                        || state.startsWith("28")
                        || state.startsWith("3D")
                        || state.startsWith("53")
                        || state.startsWith("57P")
                        || state.startsWith("58")
                ? LocationStoreException.Kind.UNREACHABLE
                : LocationStoreException.Kind.FAILED;
    }

    /** Returns true if no connection could be opened, or the pool had none. */
    static boolean isWithoutConnection(Throwable e) {
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectionException) {
                return true;
            }
        }
        return false;
    }

    /**
     * Returns the first line of the innermost database error, printable and at most 300 characters long. Does not
     * contain a password of a URL.
     */
    static String text(Throwable e) {
        String text = "";
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && (text.isEmpty() || cause instanceof SQLException)) {
                text = cause.getMessage();
            }
        }
        StringBuilder shown = new StringBuilder();
        withoutPassword(text.lines().findFirst().orElse(e.getClass().getSimpleName()))
                .codePoints()
                .limit(LONGEST_TEXT)
                .forEach(c -> shown.appendCodePoint(Character.isISOControl(c) ? '?' : c));
        return shown.toString();
    }

    /**
     * Returns a text without the parameters of a URL of JDBC, and without user and password before a host, which the
     * driver takes for a part of its name.
     */
    static String withoutPassword(String text) {
        return USER_BEFORE_HOST
                .matcher(URL_PARAMETERS.matcher(text).replaceAll("$1"))
                .replaceAll("$1");
    }

    /** Returns the SQLSTATE of the innermost database error; empty if there is none. */
    static String of(Throwable e) {
        String state = "";
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                state = sql.getSQLState();
            }
        }
        return state;
    }
}

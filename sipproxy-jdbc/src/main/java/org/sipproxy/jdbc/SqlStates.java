package org.sipproxy.jdbc;

import java.sql.SQLException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What PostgreSQL's error codes mean to us. */
final class SqlStates {

    private static final String UNIQUE_VIOLATION = "23505";
    private static final Set<String> MADE_BY_ANOTHER = Set.of(UNIQUE_VIOLATION, "42P07", "42710", "42701", "40001");

    private SqlStates() {}

    /** Two created the same table, index, column or function at the same time. */
    static boolean isMadeByAnother(Throwable e) {
        return MADE_BY_ANOTHER.contains(of(e));
    }

    static boolean isUniqueViolation(Throwable e) {
        return of(e).equals(UNIQUE_VIOLATION);
    }

    /** The SQLSTATE of the innermost database error, or nothing. */
    static String of(Throwable e) {
        String state = "";
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                state = sql.getSQLState();
            }
        }
        return state;
    }

    /** What the innermost database error says, in one line. */
    static String message(Throwable e) {
        String message = "";
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause.getMessage() != null && (message.isEmpty() || cause instanceof SQLException)) {
                message = cause.getMessage();
            }
        }
        return message.isEmpty()
                ? e.getClass().getSimpleName()
                : message.lines().findFirst().orElse("");
    }
}

package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDateTime;

/**
 * The statements for one {@code location} table, whose columns of time are what they are.
 *
 * <p>Writes are one statement however many rows there are, and always the same text, so that a connection prepares it once.
 * {@code UNNEST} of several arrays, {@code ON CONFLICT} and {@code RETURNING} are PostgreSQL's, and understood by
 * CockroachDB and YugabyteDB as documented; {@code pg_advisory_xact_lock} is PostgreSQL's and YugabyteDB's.
 */
final class LocationTable {

    private static final String COLUMNS =
            "id, ruid, username, domain, contact, received, path, expires, q, callid, cseq, last_modified, "
                    + "user_agent, socket, methods, instance, reg_id";

    final LocationLayout layout;
    final boolean expiresIsNumber;
    final boolean modifiedIsNumber;

    final String find;
    final String findAndLock;
    final String lockAndFind;
    final String page;
    final String put;
    final String delete = "DELETE FROM location WHERE ruid = ANY(?)";
    final String deleteExpired;
    final String deleteOwnExpired;

    private LocationTable(LocationLayout layout, boolean expiresIsNumber, boolean modifiedIsNumber) {
        this.layout = layout;
        this.expiresIsNumber = expiresIsNumber;
        this.modifiedIsNumber = modifiedIsNumber;
        this.find = "SELECT " + COLUMNS + " FROM location WHERE username = ?"
                + (layout.usesDomain() ? " AND domain = ?" : "")
                + " AND (expires > ? OR expires = ?) ORDER BY id";
        this.findAndLock = find + " FOR UPDATE";
        // two statements in one round trip; the second sees what was committed before the first had its lock
        this.lockAndFind = "SELECT pg_advisory_xact_lock(?); " + findAndLock;
        this.page = "SELECT " + COLUMNS
                + " FROM location WHERE id > ? AND (expires > ? OR expires = ?) ORDER BY id LIMIT ?";
        this.put = put(time("expires", expiresIsNumber), time("last_modified", modifiedIsNumber));
        this.deleteExpired = deleteExpired("");
        this.deleteOwnExpired = deleteExpired(" AND server_id = ?");
    }

    /** Looks at the columns, without reading a row. */
    static LocationTable inspect(Connection connection, LocationLayout layout) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet none = statement.executeQuery("SELECT expires, last_modified FROM location WHERE 1 = 0")) {
            ResultSetMetaData columns = none.getMetaData();
            return new LocationTable(layout, isNumber(columns.getColumnType(1)), isNumber(columns.getColumnType(2)));
        }
    }

    private static boolean isNumber(int type) {
        return type == Types.BIGINT || type == Types.INTEGER || type == Types.NUMERIC;
    }

    private static String time(String column, boolean isNumber) {
        return isNumber ? "r." + column : "TIMESTAMP 'epoch' + r." + column + " * INTERVAL '1 second'";
    }

    /** Parameters: the arrays of {@link LocationBatch} in their order, then server_id. */
    private static String put(String expires, String modified) {
        return "INSERT INTO location (ruid, username, domain, contact, received, path, expires, q, callid, cseq, "
                + "last_modified, flags, cflags, user_agent, socket, methods, instance, reg_id, server_id, "
                + "connection_id, keepalive, \"partition\") "
                + "SELECT r.ruid, r.username, r.domain, r.contact, r.received, r.path, " + expires
                + ", r.q, r.callid, r.cseq, " + modified
                + ", 0, r.cflags, r.user_agent, r.socket, r.methods, r.instance, r.reg_id, s.id, "
                + "r.connection_id, 0, 0 "
                + "FROM UNNEST(CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS TEXT[]), "
                + "CAST(? AS TEXT[]), CAST(? AS TEXT[]), CAST(? AS BIGINT[]), CAST(? AS REAL[]), CAST(? AS TEXT[]), "
                + "CAST(? AS INTEGER[]), CAST(? AS BIGINT[]), CAST(? AS INTEGER[]), CAST(? AS TEXT[]), "
                + "CAST(? AS TEXT[]), CAST(? AS INTEGER[]), CAST(? AS TEXT[]), CAST(? AS INTEGER[]), "
                + "CAST(? AS INTEGER[])) "
                + "AS r (ruid, username, domain, contact, received, path, expires, q, callid, cseq, last_modified, "
                + "cflags, user_agent, socket, methods, instance, reg_id, connection_id), "
                + "(SELECT CAST(? AS INTEGER) AS id) AS s "
                + "ON CONFLICT (ruid) DO UPDATE SET username = EXCLUDED.username, domain = EXCLUDED.domain, "
                + "contact = EXCLUDED.contact, received = EXCLUDED.received, path = EXCLUDED.path, "
                + "expires = EXCLUDED.expires, q = EXCLUDED.q, callid = EXCLUDED.callid, cseq = EXCLUDED.cseq, "
                + "last_modified = EXCLUDED.last_modified, flags = 0, cflags = EXCLUDED.cflags, "
                + "user_agent = EXCLUDED.user_agent, socket = EXCLUDED.socket, methods = EXCLUDED.methods, "
                + "instance = EXCLUDED.instance, reg_id = EXCLUDED.reg_id, server_id = EXCLUDED.server_id, "
                + "connection_id = EXCLUDED.connection_id, keepalive = 0, \"partition\" = 0";
    }

    /** Parameters: a time, the time of what is permanent, a server_id if one is asked for, how many, and the time again. */
    private static String deleteExpired(String more) {
        return "DELETE FROM location WHERE ruid IN (SELECT ruid FROM location WHERE expires <= ? AND expires <> ?"
                + more + " LIMIT ? FOR UPDATE SKIP LOCKED) AND expires <= ? RETURNING " + COLUMNS;
    }

    /** Sets a parameter that is compared with {@code expires}. */
    void setTime(PreparedStatement statement, int index, long epochSeconds) throws SQLException {
        if (expiresIsNumber) {
            statement.setLong(index, epochSeconds);
        } else {
            statement.setObject(index, layout.local(epochSeconds));
        }
    }

    /** Epoch seconds, no later than {@link LocationLayout#FAR}; negative if the column is NULL. */
    long readExpires(ResultSet row, int column) throws SQLException {
        long seconds = readTime(row, column, expiresIsNumber);
        return seconds == LocationLayout.PERMANENT ? LocationLayout.FAR : seconds;
    }

    /** Epoch seconds; 1970 if the column is NULL. */
    long readModified(ResultSet row, int column) throws SQLException {
        return Math.max(0, readTime(row, column, modifiedIsNumber));
    }

    private long readTime(ResultSet row, int column, boolean isNumber) throws SQLException {
        if (isNumber) {
            long seconds = row.getLong(column);
            return row.wasNull() ? -1 : Math.min(LocationLayout.FAR, seconds);
        }
        LocalDateTime local = row.getObject(column, LocalDateTime.class);
        return local == null ? -1 : Math.min(LocationLayout.FAR, layout.epochSeconds(local));
    }
}

package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDateTime;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/**
 * Statements for a {@code location} table, whatever the types of its time columns.
 *
 * <p>Any number of rows is written with one statement of constant text, so that a connection prepares it once.
 * {@code UNNEST} of several arrays, {@code ON CONFLICT} and {@code RETURNING} are PostgreSQL's; CockroachDB and
 * YugabyteDB support them according to their documentation. {@code pg_advisory_xact_lock} exists in PostgreSQL and
 * YugabyteDB.
 */
final class LocationTable {

    private static final String COLUMNS =
            "id, ruid, username, domain, contact, received, path, expires, q, callid, cseq, last_modified, "
                    + "user_agent, socket, methods, instance, reg_id";

    /** The same for a database whose texts may be any bytes. */
    private static final String RAW_COLUMNS =
            "id, " + RowText.bytesOf("ruid", "username", "domain", "contact", "received", "path") + ", expires, q, "
                    + RowText.bytesOf("callid") + ", cseq, last_modified, " + RowText.bytesOf("user_agent", "socket")
                    + ", methods, " + RowText.bytesOf("instance") + ", reg_id";

    final LocationLayout layout;
    final MethodMask methodMasks = new MethodMask();
    final SocketColumn sockets = new SocketColumn();
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

    private final int usernameWidth;
    private final int domainWidth;
    private final int contactWidth;
    private final int receivedWidth;
    private final int pathWidth;
    private final int callIdWidth;
    private final int userAgentWidth;
    private final int socketWidth;
    private final int instanceWidth;
    private final DatabaseEncoding encoding;

    private LocationTable(
            LocationLayout layout,
            boolean expiresIsNumber,
            boolean modifiedIsNumber,
            ResultSetMetaData columns,
            DatabaseEncoding encoding)
            throws SQLException {
        this.layout = layout;
        this.usernameWidth = width(columns, 3);
        this.domainWidth = width(columns, 4);
        this.contactWidth = width(columns, 5);
        this.receivedWidth = width(columns, 6);
        this.pathWidth = width(columns, 7);
        this.callIdWidth = width(columns, 8);
        this.userAgentWidth = width(columns, 9);
        this.socketWidth = width(columns, 10);
        this.instanceWidth = width(columns, 11);
        this.encoding = encoding;
        this.expiresIsNumber = expiresIsNumber;
        this.modifiedIsNumber = modifiedIsNumber;
        // rows without a domain are read too: they belong to the default domain, or are reported
        String columnList = encoding.isRaw() ? RAW_COLUMNS : COLUMNS;
        this.find = "SELECT " + columnList + " FROM location WHERE username = ?"
                + " AND (domain = ? OR domain IS NULL OR domain = '')"
                + " AND (expires > ? OR expires = ?) ORDER BY id";
        this.findAndLock = find + " FOR UPDATE";
        // two statements in one round trip; the second sees what was committed before the first got its lock
        this.lockAndFind = "SELECT pg_advisory_xact_lock(?); " + findAndLock;
        this.page = "SELECT " + columnList
                + " FROM location WHERE id > ? AND (expires > ? OR expires = ?) ORDER BY id LIMIT ?";
        this.put = put(time("expires", expiresIsNumber), time("last_modified", modifiedIsNumber));
        this.deleteExpired = deleteExpired("", columnList);
        this.deleteOwnExpired = deleteExpired(" AND server_id = ?", columnList);
    }

    /** Inspects the columns and the database's encoding, without reading a row. */
    static LocationTable inspect(Connection connection, LocationLayout layout) throws SQLException {
        DatabaseEncoding encoding;
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SHOW server_encoding")) {
            encoding = DatabaseEncoding.of(row.next() ? row.getString(1) : "");
        }
        try (Statement statement = connection.createStatement();
                ResultSet none = statement.executeQuery("SELECT expires, last_modified, username, domain, contact, "
                        + "received, path, callid, user_agent, socket, instance FROM location WHERE 1 = 0")) {
            ResultSetMetaData columns = none.getMetaData();
            return new LocationTable(
                    layout, isNumber(columns.getColumnType(1)), isNumber(columns.getColumnType(2)), columns, encoding);
        }
    }

    /** Returns the width in characters; the greatest number for a text without a limit. */
    private static int width(ResultSetMetaData columns, int column) throws SQLException {
        int precision = columns.getPrecision(column);
        return precision > 0 ? precision : Integer.MAX_VALUE;
    }

    // ---- limits of a row

    /** Returns true if a row could belong to the AOR. */
    boolean holds(Aor aor) {
        return length(aor.user()) <= usernameWidth
                && length(aor.domain()) <= domainWidth
                && encoding.holds(aor.user())
                && encoding.holds(aor.domain());
    }

    /**
     * Checks that a row can hold the binding, except its User-Agent, which {@link #userAgent} shortens.
     *
     * @throws LocationStoreException of kind REFUSED, with a reason, if it cannot
     */
    void check(Aor aor, Binding binding) {
        check("user of To", aor.user(), usernameWidth);
        check("domain of To", aor.domain(), domainWidth);
        check("Call-ID", binding.callId(), callIdWidth);
        check("+sip.instance", binding.instanceId(), instanceWidth);
        check("listening point", binding.socket().map(Endpoint::toString).orElse(""), socketWidth);
        // URIs are ASCII
        check("Contact", binding.contact().length(), contactWidth);
        check("received address", binding.received().map(SipUri::length).orElse(0), receivedWidth);
        int path = 0;
        for (SipUri hop : binding.path()) {
            path += (path == 0 ? 2 : 3) + hop.length(); // in angle brackets, with commas between
        }
        check("Path", path, pathWidth);
    }

    private void check(String what, String text, int width) {
        check(what, length(text), width);
        if (!encoding.holds(text)) {
            throw LocationStoreException.refused(
                    what + " has a character that the database cannot hold (encoding " + encoding.name() + ")");
        }
    }

    private static void check(String what, int length, int width) {
        if (length > width) {
            throw LocationStoreException.refused(
                    what + " is too long: " + length + " characters (at most " + width + ")");
        }
    }

    /** Returns the length in characters as PostgreSQL counts them: code points. */
    private static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** Returns a User-Agent as the column can hold it; no other data depends on its text. */
    String userAgent(String text) {
        return ColumnText.cut(encoding.replaced(text), userAgentWidth);
    }

    private static boolean isNumber(int type) {
        return type == Types.BIGINT || type == Types.INTEGER || type == Types.NUMERIC;
    }

    private static String time(String column, boolean isNumber) {
        return isNumber ? "r." + column : "TIMESTAMP 'epoch' + r." + column + " * INTERVAL '1 second'";
    }

    /** SQL parameters: the arrays of {@link LocationBatch} in their order, then server_id. */
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
                // the AOR stays as its writer stored it: a Kamailio with use_domain=0 omits the domain
                + "ON CONFLICT (ruid) DO UPDATE SET contact = EXCLUDED.contact, received = EXCLUDED.received, path ="
                + " EXCLUDED.path, expires = EXCLUDED.expires, q = EXCLUDED.q, callid = EXCLUDED.callid, cseq ="
                + " EXCLUDED.cseq, last_modified = EXCLUDED.last_modified, flags = 0, cflags = EXCLUDED.cflags,"
                + " user_agent = EXCLUDED.user_agent, socket = EXCLUDED.socket, methods = EXCLUDED.methods, instance ="
                + " EXCLUDED.instance, reg_id = EXCLUDED.reg_id, server_id = EXCLUDED.server_id, connection_id ="
                + " EXCLUDED.connection_id, keepalive = 0, \"partition\" = 0";
    }

    /** SQL parameters: a time, the time of permanent rows, a server_id if required, the limit, and the time again. */
    private static String deleteExpired(String more, String columns) {
        return "DELETE FROM location WHERE ruid IN (SELECT ruid FROM location WHERE expires <= ? AND expires <> ?"
                + more + " LIMIT ? FOR UPDATE SKIP LOCKED) AND expires <= ? RETURNING " + columns;
    }

    /** Sets a parameter that is compared with {@code expires}. */
    void setTime(PreparedStatement statement, int index, long epochSeconds) throws SQLException {
        if (expiresIsNumber) {
            statement.setLong(index, epochSeconds);
        } else {
            statement.setObject(index, layout.local(epochSeconds));
        }
    }

    /** Returns epoch seconds, at most {@link LocationLayout#FAR}; negative if the column is NULL. */
    long readExpires(ResultSet row, int column) throws SQLException {
        long seconds = readTime(row, column, expiresIsNumber);
        return seconds == LocationLayout.PERMANENT ? LocationLayout.FAR : seconds;
    }

    /** Returns epoch seconds; 0 if the column is NULL. */
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

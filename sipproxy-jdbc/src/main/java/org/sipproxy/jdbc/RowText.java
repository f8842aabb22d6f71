package org.sipproxy.jdbc;

import java.nio.charset.StandardCharsets;
import java.sql.ResultSet;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * Reader of texts in rows that other software wrote. In a database of encoding {@code SQL_ASCII} a column may hold any
 * bytes. The server refuses to send text that is not UTF-8, together with all rows of the result; therefore such
 * columns are selected as bytes.
 */
final class RowText {

    /** Replaces bytes that are not UTF-8. */
    private static final char REPLACEMENT = '\ufffd';

    private RowText() {}

    /**
     * Returns SQL for the bytes of a text column: in UTF-8, except in a database of encoding SQL_ASCII, whose bytes are
     * not converted.
     */
    static String bytes(String column) {
        return "convert_to(" + column
                + ", CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END)";
    }

    /** Returns SQL for a list of text columns like {@link #bytes}, each under its own name. */
    static String bytesOf(String... columns) {
        StringBuilder sql = new StringBuilder();
        for (String column : columns) {
            sql.append(sql.isEmpty() ? "" : ", ")
                    .append(bytes(column))
                    .append(" AS ")
                    .append(column);
        }
        return sql.toString();
    }

    /**
     * Returns a column's text, selected as text or as bytes, with U+FFFD for bytes that are not UTF-8. Null if the
     * column is NULL.
     */
    static @Nullable String orNull(ResultSet row, int column) throws SQLException {
        Object value = row.getObject(column);
        if (value instanceof byte[] bytes) {
            return new String(bytes, StandardCharsets.UTF_8);
        }
        return value == null ? null : value.toString();
    }

    /** Returns the text like {@link #orNull}, but empty for NULL. */
    static String orEmpty(ResultSet row, int column) throws SQLException {
        String text = orNull(row, column);
        return text == null ? "" : text;
    }

    /** Returns the text like {@link #orEmpty}, by column name. */
    static String orEmpty(ResultSet row, String column) throws SQLException {
        return orEmpty(row, row.findColumn(column));
    }

    /** Returns true if bytes of the column were not UTF-8. */
    static boolean isDamaged(@Nullable String text) {
        return text != null && text.indexOf(REPLACEMENT) >= 0;
    }
}

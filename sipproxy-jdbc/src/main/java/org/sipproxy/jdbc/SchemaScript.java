package org.sipproxy.jdbc;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** SQL files beside the classes, split at their marker lines. */
final class SchemaScript {

    private static final String TABLE = "\n-- table ";
    private static final Pattern WIDTH = Pattern.compile("^ {4}(\\w+) VARCHAR\\((\\d+)\\)");
    private static final String STATEMENT = "-- statement\n";

    private SchemaScript() {}

    /** One table of the schema. {@code sql} holds its statements, {@code columns} the names of its columns in order. */
    record Table(String name, int version, List<String> columns, String sql) {

        /** Returns the widths of text columns, in characters. */
        Map<String, Integer> widths() {
            Map<String, Integer> widths = new TreeMap<>();
            sql.lines()
                    .map(WIDTH::matcher)
                    .filter(Matcher::find)
                    .forEach(match -> widths.put(match.group(1), Integer.valueOf(match.group(2))));
            return widths;
        }
    }

    /** Returns the whole text of a file. */
    static String text(String file) {
        try (InputStream in = SchemaScript.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("resource " + file + " is missing from the jar");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns the parts after each line {@code -- table NAME VERSION}. */
    static List<Table> tables(String text) {
        List<Table> tables = new ArrayList<>();
        for (int at = text.indexOf(TABLE); at >= 0; ) {
            int next = text.indexOf(TABLE, at + 1);
            int lineEnd = text.indexOf('\n', at + 1);
            String head = text.substring(at + TABLE.length(), lineEnd);
            int space = head.indexOf(' ');
            String sql = text.substring(lineEnd + 1, next < 0 ? text.length() : next);
            tables.add(new Table(
                    head.substring(0, space), Integer.parseInt(head.substring(space + 1)), columns(sql), sql.strip()));
            at = next;
        }
        return List.copyOf(tables);
    }

    /** Returns the parts after each line {@code -- statement}. */
    static List<String> statements(String text) {
        List<String> statements = new ArrayList<>();
        for (int at = text.indexOf(STATEMENT); at >= 0; ) {
            int next = text.indexOf(STATEMENT, at + 1);
            statements.add(text.substring(at + STATEMENT.length(), next < 0 ? text.length() : next)
                    .strip());
            at = next;
        }
        return List.copyOf(statements);
    }

    /** Returns the column names, with which the indented lines of a CREATE TABLE begin. */
    private static List<String> columns(String sql) {
        return sql.lines()
                .filter(line -> line.startsWith("    ") && !line.startsWith("    CONSTRAINT"))
                .map(line -> line.substring(4, line.indexOf(' ', 4)))
                .toList();
    }
}

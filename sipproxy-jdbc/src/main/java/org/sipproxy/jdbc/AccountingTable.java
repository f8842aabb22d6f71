package org.sipproxy.jdbc;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;

/** Table that accounting writes: its columns, their widths, and the statement that inserts many rows at once. */
final class AccountingTable {

    /** Column of {@code acc_cdrs} that holds how a call ended. */
    static final String ENDED_BY = "ended_by";

    /** Width for text columns without a limit, so that the queue is bounded in bytes too. */
    private static final int WIDEST = 1_024;

    private static final int STATEMENT_SECONDS = 30;

    /** Text columns that the database has, and the resulting statement. */
    private record Layout(int[] widths, String insert) {}

    private final String name;
    private final List<AccountingColumn> extra;
    /** True for the text columns that a table may lack, by position. */
    private final boolean[] optional;

    private final boolean calls;
    private final ZoneId zone;
    private final List<String> textColumns;
    /**
     * Written by the thread that checks the table, read by receiver threads. A width of 0 means that the table lacks
     * the column.
     */
    private volatile Layout layout;

    private AccountingTable(
            String name,
            Map<String, Integer> own,
            List<AccountingColumn> extra,
            boolean extraIsOptional,
            boolean calls,
            ZoneId zone) {
        this.name = name;
        this.extra = extra;
        this.calls = calls;
        this.zone = zone;
        List<String> columns = new ArrayList<>(own.keySet());
        extra.forEach(column -> columns.add(column.name()));
        if (calls) {
            columns.add(ENDED_BY);
        }
        this.textColumns = List.copyOf(columns);
        this.optional = new boolean[columns.size()];
        Arrays.fill(optional, own.size(), own.size() + extra.size(), extraIsOptional);
        Arrays.fill(optional, own.size() + extra.size(), columns.size(), true);
        int[] usual = columns.stream()
                .mapToInt(column -> own.getOrDefault(column, 255))
                .toArray();
        this.layout = new Layout(usual, insert(usual));
    }

    /**
     * Returns {@code acc} or {@code missed_calls}, with a row for each request.
     *
     * @param optional true if the table may lack the extra columns
     */
    static AccountingTable ofRequests(String name, List<AccountingColumn> extra, boolean optional, ZoneId zone) {
        Map<String, Integer> own = new LinkedHashMap<>();
        own.put("method", 16);
        own.put("from_tag", 128);
        own.put("to_tag", 128);
        own.put("callid", 255);
        own.put("sip_code", 3);
        own.put("sip_reason", 128);
        return new AccountingTable(name, own, extra, optional, false, zone);
    }

    /**
     * Returns {@code acc_cdrs}, with a row for each call.
     *
     * @param optional true if the table may lack the extra columns
     */
    static AccountingTable ofCalls(List<AccountingColumn> extra, boolean optional, ZoneId zone) {
        return new AccountingTable("acc_cdrs", Map.of(), extra, optional, true, zone);
    }

    /** Returns the statement. With UNNEST it is one atomic statement for any number of rows. */
    private String insert(int[] widths) {
        List<String> names = new ArrayList<>();
        List<String> values = new ArrayList<>();
        for (int i = 0; i < widths.length; i++) {
            if (widths[i] > 0) {
                values.add("u.c" + names.size());
                names.add('"' + textColumns.get(i) + '"');
            }
        }
        List<String> typed = calls ? List.of("start_time", "end_time", "duration") : List.of("time");
        for (String column : typed) {
            values.add("CAST(u.c" + names.size() + " AS " + (column.equals("duration") ? "real" : "timestamp") + ")");
            names.add('"' + column + '"');
        }
        List<String> arrays = new ArrayList<>();
        List<String> aliases = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            arrays.add("CAST(:a" + i + " AS text[])");
            aliases.add("c" + i);
        }
        return "INSERT INTO " + name + " (" + String.join(", ", names) + ") SELECT " + String.join(", ", values)
                + " FROM UNNEST(" + String.join(", ", arrays) + ") AS u (" + String.join(", ", aliases) + ")";
    }

    String name() {
        return name;
    }

    ZoneId zone() {
        return zone;
    }

    /** Returns the text columns, in the order of {@link AccountingRow#texts()}. */
    List<String> textColumns() {
        return textColumns;
    }

    /** Returns the configured columns among {@link #textColumns}, where they are last except for {@value #ENDED_BY}. */
    List<AccountingColumn> extra() {
        return extra;
    }

    /** Returns the width of text column {@code i}, in characters. */
    int width(int i) {
        return layout.widths[i];
    }

    /** Returns the text as column {@code i} has it when it is read back. */
    String stored(int i, String text) {
        return ColumnText.cut(ColumnText.storable(text), width(i));
    }

    /** Returns the text columns that the table lacks. */
    List<String> absent() {
        List<String> absent = new ArrayList<>();
        for (int i = 0; i < textColumns.size(); i++) {
            if (width(i) == 0) {
                absent.add(textColumns.get(i));
            }
        }
        return absent;
    }

    /** Checks that the table can hold the rows, adopts its widths, and adds missing parts to {@code problems}. */
    void check(Handle handle, List<String> problems) {
        Map<String, Integer> found = new HashMap<>();
        handle.createQuery("SELECT column_name, data_type, character_maximum_length FROM information_schema.columns"
                        + " WHERE table_name = :table AND table_schema = ANY (current_schemas(false))")
                .bind("table", name)
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    boolean text =
                            row.getString(2).equals("text") || row.getString(2).startsWith("character");
                    int limit = row.getInt(3);
                    found.put(row.getString(1), !text ? -1 : limit == 0 ? WIDEST : Math.min(limit, WIDEST));
                    return row.getString(1);
                })
                .list();
        if (found.isEmpty()) {
            problems.add("table " + name
                    + " is missing, or this role may not use it; create it with KamailioSchema.createAll or"
                    + " the launcher's db create, or GRANT INSERT ON " + name + " to the role");
            return;
        }
        boolean mayInsert = handle.createQuery("SELECT has_table_privilege(:table, 'INSERT')")
                .bind("table", name)
                .mapTo(Boolean.class)
                .one();
        if (!mayInsert) {
            problems.add("this role may not write table " + name + "; GRANT INSERT ON " + name + " to it");
        }
        int[] real = new int[textColumns.size()];
        for (int i = 0; i < real.length; i++) {
            String column = textColumns.get(i);
            Integer width = found.get(column);
            if (width != null && width > 0) {
                real[i] = width;
            } else if (optional[i]) {
                real[i] = 0;
            } else if (width == null) {
                problems.add("table " + name + " has no column " + column + "; ALTER TABLE " + name + " ADD COLUMN "
                        + column + " VARCHAR(64) NOT NULL DEFAULT '', or omit the column");
            } else {
                problems.add("column " + column + " of table " + name + " is not a text column; change its type to"
                        + " VARCHAR or TEXT");
            }
        }
        if (problems.isEmpty()) {
            layout = new Layout(real, insert(real));
        }
    }

    /** Inserts all of the rows or none. */
    void insert(Handle handle, List<AccountingRow> rows, UnaryOperator<String> filter) {
        Layout known = layout;
        List<String[]> columns = new ArrayList<>();
        for (int i = 0; i < known.widths.length; i++) {
            if (known.widths[i] > 0) {
                String[] column = new String[rows.size()];
                for (int r = 0; r < column.length; r++) {
                    // cut again: the widths were unknown if the database could not be reached at start
                    String text = ColumnText.storable(rows.get(r).texts()[i]);
                    column[r] = ColumnText.cut(filter.apply(text), known.widths[i]);
                }
                columns.add(column);
            }
        }
        columns.add(rows.stream().map(row -> local(row.millis())).toArray(String[]::new));
        if (calls) {
            columns.add(rows.stream().map(row -> local(row.endMillis())).toArray(String[]::new));
            columns.add(rows.stream()
                    .map(row -> Float.toString(Math.max(0, row.durationMillis()) / 1000f))
                    .toArray(String[]::new));
        }
        try (Update update = handle.createUpdate(known.insert)) {
            update.setQueryTimeout(STATEMENT_SECONDS);
            for (int c = 0; c < columns.size(); c++) {
                update.bindArray("a" + c, String.class, Arrays.asList(columns.get(c)));
            }
            update.execute();
        }
    }

    /** Returns the wall-clock time in the database's zone: the columns hold no zone. */
    String local(long millis) {
        return LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), zone).toString();
    }
}

package org.sipproxy.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/** Search in table {@code acc} for calls that another process began, and for calls that have ended already. */
final class CallSearch {

    /** How many of the latest rows are read at start: {@code acc} may be large, and has no index by time. */
    private static final int LATEST_ROWS = 1_000_000;

    private static final int STATEMENT_SECONDS = 30;
    private static final int FROM_TAG = 1;
    private static final int TO_TAG = 2;
    private static final int CALL_ID = 3;

    private final AccountingTable acc;
    private final AccountingTable records;

    CallSearch(AccountingTable acc, AccountingTable records) {
        this.acc = acc;
        this.records = records;
    }

    /** Returns the dialog of a message's texts, in the form that rows have. */
    CallKey key(String callId, String tag, String otherTag) {
        return CallKey.of(acc.stored(CALL_ID, callId), acc.stored(FROM_TAG, tag), acc.stored(TO_TAG, otherTag));
    }

    /**
     * Returns the rows to write for ended calls; none for a call that had ended before.
     *
     * @param filter applied to texts before they are written
     */
    List<AccountingRow> resolve(
            Handle handle, List<EndOfCall> ends, boolean writesRecords, UnaryOperator<String> filter) {
        Map<CallKey, OpenCalls.Call> begun = new HashMap<>();
        Set<CallKey> ended = new HashSet<>();
        String[] ids = ends.stream()
                .map(end -> filter.apply(end.key().callId()))
                .distinct()
                .toArray(String[]::new);
        handle.createQuery(select() + " WHERE callid = ANY (CAST(:ids AS text[]))"
                        + " AND (method = 'BYE' OR method = 'INVITE' AND sip_code LIKE '2%') ORDER BY id")
                .bindArray("ids", String.class, (Object[]) ids)
                .setQueryTimeout(STATEMENT_SECONDS)
                .map((row, context) -> {
                    CallKey key =
                            CallKey.of(row.getString("callid"), row.getString("from_tag"), row.getString("to_tag"));
                    return row.getString("method").equals("BYE")
                            ? ended.add(key)
                            : begun.putIfAbsent(key, call(row)) == null;
                })
                .list();
        List<AccountingRow> rows = new ArrayList<>();
        for (EndOfCall end : ends) {
            CallKey key = end.key().filtered(filter);
            if (ended.add(key)) {
                if (end.bye() != null) {
                    rows.add(end.bye());
                }
                OpenCalls.Call call = end.call() != null ? end.call() : begun.get(key);
                if (call != null && writesRecords) {
                    rows.add(record(call, end.endMillis(), end.endMillis() - call.startMillis(), end.endedBy(call)));
                }
            }
        }
        return rows;
    }

    /**
     * Returns the record of a call that has ended. If the wall clock was set back during the call, it ends after its
     * duration, and not before its start.
     */
    AccountingRow record(OpenCalls.Call call, long endMillis, long durationMillis, String endedBy) {
        String[] texts = call.texts().clone();
        texts[texts.length - 1] = endedBy;
        long start = call.startMillis();
        long end = endMillis < start ? start + Math.max(0, durationMillis) : endMillis;
        return new AccountingRow(records, texts, start, end, durationMillis);
    }

    /** Passes the calls among the latest rows that began after {@code since} and have no BYE to the visitor. */
    void open(Handle handle, Instant since, int most, BiConsumer<CallKey, OpenCalls.Call> visitor) {
        handle.createQuery(select() + " WHERE id > (SELECT coalesce(max(id), 0) FROM acc) - " + LATEST_ROWS
                        + " AND method = 'INVITE' AND sip_code LIKE '2%' AND time > CAST(:since AS timestamp)"
                        + " AND NOT EXISTS (SELECT 1 FROM acc b WHERE b.callid = acc.callid AND b.method = 'BYE'"
                        + " AND (b.from_tag = acc.from_tag AND b.to_tag = acc.to_tag"
                        + " OR b.from_tag = acc.to_tag AND b.to_tag = acc.from_tag)) ORDER BY id DESC LIMIT " + most)
                .bind("since", acc.local(since.toEpochMilli()))
                .setQueryTimeout(STATEMENT_SECONDS)
                .setFetchSize(1_000)
                .map((row, context) -> {
                    visitor.accept(
                            CallKey.of(row.getString("callid"), row.getString("from_tag"), row.getString("to_tag")),
                            call(row));
                    return true;
                })
                .list();
    }

    private String select() {
        List<String> columns = new ArrayList<>(List.of("time"));
        for (int i = 0; i < acc.textColumns().size(); i++) {
            if (acc.width(i) > 0) {
                columns.add('"' + acc.textColumns().get(i) + '"');
            }
        }
        return "SELECT " + String.join(", ", columns) + " FROM acc";
    }

    private OpenCalls.Call call(ResultSet row) throws SQLException {
        List<String> columns = records.textColumns();
        String[] texts = new String[columns.size()];
        for (int i = 0; i < texts.length; i++) {
            int same = acc.textColumns().indexOf(columns.get(i));
            texts[i] = same < 0 || acc.width(same) == 0 ? "" : text(row.getString(columns.get(i)));
        }
        long start = row.getObject("time", LocalDateTime.class)
                .atZone(acc.zone())
                .toInstant()
                .toEpochMilli();
        return new OpenCalls.Call(start, -1, text(row.getString("from_tag")), text(row.getString("to_tag")), texts);
    }

    private static String text(@Nullable String value) {
        return value == null ? "" : value;
    }
}

package org.sipproxy.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.MethodMask;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipUri;

/** Makes bindings of rows, whoever wrote them. A row without what a binding needs is counted and skipped. One thread. */
final class RowReader {

    /** User-Agents of which one copy is kept for many bindings. */
    private static final int SHARED_TEXTS = 1_000;

    private record Row(Aor aor, Binding binding) {}

    private final LocationLayout layout;
    private final Map<String, String> shared = new HashMap<>();
    private final List<Row> read = new ArrayList<>();
    private long rows;
    private long skipped;
    private String firstReason = "";

    RowReader(LocationLayout layout) {
        this.layout = layout;
    }

    /** Rows seen, skipped ones too. */
    long rows() {
        return rows;
    }

    long skipped() {
        return skipped;
    }

    String firstReason() {
        return firstReason;
    }

    List<Binding> bindings(ResultSet result, LocationTable table) throws SQLException {
        read(result, table);
        if (read.isEmpty()) {
            return List.of();
        }
        return read.stream().map(Row::binding).toList();
    }

    /** Reads all rows and returns the id of the last, or the greatest number if there is none. */
    long read(ResultSet result, LocationTable table) throws SQLException {
        long last = Long.MAX_VALUE;
        while (result.next()) {
            rows++;
            last = result.getLong(1);
            Row row = row(result, table);
            if (row != null) {
                read.add(row);
            }
        }
        return last;
    }

    /** Shows what was read since the last time, and says how many rows that were, skipped ones too. */
    long drainTo(BiConsumer<Aor, Binding> visitor) {
        read.forEach(row -> visitor.accept(row.aor(), row.binding()));
        read.clear();
        long seen = rows;
        rows = 0;
        return seen;
    }

    private @Nullable Row row(ResultSet row, LocationTable table) throws SQLException {
        String ruid = row.getString(2);
        Aor aor = layout.aorOf(row.getString(3), row.getString(4));
        String contact = row.getString(5);
        long expires = table.readExpires(row, 8);
        if (ruid == null || aor == null || contact == null || expires < 0) {
            return skip(ruid, "has no " + (aor == null ? "user and domain" : contact == null ? "contact" : "expiry"));
        }
        float q = row.getFloat(9);
        if (row.wasNull()) {
            q = Binding.Q_UNSPECIFIED;
        }
        int methods = (int) row.getLong(15);
        if (row.wasNull()) {
            methods = MethodMask.ALL;
        }
        try {
            return new Row(
                    aor,
                    Binding.builder(ruid, SipUri.parse(contact))
                            .received(received(row.getString(6)))
                            .path(path(row.getString(7)))
                            .times(table.readModified(row, 12) * 1000, expires * 1000)
                            .q(q >= 0 ? Math.min(q, 1f) : Binding.Q_UNSPECIFIED)
                            .callId(orEmpty(row.getString(10)))
                            .cseq(row.getLong(11))
                            .userAgent(userAgent(row.getString(13)))
                            .socket(orEmpty(row.getString(14)))
                            .methods(methods)
                            .instance(orEmpty(row.getString(16)), row.getInt(17))
                            .build());
        } catch (SipParseException e) {
            return skip(ruid, "holds a URI that cannot be read: " + e.getMessage());
        }
    }

    private @Nullable Row skip(@Nullable String ruid, String reason) {
        skipped++;
        if (firstReason.isEmpty()) {
            firstReason = "row " + ruid + " " + reason;
        }
        return null;
    }

    private static @Nullable SipUri received(@Nullable String text) throws SipParseException {
        return text == null || text.isEmpty() ? null : SipUri.parse(text);
    }

    /** {@code <sip:a;lr>,<sip:b;lr>}: what stands in angle brackets. */
    private static List<SipUri> path(@Nullable String text) throws SipParseException {
        if (text == null || text.isBlank()) {
            return List.of();
        }
        List<SipUri> hops = new ArrayList<>(2);
        int open = text.indexOf('<');
        if (open < 0) {
            return List.of(SipUri.parse(text.strip()));
        }
        while (open >= 0) {
            int close = text.indexOf('>', open);
            hops.add(SipUri.parse(text.substring(open + 1, close < 0 ? text.length() : close)));
            open = close < 0 ? -1 : text.indexOf('<', close);
        }
        return hops;
    }

    private String userAgent(@Nullable String text) {
        if (text == null || text.equals("n/a")) {
            return "";
        }
        String known = shared.get(text);
        if (known != null) {
            return known;
        }
        if (shared.size() < SHARED_TEXTS) {
            shared.put(text, text);
        }
        return text;
    }

    private static String orEmpty(@Nullable String text) {
        return text == null ? "" : text;
    }
}

package org.sipproxy.jdbc;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.Update;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.HostName;

/** Rows of the table {@value #NAME}: its columns, and the statements that read and write many rows at once. */
final class CallTable {

    static final String NAME = "sipproxy_call";

    private static final int STATEMENT_SECONDS = 30;
    /** For a column that is a number or a time. */
    private static final int NO_WIDTH = Integer.MAX_VALUE;

    /** Column, its type in an array of the statement, its width in characters, and its text. */
    private record Column(String name, String type, int width, Function<StoredCall, @Nullable String> text) {}

    private static final List<Column> COLUMNS = List.of(
            text("callid", 255, call -> call.key().callId()),
            text("from_tag", 128, call -> call.key().callerTag()),
            text("to_tag", 128, call -> call.callee().tag()),
            text("caller", 1_024, call -> call.caller().address()),
            text("callee", 1_024, call -> call.callee().address()),
            text("caller_contact", 1_024, call -> call.caller().contact()),
            text("callee_contact", 1_024, call -> call.callee().contact()),
            text("caller_route_set", 4_096, call -> call.caller().route()),
            text("callee_route_set", 4_096, call -> call.callee().route()),
            typed("caller_cseq", "bigint", call -> Long.toString(call.caller().cseq())),
            typed("callee_cseq", "bigint", call -> Long.toString(call.callee().cseq())),
            text("caller_source", 128, call -> source(call.caller())),
            text("callee_source", 128, call -> source(call.callee())),
            text("caller_sock", 128, call -> socket(call.caller())),
            text("callee_sock", 128, call -> socket(call.callee())),
            text("caller_user", 255, call -> user(call.caller())),
            text("caller_domain", 255, call -> domain(call.caller())),
            text("callee_user", 255, call -> user(call.callee())),
            text("callee_domain", 255, call -> domain(call.callee())),
            text("auth_user", 512, call -> call.authenticatedUser().orElse(null)),
            text("req_uri", 1_024, StoredCall::target),
            typed("start_time", "timestamptz", call -> time(call.startedAt())),
            typed("ring_time", "timestamptz", call -> time(call.ringingAt().orElse(null))),
            typed("answer_time", "timestamptz", call -> time(call.answeredAt())),
            typed("timeout", "timestamptz", call -> time(call.expiresAt())),
            typed(
                    "session_seconds",
                    "integer",
                    call -> Long.toString(call.sessionInterval().toSeconds())));

    private static final Set<String> EXACT = Set.of(
            "callid",
            "from_tag",
            "to_tag",
            "caller_contact",
            "callee_contact",
            "caller_route_set",
            "callee_route_set",
            "req_uri");

    private static final String PUT = put();

    private static final String DELETE = "DELETE FROM " + NAME + " c USING UNNEST(CAST(:callids AS text[]),"
            + " CAST(:tags AS text[])) AS u (callid, from_tag)"
            + " WHERE c.callid = u.callid AND c.from_tag = u.from_tag AND c.server_id = :server";

    private CallTable() {}

    /** Returns the columns in use that the table lacks. */
    static Set<String> missingColumns(Handle handle) {
        Set<String> missing = new TreeSet<>();
        COLUMNS.forEach(column -> missing.add(column.name));
        missing.removeAll(KamailioSchema.columns(handle, NAME));
        return missing;
    }

    private static Column text(String name, int width, Function<StoredCall, @Nullable String> text) {
        return new Column(name, "text", width, text);
    }

    private static Column typed(String name, String type, Function<StoredCall, @Nullable String> text) {
        return new Column(name, type, NO_WIDTH, text);
    }

    private static String put() {
        List<String> names = new ArrayList<>();
        List<String> values = new ArrayList<>();
        List<String> arrays = new ArrayList<>();
        List<String> changes = new ArrayList<>();
        for (Column column : COLUMNS) {
            names.add(column.name);
            values.add(
                    column.type.equals("text")
                            ? "u." + column.name
                            : "CAST(u." + column.name + " AS " + column.type + ")");
            arrays.add("CAST(:" + column.name + " AS text[])");
            changes.add(column.name + " = EXCLUDED." + column.name);
        }
        return "INSERT INTO " + NAME + " (" + String.join(", ", names) + ", server_id) SELECT "
                + String.join(", ", values) + ", :server FROM UNNEST(" + String.join(", ", arrays) + ") AS u ("
                + String.join(", ", names) + ") ON CONFLICT (callid, from_tag, server_id) DO UPDATE SET "
                + String.join(", ", changes);
    }

    /**
     * Returns the name of a column whose text must come back as it is, and would not in ASCII: a request of the call
     * would not be recognized, or sent elsewhere. Null if the call can be stored in ASCII.
     */
    static @Nullable String unfitForAscii(StoredCall call) {
        for (Column column : COLUMNS) {
            String text = EXACT.contains(column.name) ? column.text.apply(call) : null;
            if (text != null && !ColumnText.ascii(text).equals(text)) {
                return column.name;
            }
        }
        return null;
    }

    /** Returns true if a call with this key can have a row in ASCII. */
    static boolean isInAscii(StoredCall.Key key) {
        String text = key.callId() + key.callerTag();
        return ColumnText.ascii(text).equals(text);
    }

    /** Returns the name of a column that cannot hold its text; null if a row can hold the call. */
    static @Nullable String unfit(StoredCall call) {
        for (Column column : COLUMNS) {
            String text = column.text.apply(call);
            if (text != null
                    && (text.codePointCount(0, text.length()) > column.width || !ColumnText.isStorable(text))) {
                return column.name;
            }
        }
        return null;
    }

    /**
     * Inserts or replaces rows.
     *
     * @param inAscii true if the database's encoding lacks a character of a text
     */
    static void put(Handle handle, int server, Collection<StoredCall> calls, boolean inAscii) {
        try (Update update = handle.createUpdate(PUT)) {
            update.setQueryTimeout(STATEMENT_SECONDS);
            update.bind("server", server);
            for (Column column : COLUMNS) {
                List<@Nullable String> texts = new ArrayList<>(calls.size());
                for (StoredCall call : calls) {
                    String text = column.text.apply(call);
                    texts.add(text != null && inAscii ? ColumnText.ascii(text) : text);
                }
                update.bindArray(column.name, String.class, texts);
            }
            update.execute();
        }
    }

    /** Deletes rows, if they are there. */
    static void delete(Handle handle, int server, Collection<StoredCall.Key> keys) {
        try (Update update = handle.createUpdate(DELETE)) {
            update.setQueryTimeout(STATEMENT_SECONDS);
            update.bind("server", server);
            update.bindArray(
                    "callids",
                    String.class,
                    keys.stream().map(StoredCall.Key::callId).toList());
            update.bindArray(
                    "tags",
                    String.class,
                    keys.stream().map(StoredCall.Key::callerTag).toList());
            update.execute();
        }
    }

    /** Reads the rows of a server; one that cannot be read is reported and skipped. */
    static List<StoredCall> read(Handle handle, int server, RowProblems problems) {
        List<StoredCall> calls = new ArrayList<>();
        handle.createQuery("SELECT * FROM " + NAME + " WHERE server_id = :server")
                .bind("server", server)
                .setQueryTimeout(STATEMENT_SECONDS)
                .setFetchSize(1_000)
                .map((row, context) -> {
                    String id = "id " + row.getLong("id");
                    try {
                        calls.add(call(row));
                    } catch (IllegalArgumentException e) {
                        problems.found(NAME, id, "skipped: " + e.getMessage());
                    }
                    return id;
                })
                .list();
        return calls;
    }

    private static StoredCall call(ResultSet row) throws SQLException {
        return new StoredCall(
                new StoredCall.Key(row.getString("callid"), row.getString("from_tag")),
                side(row, "caller", row.getString("from_tag")),
                side(row, "callee", row.getString("to_tag")),
                Optional.ofNullable(row.getString("auth_user")),
                row.getString("req_uri"),
                time(row, "start_time").orElseThrow(),
                time(row, "ring_time"),
                time(row, "answer_time").orElseThrow(),
                time(row, "timeout").orElseThrow(),
                Duration.ofSeconds(row.getInt("session_seconds")));
    }

    private static StoredCall.Side side(ResultSet row, String side, String tag) throws SQLException {
        String user = row.getString(side + "_user");
        String domain = row.getString(side + "_domain");
        return new StoredCall.Side(
                row.getString(side),
                tag,
                row.getString(side + "_contact"),
                row.getString(side + "_route_set"),
                row.getLong(side + "_cseq"),
                Optional.ofNullable(row.getString(side + "_source")).map(CallTable::source),
                Optional.ofNullable(row.getString(side + "_sock")).map(Endpoint::parse),
                user == null || domain == null ? Optional.empty() : Optional.of(new Aor(user, domain)));
    }

    private static @Nullable String source(StoredCall.Side side) {
        return side.source().map(CallTable::text).orElse(null);
    }

    private static String text(InetSocketAddress address) {
        return HostName.literal(address.getAddress()) + " " + address.getPort();
    }

    private static InetSocketAddress source(String text) {
        int space = text.indexOf(' ');
        InetAddress address = HostName.address(text.substring(0, Math.max(0, space)))
                .orElseThrow(() -> new IllegalArgumentException("no address in " + text));
        return new InetSocketAddress(address, Integer.parseInt(text.substring(space + 1)));
    }

    private static @Nullable String socket(StoredCall.Side side) {
        return side.socket().map(Endpoint::toString).orElse(null);
    }

    private static @Nullable String user(StoredCall.Side side) {
        return side.countedAs().map(Aor::user).orElse(null);
    }

    private static @Nullable String domain(StoredCall.Side side) {
        return side.countedAs().map(Aor::domain).orElse(null);
    }

    private static @Nullable String time(@Nullable Instant at) {
        return at == null ? null : at.toString();
    }

    private static Optional<Instant> time(ResultSet row, String column) throws SQLException {
        OffsetDateTime at = row.getObject(column, OffsetDateTime.class);
        return at == null
                ? Optional.empty()
                : Optional.of(at.withOffsetSameInstant(ZoneOffset.UTC).toInstant());
    }
}

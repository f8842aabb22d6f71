package org.sipproxy.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Reader that turns rows, including those of other software, into bindings. A row without a required value is reported
 * and skipped. A row whose listening point cannot be read is reported and used without it. Not thread-safe.
 */
final class RowReader {

    /** Number of User-Agents that are shared between bindings. */
    private static final int SHARED_TEXTS = 1_000;

    private static final int MAX_USER_AGENT_CHARS = 255;
    /** What would end the quoted string of an instance, or its line. */
    private static final Pattern UNQUOTABLE = Pattern.compile("[\"\\r\\n\\x00]");

    private static final Pattern BREAK = Pattern.compile("[\\r\\n\\x00]+[ \\t]*");

    /** Start of the problem of a row that is not used at all. */
    static final String SKIPPED = "skipped: ";

    static final String NO_DOMAIN =
            "has no domain, as a Kamailio with use_domain=0 writes it; set the domain of such rows with"
                    + " JdbcBindingRepository.Builder.defaultDomain or the launcher's --default-domain";

    private record Row(Aor aor, Binding binding) {}

    private final LocationLayout layout;
    private final Map<String, String> shared = new HashMap<>();
    private final List<Row> read = new ArrayList<>();
    private final RowProblems problems;
    private long rows;

    RowReader(LocationLayout layout, RowProblems problems) {
        this.layout = layout;
        this.problems = problems;
    }

    /** Returns the number of rows read, including skipped ones. */
    long rows() {
        return rows;
    }

    /** Returns the bindings of one AOR; rows without a domain may belong to another. */
    List<Binding> bindings(ResultSet result, LocationTable table, Aor aor) throws SQLException {
        read(result, table);
        if (read.isEmpty()) {
            return List.of();
        }
        return read.stream()
                .filter(row -> row.aor().equals(aor))
                .map(Row::binding)
                .toList();
    }

    /** Reads all rows and returns the id of the last one, or the greatest number if there is none. */
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

    /** Passes the bindings since the last call to the visitor. Returns the number of rows, including skipped ones. */
    long drainTo(BiConsumer<Aor, Binding> visitor) {
        read.forEach(row -> visitor.accept(row.aor(), row.binding()));
        read.clear();
        long seen = rows;
        rows = 0;
        return seen;
    }

    private @Nullable Row row(ResultSet row, LocationTable table) throws SQLException {
        String ruid = RowText.orNull(row, 2);
        String username = RowText.orNull(row, 3);
        Aor aor = layout.aorOf(username, RowText.orNull(row, 4));
        String contact = RowText.orNull(row, 5);
        long expires = table.readExpires(row, 8);
        String lacking = lacking(ruid, username, aor, contact, expires);
        if (lacking != null || ruid == null || aor == null || contact == null) {
            return skip(row, username, String.valueOf(lacking));
        }
        float q = row.getFloat(9);
        if (row.wasNull()) {
            q = Binding.Q_UNSPECIFIED;
        }
        int methods = (int) row.getLong(15); // 0 for NULL
        try {
            Binding.Builder binding = Binding.builder(ruid, SipUri.parse(contact));
            instance(row, username, binding);
            return new Row(
                    aor,
                    binding.received(received(RowText.orNull(row, 6)))
                            .path(path(RowText.orNull(row, 7)))
                            .times(table.readModified(row, 12) * 1000, expires * 1000)
                            .q(q >= 0 ? Math.min(q, 1f) : Binding.Q_UNSPECIFIED)
                            .callId(RowText.orEmpty(row, 10))
                            .cseq(row.getLong(11))
                            .userAgent(userAgent(RowText.orNull(row, 13)))
                            .socket(socket(row, table, username))
                            .methods(table.methodMasks.read(methods))
                            .build());
        } catch (SipParseException e) {
            return skip(row, username, "has a URI that cannot be parsed: " + e.getMessage());
        }
    }

    /** Sets the instance. One that no response can hold is ignored: the contact can be called nevertheless. */
    private void instance(ResultSet row, @Nullable String username, Binding.Builder binding) throws SQLException {
        String instance = RowText.orEmpty(row, 16);
        if (UNQUOTABLE.matcher(instance).find()) {
            problems.found(
                    "location",
                    name(row, username),
                    "instance ignored: a header cannot hold \"" + SipParseException.excerpt(instance) + '"');
        } else {
            binding.instance(instance, row.getInt(17));
        }
    }

    /** Returns why the row is not a binding; null if it has all required values. */
    private static @Nullable String lacking(
            @Nullable String ruid,
            @Nullable String username,
            @Nullable Aor aor,
            @Nullable String contact,
            long expires) {
        if (username == null || username.isEmpty()) {
            return "has no username";
        }
        if (aor == null) {
            return NO_DOMAIN;
        }
        if (ruid == null) {
            return "has no ruid";
        }
        if (contact == null) {
            return "has no contact";
        }
        if (expires < 0) {
            return "has no expiry";
        }
        return RowText.isDamaged(username) || RowText.isDamaged(contact) || !Aor.isUser(username)
                ? "has a username or contact that is not UTF-8 or has control characters"
                : null;
    }

    private @Nullable Row skip(ResultSet row, @Nullable String username, String reason) throws SQLException {
        problems.found("location", name(row, username), SKIPPED + "it " + reason);
        return null;
    }

    private static String name(ResultSet row, @Nullable String username) throws SQLException {
        return "id " + row.getLong(1) + " of user \"" + SipParseException.excerpt(String.valueOf(username)) + "\"";
    }

    /** Returns the listening point of the row; null if it has none that can be read. */
    private @Nullable Endpoint socket(ResultSet row, LocationTable table, @Nullable String username)
            throws SQLException {
        String text = RowText.orEmpty(row, 14);
        if (text.isEmpty()) {
            return null;
        }
        try {
            return table.sockets.read(text);
        } catch (IllegalArgumentException e) {
            problems.found("location", name(row, username), SocketColumn.unusable(text));
            return null;
        }
    }

    private static @Nullable SipUri received(@Nullable String text) throws SipParseException {
        return text == null || text.isEmpty() ? null : SipUri.parse(text);
    }

    /** Parses {@code <sip:a;lr>,<sip:b;lr>}: the URIs in angle brackets. */
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
        String line = oneLine(text);
        if (shared.size() < SHARED_TEXTS) {
            shared.put(text, line);
        }
        return line;
    }

    /** Returns the text as the registrar stores it: Kamailio stores the folds of a header line. */
    private static String oneLine(String text) {
        String line = BREAK.matcher(text).replaceAll(" ");
        return line.length() > MAX_USER_AGENT_CHARS ? line.substring(0, MAX_USER_AGENT_CHARS) : line;
    }
}

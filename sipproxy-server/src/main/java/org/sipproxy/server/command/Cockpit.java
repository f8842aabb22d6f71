package org.sipproxy.server.command;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Text of figures that arrive one after another, with rates since the previous ones. A screen fits a terminal of 80 columns
 * and 24 lines: a longer one would scroll, so that its head could not be read.
 */
final class Cockpit {

    private static final int LINES_PER_HEAD = 20;
    private static final int COLUMN = 41;
    private static final int MOST_REASONS = 7;
    private static final int LONGEST_REASON = 55;

    private @Nullable JsonObject before;
    private int printed;

    /** Returns a screen. */
    String screen(JsonObject now) {
        JsonObject last = before;
        before = now;
        String state = Texts.text(now, "state").toLowerCase(Locale.ROOT);
        String health = Texts.text(now, "health").toLowerCase(Locale.ROOT).replace('_', ' ');
        StringBuilder screen = new StringBuilder();
        screen.append("sipproxy ").append(state).append(", ").append(health);
        screen.append(", up ").append(Texts.duration(now, "uptime")).append("    ");
        screen.append(Texts.time(now, "at")).append("    Ctrl-C ends\n\n");
        TextTable counts = new TextTable("MESSAGES", "TOTAL", "PER SECOND");
        for (String name :
                new String[] {"requests", "responses", "retransmissions", "malformed", "filtered", "overloaded"}) {
            counts.row(name, number(now, name), rate(last, now, name));
        }
        TextTable levels = new TextTable("NOW", "VALUE");
        if (number(now, "calls") >= 0) {
            levels.row("calls", number(now, "calls")).row("  answered", number(now, "answeredCalls"));
        }
        levels.row("registered users", number(now, "users"))
                .row("registered contacts", number(now, "bindings"))
                .row("server transactions", number(now, "serverTransactions"))
                .row("client transactions", number(now, "clientTransactions"))
                .row("  unanswered", number(now, "unanswered"))
                .row("queued for workers", number(now, "queued"))
                .row("connections", number(now, "connections"));
        screen.append(beside(counts, levels)).append("\n");
        screen.append("transactions ")
                .append(Texts.megabytes(number(now, "transactionBytes")))
                .append(" of ")
                .append(Texts.megabytes(number(now, "transactionBytesLimit")));
        screen.append("    heap ")
                .append(Texts.megabytes(number(now, "heapUsed")))
                .append(" of ")
                .append(Texts.megabytes(number(now, "heapMax")))
                .append("\n\n");
        return screen.append(refusals(last, now)).append("\n").toString();
    }

    private static String beside(TextTable left, TextTable right) {
        List<String> lefts = left.toString().lines().toList();
        List<String> rights = right.toString().lines().toList();
        StringBuilder both = new StringBuilder();
        for (int i = 0; i < Math.max(lefts.size(), rights.size()); i++) {
            String line = Texts.format(
                    "%-" + COLUMN + "s%s",
                    i < lefts.size() ? lefts.get(i) : "",
                    i < rights.size() ? rights.get(i) : "");
            both.append(line.stripTrailing()).append('\n');
        }
        return both.toString();
    }

    private static String refusals(@Nullable JsonObject last, JsonObject now) {
        TextTable table = new TextTable("REFUSED", "TOTAL", "PER SECOND");
        JsonObject refusals = now.getAsJsonObject("refusals");
        JsonObject earlier = last == null ? null : last.getAsJsonObject("refusals");
        int shown = refusals.size() > MOST_REASONS ? MOST_REASONS - 1 : MOST_REASONS;
        refusals.entrySet().stream()
                .sorted(Comparator.comparing((Map.Entry<String, JsonElement> entry) ->
                                entry.getValue().getAsLong())
                        .reversed())
                .limit(shown)
                .forEach(entry -> table.row(
                        cut(entry.getKey()),
                        entry.getValue().getAsLong(),
                        earlier == null || last == null
                                ? "-"
                                : rate(
                                        earlier.has(entry.getKey())
                                                ? earlier.get(entry.getKey()).getAsLong()
                                                : 0,
                                        entry.getValue().getAsLong(),
                                        seconds(last, now))));
        int hidden = refusals.size() - shown;
        return refusals.isEmpty()
                ? "REFUSED  none"
                : table + (hidden > 0 ? "\n" + hidden + " more reasons: stats refusals" : "");
    }

    private static String cut(String reason) {
        return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON - 1) + "\u2026";
    }

    /** Returns a line, with a head before every twentieth; empty for the first figures, which have no rates. */
    Optional<String> line(JsonObject now) {
        JsonObject last = before;
        before = now;
        if (last == null) {
            return Optional.empty();
        }
        String format = "%-19s %8s %8s %8s %8s %8s %8s %8s %8s %9s";
        String head = printed++ % LINES_PER_HEAD == 0
                ? Texts.format(
                                format,
                                "TIME",
                                "REQ/s",
                                "RESP/s",
                                "REFUS/s",
                                "CALLS",
                                "CONTACTS",
                                "SERVER",
                                "CLIENT",
                                "QUEUED",
                                "HEAP MB")
                        + System.lineSeparator()
                : "";
        long calls = number(now, "calls");
        return Optional.of(head
                + Texts.format(
                        format,
                        Texts.time(now, "at"),
                        rate(last, now, "requests"),
                        rate(last, now, "responses"),
                        rate(refused(last), refused(now), seconds(last, now)),
                        calls < 0 ? "-" : calls,
                        number(now, "bindings"),
                        number(now, "serverTransactions"),
                        number(now, "clientTransactions"),
                        number(now, "queued"),
                        number(now, "heapUsed") / 1_048_576));
    }

    private static long refused(JsonObject figures) {
        return figures.getAsJsonObject("refusals").entrySet().stream()
                .mapToLong(entry -> entry.getValue().getAsLong())
                .sum();
    }

    private static long number(JsonObject from, String name) {
        return from.get(name).getAsLong();
    }

    private static String rate(@Nullable JsonObject last, JsonObject now, String name) {
        return last == null ? "-" : rate(number(last, name), number(now, name), seconds(last, now));
    }

    private static String rate(long before, long now, double seconds) {
        return Texts.format("%.1f", (now - before) / seconds);
    }

    private static double seconds(JsonObject last, JsonObject now) {
        Duration between =
                Duration.between(Instant.parse(Texts.text(last, "at")), Instant.parse(Texts.text(now, "at")));
        return Math.max(0.001, between.toMillis() / 1_000.0);
    }
}

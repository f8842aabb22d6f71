package org.sipproxy.server.flow;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.core.trace.MessageText;

/**
 * Ladder as a self-contained HTML page, without scripts and without external resources. An arrow is a link to its
 * message, so that keyboard and screen reader work as on any page. Retransmissions are folded into the first message.
 */
public final class HtmlOutput implements TraceOutput {

    /** Message with its retransmissions. */
    private static final class Row {
        final TracedMessage message;
        final List<Instant> repeats = new ArrayList<>();

        Row(TracedMessage message) {
            this.message = message;
        }
    }

    private static final int FIRST_LANE = 190;
    private static final int LANE = 230;
    private static final int ROW = 34;
    private static final int TOP = 24;
    private static final int HEADS = 34;

    private final Path file;
    private final String title;
    private final DateTimeFormatter clock;
    private final DateTimeFormatter date;
    private final MessageNotes notes = new MessageNotes();
    private final Map<Long, Row> rows = new LinkedHashMap<>();
    private long missed;

    /**
     * Creates a page that is written when the output is closed.
     *
     * @param title what was traced
     */
    public HtmlOutput(Path file, String title, ZoneId zone) {
        this.file = file;
        this.title = title;
        this.clock = DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(zone);
        this.date = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss XXX").withZone(zone);
    }

    @Override
    public void add(TracedMessage message) {
        Optional<Row> first = notes.add(message).map(rows::get);
        if (first.isPresent()) {
            first.get().repeats.add(message.time());
        } else {
            rows.put(message.number(), new Row(message));
        }
    }

    @Override
    public void missed(long count) {
        missed += count;
    }

    @Override
    public void close() throws IOException {
        Files.writeString(file, page(), StandardCharsets.UTF_8);
    }

    /** Returns the page with the messages so far. */
    public String page() {
        List<Row> all = List.copyOf(rows.values());
        StringBuilder out = new StringBuilder(HEAD.replace("TITLE", escaped(title)));
        out.append("<h1>").append(escaped(title)).append("</h1>\n<p>");
        if (all.isEmpty()) {
            return out.append("No messages.</p>\n</body>\n</html>\n").toString();
        }
        out.append(Quantity.of(all.size(), "message")).append(", from ");
        out.append(date.format(all.get(0).message.time()));
        out.append(". Select an arrow to read its message; secrets are masked.");
        if (missed > 0) {
            out.append(" <strong>").append(missed).append(" messages are missing.</strong>");
        }
        out.append("</p>\n<main>\n");
        svg(out, all);
        for (int i = 0; i < all.size(); i++) {
            article(out, all, i);
        }
        return out.append("</main>\n</body>\n</html>\n").toString();
    }

    private void svg(StringBuilder out, List<Row> all) {
        List<String> lanes = lanes(all);
        int width = FIRST_LANE + (lanes.size() - 1) * LANE + 110;
        int height = TOP + all.size() * ROW + 16;
        out.append("<div class=\"lanes\">").append(open(width, HEADS)).append(" aria-hidden=\"true\">\n");
        for (int i = 0; i < lanes.size(); i++) {
            out.append("<text class=\"lane\" x=\"" + x(i) + "\" y=\"22\">" + escaped(lanes.get(i)) + "</text>\n");
        }
        out.append("</svg></div>\n").append(open(width, height)).append(" role=\"group\" aria-label=\"Ladder\">\n");
        for (int i = 0; i < lanes.size(); i++) {
            out.append(
                    "<line class=\"rail\" x1=\"" + x(i) + "\" y1=\"0\" x2=\"" + x(i) + "\" y2=\"" + height + "\"/>\n");
        }
        for (int i = 0; i < all.size(); i++) {
            arrow(out, all.get(i), lanes, TOP + i * ROW);
        }
        out.append("</svg>\n");
    }

    private static String open(int width, int height) {
        return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + width + "\" height=\"" + height + "\"";
    }

    private void arrow(StringBuilder out, Row row, List<String> lanes, int y) {
        TracedMessage message = row.message;
        int peer = x(lanes.indexOf(message.peer()));
        int from = message.isReceived() ? peer : x(1);
        int to = message.isReceived() ? x(1) : peer;
        int tip = to > from ? -8 : 8;
        int middle = (from + to) / 2;
        String label = label(row);
        out.append("<a href=\"#m" + message.number() + "\" aria-label=\"" + escaped(spoken(row)) + "\">");
        out.append("<g class=\"" + kind(message) + "\">");
        out.append("<rect class=\"row\" x=\"0\" y=\"" + (y - 20) + "\" width=\"100%\" height=\"" + ROW + "\"/>");
        out.append("<text class=\"time\" x=\"8\" y=\"" + (y + 4) + "\">" + clock.format(message.time()) + "</text>");
        out.append("<line class=\"arrow\" x1=\"" + from + "\" y1=\"" + y + "\" x2=\"" + to + "\" y2=\"" + y + "\"/>");
        out.append("<path class=\"tip\" d=\"M" + to + " " + y + "l" + tip + " -5v10z\"/>");
        out.append("<text class=\"label\" x=\"" + middle + "\" y=\"" + (y - 5) + "\">" + escaped(shortened(label, 30))
                + "</text></g></a>\n");
    }

    private String label(Row row) {
        int branch = notes.branchOf(row.message);
        return MessageNotes.label(row.message)
                + (branch > 0 ? " (branch " + branch + ")" : "")
                + (row.repeats.isEmpty() ? "" : " ×" + (row.repeats.size() + 1));
    }

    private String spoken(Row row) {
        TracedMessage message = row.message;
        return label(row) + (message.isReceived() ? " from " : " to ") + message.peer() + " at "
                + clock.format(message.time());
    }

    private static String kind(TracedMessage message) {
        String label = MessageNotes.label(message);
        return switch (label.charAt(0)) {
            case '1' -> "provisional";
            case '2' -> "success";
            case '3', '4', '5', '6' -> "failure";
            default -> message.message().isPresent() ? "request" : "other";
        };
    }

    private void article(StringBuilder out, List<Row> all, int index) {
        Row row = all.get(index);
        TracedMessage message = row.message;
        out.append("<article id=\"m" + message.number() + "\" tabindex=\"-1\">\n<h2>");
        out.append(escaped(label(row))).append("</h2>\n<p>");
        out.append(clock.format(message.time()))
                .append(", ")
                .append(message.transport().lowerCase());
        out.append(", ").append(escaped(AddressText.of(message.source()))).append(" → ");
        out.append(escaped(AddressText.of(message.destination()))).append(", ");
        out.append(message.text().length()).append(" bytes</p>\n");
        if (!row.repeats.isEmpty()) {
            out.append("<p>Retransmitted after ");
            List<String> delays = new ArrayList<>();
            for (Instant repeat : row.repeats) {
                delays.add(Duration.between(message.time(), repeat).toMillis() + " ms");
            }
            out.append(String.join(", ", delays)).append(".</p>\n");
        }
        out.append("<p class=\"move\">");
        if (index > 0) {
            out.append("<a href=\"#m" + all.get(index - 1).message.number() + "\">Previous</a> ");
        }
        if (index + 1 < all.size()) {
            out.append("<a href=\"#m" + all.get(index + 1).message.number() + "\">Next</a> ");
        }
        out.append("<a href=\"#none\">Close</a></p>\n<pre>");
        out.append(escaped(SecretMask.printable(message.bytes()).stripTrailing()))
                .append("</pre>\n</article>\n");
    }

    /** Returns the peers in order of appearance, with the proxy second. */
    private static List<String> lanes(List<Row> all) {
        Set<String> peers = new LinkedHashSet<>();
        all.forEach(row -> peers.add(row.message.peer()));
        List<String> lanes = new ArrayList<>(peers);
        lanes.add(1, "proxy");
        return lanes;
    }

    private static int x(int lane) {
        return FIRST_LANE + lane * LANE;
    }

    private static String shortened(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 1) + "…";
    }

    private static String escaped(String text) {
        StringBuilder out = new StringBuilder(text.length() + 16);
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '&' -> out.append("&amp;");
                case '<' -> out.append("&lt;");
                case '>' -> out.append("&gt;");
                case '"' -> out.append("&quot;");
                case '\'' -> out.append("&#39;");
                case '\n', '\t' -> out.append(c);
                default ->
                    out.append(Character.isSurrogate(c) ? String.valueOf(c) : MessageText.printable(String.valueOf(c)));
            }
        }
        return out.toString();
    }

    private static final String HEAD = """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>TITLE</title>
            <style>
            :root { color-scheme: light dark; --rail: #888; --ink: #111; --paper: #fff; --mark: #dbe9ff;
              --request: #0b57d0; --success: #146c2e; --failure: #b3261e; --provisional: #7a5900; }
            @media (prefers-color-scheme: dark) { :root { --ink: #eee; --paper: #161616; --mark: #24344d;
              --request: #8ab4f8; --success: #81c995; --failure: #f2b8b5; --provisional: #fdd663; } }
            body { margin: 1rem; font: 15px/1.4 system-ui, sans-serif; color: var(--ink); background: var(--paper); }
            h1 { font-size: 1.3rem; } h2 { font-size: 1.1rem; margin: 0; }
            svg { display: block; font: 13px system-ui, sans-serif; }
            .lanes { position: sticky; top: 0; width: max-content; background: var(--paper); }
            text { fill: var(--ink); } .lane { text-anchor: middle; font-weight: 600; }
            .label { text-anchor: middle; } .time { fill: var(--rail); font-family: ui-monospace, monospace; }
            .rail { stroke: var(--rail); } .arrow { stroke: currentColor; stroke-width: 2; } .tip { fill: currentColor; }
            .row { fill: transparent; }
            .request { color: var(--request); } .success { color: var(--success); } .failure { color: var(--failure); }
            .provisional { color: var(--provisional); } .other { color: var(--rail); }
            a:hover .row, a:focus .row { fill: var(--mark); } a:focus { outline: none; }
            a:focus .row { stroke: currentColor; }
            body { padding-bottom: 45vh; }
            article { display: none; position: fixed; left: 0; right: 0; bottom: 0; height: 42vh; overflow: auto;
              box-sizing: border-box; padding: .75rem 1rem; background: var(--paper); border-top: 3px solid var(--rail); }
            article:target { display: block; } article h2, article p { display: inline; margin-right: 1rem; }
            pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0 0; }
            @media print { article { display: block; position: static; height: auto; } .move { display: none; }
              body { padding: 0; } .lanes { position: static; } }
            </style>
            </head>
            <body>
            """;
}

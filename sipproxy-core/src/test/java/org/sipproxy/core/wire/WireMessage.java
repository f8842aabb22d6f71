package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Message as received, read by a parser of its own: a test that used the proxy's parser could not detect the mistakes
 * of that parser. One character is one byte.
 */
final class WireMessage {

    private static final Map<String, String> COMPACT = Map.of(
            "v",
            "via",
            "f",
            "from",
            "t",
            "to",
            "i",
            "call-id",
            "m",
            "contact",
            "l",
            "content-length",
            "c",
            "content-type",
            "k",
            "supported",
            "s",
            "subject",
            "e",
            "content-encoding");

    private record Header(String name, String value) {}

    private final String text;
    private final InetSocketAddress source;
    private final String startLine;
    private final List<Header> headers = new ArrayList<>();
    private final String body;

    WireMessage(String text, InetSocketAddress source) {
        this.text = text;
        this.source = source;
        int end = text.indexOf("\r\n\r\n");
        if (end < 0) {
            throw new AssertionError("no end of headers in \"" + text + "\"");
        }
        this.body = text.substring(end + 4);
        String[] lines = text.substring(0, end).replaceAll("\r\n[ \t]+", " ").split("\r\n", -1);
        this.startLine = lines[0];
        for (int i = 1; i < lines.length; i++) {
            int colon = lines[i].indexOf(':');
            if (colon < 1) {
                throw new AssertionError("no header: \"" + lines[i] + "\" in\n" + text);
            }
            headers.add(new Header(
                    canonical(lines[i].substring(0, colon)),
                    lines[i].substring(colon + 1).strip()));
        }
    }

    static WireMessage of(byte[] bytes, int length, InetSocketAddress source) {
        return new WireMessage(new String(bytes, 0, length, ISO_8859_1), source);
    }

    private static String canonical(String name) {
        String lower = name.strip().toLowerCase(Locale.ROOT);
        return COMPACT.getOrDefault(lower, lower);
    }

    String text() {
        return text;
    }

    /** Returns the source address. */
    InetSocketAddress source() {
        return source;
    }

    String startLine() {
        return startLine;
    }

    String body() {
        return body;
    }

    boolean isResponse() {
        return startLine.startsWith("SIP/2.0 ");
    }

    int status() {
        return isResponse() ? Integer.parseInt(startLine.substring(8, 11)) : 0;
    }

    /** Returns the method of a request, or that of CSeq for a response. */
    String method() {
        return isResponse()
                ? header("CSeq").replaceFirst("\\d+\\s+", "")
                : startLine.substring(0, startLine.indexOf(' '));
    }

    String uri() {
        return startLine.split(" ", -1)[1];
    }

    /** Returns the value of the only header of this name. */
    String header(String name) {
        List<String> all = lines(name);
        if (all.size() != 1) {
            throw new AssertionError(all.size() + " lines of " + name + " in\n" + text);
        }
        return all.get(0);
    }

    boolean has(String name) {
        return !lines(name).isEmpty();
    }

    /** Returns the values of all header lines of this name, unchanged. */
    List<String> lines(String name) {
        String wanted = canonical(name);
        return headers.stream()
                .filter(h -> h.name().equals(wanted))
                .map(Header::value)
                .toList();
    }

    /** Returns the elements of all header lines of this name, split at commas. */
    List<String> elements(String name) {
        List<String> all = new ArrayList<>();
        for (String line : lines(name)) {
            int depth = 0;
            boolean quoted = false;
            int from = 0;
            for (int i = 0; i < line.length(); i++) {
                char c = line.charAt(i);
                if (quoted && c == '\\') {
                    i++;
                } else if (c == '"') {
                    quoted = !quoted;
                } else if (!quoted && (c == '<' || c == '>')) {
                    depth += c == '<' ? 1 : -1;
                } else if (!quoted && depth == 0 && c == ',') {
                    all.add(line.substring(from, i).strip());
                    from = i + 1;
                }
            }
            all.add(line.substring(from).strip());
        }
        return all;
    }

    String topVia() {
        return elements("Via").get(0);
    }

    String branch() {
        return parameter(topVia(), "branch").orElse("");
    }

    String fromTag() {
        return tag("From");
    }

    String toTag() {
        return tag("To");
    }

    private String tag(String name) {
        String value = header(name);
        return parameter(value.substring(value.lastIndexOf('>') + 1), "tag").orElse("");
    }

    /** Returns the URI in angle brackets, otherwise everything before the parameters. */
    static String uriOf(String address) {
        int open = address.indexOf('<');
        return open >= 0 ? address.substring(open + 1, address.indexOf('>')) : address.split(";", -1)[0].strip();
    }

    static Optional<String> parameter(String element, String name) {
        for (String part : element.split(";", -1)) {
            String[] pair = part.strip().split("\\s*=\\s*", 2);
            if (pair[0].equalsIgnoreCase(name)) {
                return Optional.of(pair.length == 1 ? "" : pair[1]);
            }
        }
        return Optional.empty();
    }

    @Override
    public String toString() {
        return text;
    }
}

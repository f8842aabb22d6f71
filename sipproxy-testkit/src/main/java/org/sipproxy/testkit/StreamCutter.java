package org.sipproxy.testkit;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Framing of a stream into messages by Content-Length (RFC 3261 §18.3) and keepalives between them (RFC 5626 §3.5.1).
 */
final class StreamCutter {

    private static final Pattern CONTENT_LENGTH =
            Pattern.compile("\r\n(?:Content-Length|l)[ \t]*:\\s*(\\d{1,8})", Pattern.CASE_INSENSITIVE);

    private final ByteArrayOutputStream held = new ByteArrayOutputStream();

    /** Adds bytes, and returns the messages and keepalives that are now complete. */
    List<byte[]> feed(byte[] bytes, int length) {
        held.write(bytes, 0, length);
        byte[] all = held.toByteArray();
        List<byte[]> whole = new ArrayList<>();
        int from = 0;
        for (int end = endOfNext(all, from); end > from; end = endOfNext(all, from)) {
            whole.add(Arrays.copyOfRange(all, from, end));
            from = end;
        }
        held.reset();
        held.write(all, from, all.length - from);
        return whole;
    }

    /**
     * Returns the end of the message or keepalive that starts at {@code from}; {@code from} itself if it is incomplete.
     */
    private static int endOfNext(byte[] all, int from) {
        String text = new String(all, from, all.length - from, StandardCharsets.ISO_8859_1);
        if (text.startsWith("\r\n")) {
            return from + (text.startsWith("\r\n\r\n") ? 4 : 2);
        }
        int head = text.indexOf("\r\n\r\n");
        if (head < 0) {
            return from;
        }
        Matcher matcher = CONTENT_LENGTH.matcher(text.substring(0, head));
        int end = head + 4 + (matcher.find() ? Integer.parseInt(matcher.group(1)) : 0);
        return end <= text.length() ? from + end : from;
    }
}

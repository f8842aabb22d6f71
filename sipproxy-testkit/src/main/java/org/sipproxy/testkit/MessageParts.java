package org.sipproxy.testkit;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.sipproxy.message.HeaderName;

/**
 * Headers and body that a test adds to a message of a {@link Phone}. A header that the phone writes once, such as From,
 * Contact or Max-Forwards, is replaced; any other is added. Via, CSeq and Content-Length cannot be set.
 */
public final class MessageParts {

    private static final Set<HeaderName> PHONES_OWN =
            Set.of(HeaderName.VIA, HeaderName.CSEQ, HeaderName.CONTENT_LENGTH, HeaderName.CONTENT_TYPE);
    /** Headers that may occur several times: a given one is added. */
    private static final Set<HeaderName> REPEATABLE = Set.of(HeaderName.ROUTE, HeaderName.RECORD_ROUTE);

    private final List<HeaderLine> given = new ArrayList<>();
    private String contentType = "";
    private byte[] body = {};

    MessageParts() {}

    static MessageParts of(Consumer<MessageParts> filler) {
        MessageParts parts = new MessageParts();
        filler.accept(parts);
        return parts;
    }

    /**
     * Sets or adds a header.
     *
     * @throws IllegalArgumentException if the name is not a token or is reserved for the phone, or the value contains a
     *     line end
     */
    public MessageParts header(String name, String value) {
        HeaderLine line = HeaderLine.of(name, Objects.requireNonNull(value, "value"));
        if (PHONES_OWN.contains(line.name())) {
            throw new IllegalArgumentException("header: " + line.name() + " is written by the phone; omit it"
                    + (line.name().equals(HeaderName.CONTENT_TYPE) ? " and use body(type, text)" : ""));
        }
        if (value.indexOf('\r') >= 0 || value.indexOf('\n') >= 0) {
            throw new IllegalArgumentException("header: the value of " + line.name() + " contains a line end");
        }
        given.add(line);
        return this;
    }

    /** Sets the body, in UTF-8, and its Content-Type such as {@code application/sdp}. */
    public MessageParts body(String type, String text) {
        contentType = Objects.requireNonNull(type, "type");
        body = Objects.requireNonNull(text, "text").getBytes(StandardCharsets.UTF_8);
        return this;
    }

    /** Returns the complete message. */
    byte[] write(String startLine, List<HeaderLine> own) {
        StringBuilder head = new StringBuilder(512).append(startLine).append("\r\n");
        for (HeaderLine line : merged(own)) {
            head.append(line.name()).append(": ").append(line.value()).append("\r\n");
        }
        if (!contentType.isEmpty()) {
            head.append("Content-Type: ").append(contentType).append("\r\n");
        }
        head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
        byte[] headBytes = head.toString().getBytes(StandardCharsets.UTF_8);
        byte[] message = Arrays.copyOf(headBytes, headBytes.length + body.length);
        System.arraycopy(body, 0, message, headBytes.length, body.length);
        return message;
    }

    private List<HeaderLine> merged(List<HeaderLine> own) {
        List<HeaderLine> lines = new ArrayList<>(own);
        List<HeaderLine> added = new ArrayList<>();
        for (HeaderLine line : given) {
            int i = REPEATABLE.contains(line.name()) ? -1 : indexOf(own, line.name());
            if (i >= 0) {
                lines.set(i, line);
            } else {
                added.add(line);
            }
        }
        lines.addAll(added);
        return lines;
    }

    private static int indexOf(List<HeaderLine> lines, HeaderName name) {
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }
}

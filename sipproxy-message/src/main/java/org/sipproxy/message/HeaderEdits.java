package org.sipproxy.message;

import java.nio.charset.StandardCharsets;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.Splice;

/** Splices for the edited copies of a message: changes of header lines and of the body. */
final class HeaderEdits {

    private HeaderEdits() {}

    static Splice replacing(SipMessage message, HeaderName name, String value) {
        return replace(new Splice(), message, name, value);
    }

    private static Splice replace(Splice splice, SipMessage message, HeaderName name, String value) {
        MessageIndex index = message.index();
        byte[] line = line(name, value);
        int first = message.firstHeader(name);
        if (first < 0) {
            return splice.insert(index.headersEnd(), line);
        }
        splice.replace(index.lineStart(first), index.lineEnd(first), line);
        return remove(splice, message, name, first);
    }

    static Splice above(SipMessage message, HeaderName name, String value) {
        MessageIndex index = message.index();
        int first = message.firstHeader(name);
        int at = message.headerCount() == 0 ? index.headersEnd() : index.lineStart(Math.max(first, 0));
        return new Splice().insert(at, line(name, value));
    }

    static Splice below(SipMessage message, HeaderName name, String value) {
        MessageIndex index = message.index();
        int last = -1;
        for (int i = message.firstHeader(name); i >= 0; i = message.nextHeader(name, i)) {
            last = i;
        }
        return new Splice().insert(last < 0 ? index.headersEnd() : index.lineEnd(last), line(name, value));
    }

    static Splice removing(SipMessage message, HeaderName name) {
        return remove(new Splice(), message, name, -1);
    }

    /** Removes the lines of this name after line {@code after}. */
    private static Splice remove(Splice splice, SipMessage message, HeaderName name, int after) {
        MessageIndex index = message.index();
        for (int i = message.nextHeader(name, after); i >= 0; i = message.nextHeader(name, i)) {
            splice.delete(index.lineStart(i), index.lineEnd(i));
        }
        return splice;
    }

    static Splice body(SipMessage message, String contentType, byte[] body) {
        MessageIndex index = message.index();
        Splice splice = replacing(message, HeaderName.CONTENT_TYPE, contentType);
        replace(splice, message, HeaderName.CONTENT_LENGTH, Integer.toString(body.length));
        return splice.replace(index.bodyStart(), index.length(), body);
    }

    static Splice noBody(SipMessage message) {
        MessageIndex index = message.index();
        Splice splice = removing(message, HeaderName.CONTENT_TYPE);
        replace(splice, message, HeaderName.CONTENT_LENGTH, "0");
        return splice.delete(index.bodyStart(), index.length());
    }

    /**
     * Returns a header line. A line end in the value is rejected, because it would start another header or the body.
     */
    private static byte[] line(HeaderName name, String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '\r' || c == '\n' || c == 0) {
                throw new IllegalArgumentException(name + ": \"" + SipParseException.excerpt(value)
                        + "\" holds a line end or NUL; it must be one line");
            }
        }
        return (name + ": " + value + "\r\n").getBytes(StandardCharsets.UTF_8);
    }
}

package org.sipproxy.api.message;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import javax.sip.header.Header;
import org.sipproxy.api.message.TypedHeaders.Entry;

/** The header edits of {@link javax.sip.message.Message} as splices of a message's bytes. */
final class HeaderEditor {

    /** A proxy reads these, and a second one makes the message malformed (RFC 3261 §7.3.1). */
    private static final HeaderName[] ONCE = {
        HeaderName.FROM,
        HeaderName.TO,
        HeaderName.CALL_ID,
        HeaderName.CSEQ,
        HeaderName.MAX_FORWARDS,
        HeaderName.CONTENT_LENGTH,
        HeaderName.CONTENT_TYPE,
        HeaderName.EXPIRES
    };

    private HeaderEditor() {}

    /** Replaces the first line of the name and deletes its others; without one, the header comes last. */
    static void set(SipMessage m, Header header) {
        MessageEdit edit = new MessageEdit();
        set(m, edit, header);
        m.apply(edit);
    }

    static void set(SipMessage m, MessageEdit edit, Header header) {
        HeaderName name = nameOf(header);
        int first = m.firstHeader(name);
        if (first < 0) {
            lines(edit, m.headersEnd(), m.headersEnd(), header);
            return;
        }
        lines(edit, m.lineStart(first), m.lineEnd(first), header);
        for (int i = m.nextHeader(name, first); i >= 0; i = m.nextHeader(name, i)) {
            edit.delete(m.lineStart(i), m.lineEnd(i));
        }
    }

    /** Adds a line above the first of the name; without one, above all headers. */
    static void addFirst(SipMessage m, Header header) {
        HeaderName name = addable(m, header);
        int first = m.firstHeader(name);
        int at = m.headerCount() == 0 ? m.headersEnd() : m.lineStart(Math.max(first, 0));
        insert(m, at, header);
    }

    /** Adds a line below the last of the name; without one, below all headers. */
    static void addLast(SipMessage m, Header header) {
        HeaderName name = addable(m, header);
        int last = -1;
        for (int i = m.firstHeader(name); i >= 0; i = m.nextHeader(name, i)) {
            last = i;
        }
        insert(m, last < 0 ? m.headersEnd() : m.lineEnd(last), header);
    }

    private static HeaderName addable(SipMessage m, Header header) {
        HeaderName name = nameOf(header);
        for (HeaderName once : ONCE) {
            if (once.equals(name) && m.firstHeader(name) >= 0) {
                throw new IllegalArgumentException(
                        "header: " + name + " is there already and may stand only once; use setHeader to replace it");
            }
        }
        return name;
    }

    private static void insert(SipMessage m, int at, Header header) {
        MessageEdit edit = new MessageEdit();
        lines(edit, at, at, header);
        m.apply(edit);
    }

    /** Puts the header in the place of {@code [from, to)}: a line for each element, each remembered as handed out. */
    private static void lines(MessageEdit edit, int from, int to, Header header) {
        int end = to;
        for (Header element : HeaderText.elementsOf(header)) {
            String value = HeaderText.valueOf(element);
            HeaderText.checkOneLine(value);
            String prefix = nameOf(element) + ": ";
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            byte[] line = (prefix + value + "\r\n").getBytes(StandardCharsets.UTF_8);
            edit.replace(from, end, line, new Entry(element, value, 0, 0), prefix.length(), text.length);
            // the first element takes the old line's place, the others follow where it ended
            from = to;
            end = to;
        }
    }

    private static HeaderName nameOf(Header header) {
        return HeaderName.of(Objects.requireNonNull(header, "header").getName());
    }

    static void remove(SipMessage m, HeaderName name) {
        MessageEdit edit = new MessageEdit();
        remove(m, edit, name);
        if (!edit.isEmpty()) {
            m.apply(edit);
        }
    }

    static void remove(SipMessage m, MessageEdit edit, HeaderName name) {
        for (int i = m.firstHeader(name); i >= 0; i = m.nextHeader(name, i)) {
            edit.delete(m.lineStart(i), m.lineEnd(i));
        }
    }

    /** Removes the first element of the first line, with its comma; the whole line if there is no other. */
    static void removeFirst(SipMessage m, HeaderName name) {
        int i = m.firstHeader(name);
        if (i < 0) {
            return;
        }
        int to = m.valueEnd(i);
        int end = HeaderElements.end(name, m.wire, m.valueStart(i), to);
        if (end >= to) {
            m.apply(new MessageEdit().delete(m.lineStart(i), m.lineEnd(i)));
        } else {
            m.apply(new MessageEdit().delete(m.valueStart(i), Chars.skipLws(m.wire, end + 1, to)));
        }
    }

    /** Removes the last element of the last line, with the comma before it; the whole line if there is no other. */
    static void removeLast(SipMessage m, HeaderName name) {
        int i = -1;
        for (int k = m.firstHeader(name); k >= 0; k = m.nextHeader(name, k)) {
            i = k;
        }
        if (i < 0) {
            return;
        }
        int to = m.valueEnd(i);
        int comma = -1;
        int end = HeaderElements.end(name, m.wire, m.valueStart(i), to);
        while (end < to) {
            comma = end;
            end = HeaderElements.end(name, m.wire, end + 1, to);
        }
        if (comma < 0) {
            m.apply(new MessageEdit().delete(m.lineStart(i), m.lineEnd(i)));
        } else {
            m.apply(new MessageEdit().delete(Chars.trimEnd(m.wire, m.valueStart(i), comma), to));
        }
    }
}

package org.sipproxy.message.jain;

import java.nio.charset.StandardCharsets;
import java.util.Objects;
import javax.sip.header.Header;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.jain.TypedHeaders.Entry;

/** Header edits of {@link javax.sip.message.Message} as splices of a message's bytes. */
final class HeaderEditor {

    /** Headers that a proxy reads, and of which a second one makes the message malformed (RFC 3261 §7.3.1). */
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

    /**
     * Replaces the first line of the name and deletes its other lines; adds the header below all others if there is
     * none.
     */
    static void set(JainMessage m, Header header) {
        MessageEdit edit = new MessageEdit();
        set(m, edit, header);
        m.apply(edit);
    }

    static void set(JainMessage m, MessageEdit edit, Header header) {
        HeaderName name = nameOf(header);
        int first = m.current().firstHeader(name);
        if (first < 0) {
            lines(edit, m.current().index().headersEnd(), m.current().index().headersEnd(), header);
            return;
        }
        lines(edit, m.current().index().lineStart(first), m.current().index().lineEnd(first), header);
        for (int i = m.current().nextHeader(name, first);
                i >= 0;
                i = m.current().nextHeader(name, i)) {
            edit.delete(m.current().index().lineStart(i), m.current().index().lineEnd(i));
        }
    }

    /** Adds a line above the first one of the name, or above all headers if there is none. */
    static void addFirst(JainMessage m, Header header) {
        HeaderName name = addable(m, header);
        int first = m.current().firstHeader(name);
        int at = m.current().headerCount() == 0
                ? m.current().index().headersEnd()
                : m.current().index().lineStart(Math.max(first, 0));
        insert(m, at, header);
    }

    /** Adds a line below the last one of the name, or below all headers if there is none. */
    static void addLast(JainMessage m, Header header) {
        HeaderName name = addable(m, header);
        int last = -1;
        for (int i = m.current().firstHeader(name); i >= 0; i = m.current().nextHeader(name, i)) {
            last = i;
        }
        insert(
                m,
                last < 0
                        ? m.current().index().headersEnd()
                        : m.current().index().lineEnd(last),
                header);
    }

    private static HeaderName addable(JainMessage m, Header header) {
        HeaderName name = nameOf(header);
        for (HeaderName once : ONCE) {
            if (once.equals(name) && m.current().firstHeader(name) >= 0) {
                throw new IllegalArgumentException(
                        "header: " + name + " is already present and may occur only once; replace it with setHeader");
            }
        }
        return name;
    }

    private static void insert(JainMessage m, int at, Header header) {
        MessageEdit edit = new MessageEdit();
        lines(edit, at, at, header);
        m.apply(edit);
    }

    /** Replaces {@code [from, to)} with the header: one line for each element, each recorded as handed out. */
    private static void lines(MessageEdit edit, int from, int to, Header header) {
        int end = to;
        for (Header element : HeaderText.elementsOf(header)) {
            String value = HeaderText.valueOf(element);
            HeaderText.checkOneLine(value);
            String prefix = nameOf(element) + ": ";
            byte[] text = value.getBytes(StandardCharsets.UTF_8);
            byte[] line = (prefix + value + "\r\n").getBytes(StandardCharsets.UTF_8);
            edit.replace(from, end, line, new Entry(element, value, 0, 0), prefix.length(), text.length);
            // the first element replaces the old line, the others follow after it
            from = to;
            end = to;
        }
    }

    private static HeaderName nameOf(Header header) {
        return HeaderName.of(Objects.requireNonNull(header, "header").getName());
    }

    static void remove(JainMessage m, HeaderName name) {
        MessageEdit edit = new MessageEdit();
        remove(m, edit, name);
        if (!edit.isEmpty()) {
            m.apply(edit);
        }
    }

    static void remove(JainMessage m, MessageEdit edit, HeaderName name) {
        for (int i = m.current().firstHeader(name); i >= 0; i = m.current().nextHeader(name, i)) {
            edit.delete(m.current().index().lineStart(i), m.current().index().lineEnd(i));
        }
    }

    /** Removes the first element of the first line with its comma, or the whole line if it is the only element. */
    static void removeFirst(JainMessage m, HeaderName name) {
        int i = m.current().firstHeader(name);
        if (i < 0) {
            return;
        }
        int to = m.current().index().valueEnd(i);
        int end = m.current().elementEnd(name, m.current().index().valueStart(i), to);
        if (end >= to) {
            m.apply(new MessageEdit()
                    .delete(
                            m.current().index().lineStart(i),
                            m.current().index().lineEnd(i)));
        } else {
            m.apply(new MessageEdit().delete(m.current().index().valueStart(i), behindSpace(m, end + 1, to)));
        }
    }

    /**
     * Removes the last element of the last line with the comma before it, or the whole line if it is the only element.
     */
    static void removeLast(JainMessage m, HeaderName name) {
        int i = -1;
        for (int k = m.current().firstHeader(name); k >= 0; k = m.current().nextHeader(name, k)) {
            i = k;
        }
        if (i < 0) {
            return;
        }
        int to = m.current().index().valueEnd(i);
        int comma = -1;
        int end = m.current().elementEnd(name, m.current().index().valueStart(i), to);
        while (end < to) {
            comma = end;
            end = m.current().elementEnd(name, end + 1, to);
        }
        if (comma < 0) {
            m.apply(new MessageEdit()
                    .delete(
                            m.current().index().lineStart(i),
                            m.current().index().lineEnd(i)));
        } else {
            m.apply(new MessageEdit().delete(beforeSpace(m, m.current().index().valueStart(i), comma), to));
        }
    }

    private static int behindSpace(JainMessage m, int from, int to) {
        int i = from;
        while (i < to && TypedHeaders.isSpace(m.current().index().byteAt(i))) {
            i++;
        }
        return i;
    }

    private static int beforeSpace(JainMessage m, int from, int to) {
        int i = to;
        while (i > from && TypedHeaders.isSpace(m.current().index().byteAt(i - 1))) {
            i--;
        }
        return i;
    }
}

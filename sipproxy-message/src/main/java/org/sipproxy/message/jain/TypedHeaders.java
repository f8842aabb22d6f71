package org.sipproxy.message.jain;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.sip.address.URI;
import javax.sip.header.Header;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Typed objects of a message that were handed out: the text that each one encoded to at that time, and the position of
 * that text. JAIN-SIP programs change such objects in place; {@link #commit} writes the changes back into the bytes.
 */
final class TypedHeaders {

    /** A typed object that was handed out, and the bytes {@code [start, end)} that it stands for. */
    static final class Entry {
        final Object value;
        String encoding;
        int start;
        int end;

        Entry(Object value, String encoding, int start, int end) {
            this.value = value;
            this.encoding = encoding;
            this.start = start;
            this.end = end;
        }
    }

    private final JainMessage message;
    private final List<Entry> entries = new ArrayList<>(4);

    TypedHeaders(JainMessage message) {
        this.message = message;
    }

    @Nullable
    Header first(HeaderName name) {
        List<Header> found = elements(name, 1);
        return found.isEmpty() ? null : found.get(0);
    }

    List<Header> all(HeaderName name) {
        return elements(name, Integer.MAX_VALUE);
    }

    private List<Header> elements(HeaderName name, int wanted) {
        List<Header> found = new ArrayList<>(2);
        for (int i = message.current().firstHeader(name);
                i >= 0 && found.size() < wanted;
                i = message.current().nextHeader(name, i)) {
            line(i, name, wanted, found);
        }
        return found;
    }

    private void line(int i, HeaderName name, int wanted, List<Header> found) {
        MessageIndex index = message.current().index();
        int at = index.valueStart(i);
        int to = index.valueEnd(i);
        do {
            int start = at;
            while (start < to && isSpace(index.byteAt(start))) {
                start++;
            }
            int stop = message.current().elementEnd(name, start, to);
            int end = stop;
            while (end > start && isSpace(index.byteAt(end - 1))) {
                end--;
            }
            // an empty list such as "Supported:" has no element; an empty Subject is a Subject
            if (end > start || !name.isList()) {
                if (found.size() >= message.current().limits().listElements() && !name.equals(HeaderName.VIA)) {
                    throw new MalformedHeaderException(new SipParseException(
                            StatusCode.BAD_REQUEST,
                            name + " holds more than "
                                    + message.current().limits().listElements() + " elements"));
                }
                found.add(header(name, start, end));
            }
            at = stop + 1;
        } while (at <= to && found.size() < wanted);
    }

    private Header header(HeaderName name, int start, int end) {
        if (held(start, end) instanceof Header header) {
            return header;
        }
        try {
            Header header = GuardedGrammar.header(
                    name,
                    message.current().index().unfolded(start, end),
                    start,
                    message.current().limits());
            entries.add(new Entry(header, HeaderText.valueOf(header), start, end));
            return header;
        } catch (SipParseException e) {
            throw new MalformedHeaderException(e);
        }
    }

    URI uri(SipUri uri, int start, int end) {
        if (held(start, end) instanceof URI typed) {
            return typed;
        }
        try {
            URI typed = GuardedGrammar.uri(uri, message.current().limits());
            entries.add(new Entry(typed, typed.toString(), start, end));
            return typed;
        } catch (SipParseException e) {
            throw new MalformedHeaderException(e);
        }
    }

    /** Returns true for linear white space; a line end inside a value is part of a fold. */
    static boolean isSpace(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    private @Nullable Object held(int start, int end) {
        for (Entry e : entries) {
            if (e.start == start && e.end == end) {
                return e.value;
            }
        }
        return null;
    }

    /** Writes the objects that now encode to another text than when they were handed out. */
    void commit() {
        MessageEdit edit = null;
        for (Entry e : entries) {
            String now = encode(e.value);
            if (now.equals(e.encoding)) {
                continue;
            }
            HeaderText.checkOneLine(now);
            edit = edit == null ? new MessageEdit() : edit;
            byte[] text = now.getBytes(StandardCharsets.UTF_8);
            edit.replace(e.start, e.end, text, e, 0, text.length);
        }
        if (edit != null) {
            message.apply(edit);
            for (Entry e : entries) {
                e.encoding = encode(e.value);
            }
        }
    }

    private static String encode(Object value) {
        return value instanceof Header header ? HeaderText.valueOf(header) : value.toString();
    }

    /**
     * Adapts the entries to an edit: entries after it move, those in the replaced text are dropped, and new ones are
     * added.
     */
    void moved(MessageEdit edit) {
        entries.removeIf(e -> edit.overwrites(e));
        for (Entry e : entries) {
            if (!edit.owns(e)) {
                int shift = edit.shiftAt(e.start);
                e.start += shift;
                e.end += shift;
            }
        }
        edit.place(entries);
    }
}

package org.sipproxy.message.jain;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.jain.TypedHeaders.Entry;
import org.sipproxy.message.wire.Splice;

/** Replacements in a message's bytes, each with the typed object, if any, that the new text belongs to. */
final class MessageEdit {

    private record Part(
            int from, int to, byte[] text, @Nullable Entry entry, int entryOffset, int entryLength) {

        int growth() {
            return text.length - (to - from);
        }
    }

    private final List<Part> parts = new ArrayList<>(4);

    MessageEdit replace(int from, int to, byte[] text) {
        return replace(from, to, text, null, 0, 0);
    }

    /** Adds a replacement. The object of {@code entry} is at {@code entryOffset} of the text. */
    MessageEdit replace(int from, int to, byte[] text, @Nullable Entry entry, int entryOffset, int entryLength) {
        parts.add(new Part(from, to, text, entry, entryOffset, entryLength));
        return this;
    }

    MessageEdit delete(int from, int to) {
        return replace(from, to, new byte[0]);
    }

    boolean isEmpty() {
        return parts.isEmpty();
    }

    Splice splice() {
        Splice splice = new Splice();
        for (Part p : parts) {
            splice.replace(p.from, p.to, p.text);
        }
        return splice;
    }

    boolean owns(Entry e) {
        for (Part p : parts) {
            if (p.entry == e) {
                return true;
            }
        }
        return false;
    }

    boolean overwrites(Entry e) {
        for (Part p : parts) {
            if (p.entry != e && p.from < Math.max(e.end, e.start + 1) && p.to > e.start) {
                return true;
            }
        }
        return false;
    }

    /** Returns by how many bytes the byte at {@code position} moves. */
    int shiftAt(int position) {
        int shift = 0;
        for (Part p : parts) {
            if (p.to <= position) {
                shift += p.growth();
            }
        }
        return shift;
    }

    /** Adds the objects of the new texts at their final positions. */
    void place(List<Entry> entries) {
        for (int i = 0; i < parts.size(); i++) {
            Part p = parts.get(i);
            Entry e = p.entry;
            if (e == null) {
                continue;
            }
            int start = p.from + p.entryOffset;
            for (int k = 0; k < parts.size(); k++) {
                Part q = parts.get(k);
                // of two replacements at one position, the one that was added first is written first
                if (q.from < p.from || (q.from == p.from && k < i)) {
                    start += q.growth();
                }
            }
            e.start = start;
            e.end = start + p.entryLength;
            if (!entries.contains(e)) {
                entries.add(e);
            }
        }
    }
}

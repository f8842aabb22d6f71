package org.sipproxy.message.wire;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Replacements in the bytes of a message, applied in one pass. Bytes outside the replacements are copied unchanged.
 *
 * <p>Replacements at one position are written in the order in which they were added. Add an insertion before a deletion
 * that starts at the same position. Reusable; not thread-safe.
 */
public final class Splice {

    private static final byte[] NOTHING = {};

    private int[] from = new int[12];
    private int[] to = new int[12];
    private byte[][] text = new byte[12][];
    private int count;
    private int growth;

    /** Removes all replacements. */
    public Splice clear() {
        Arrays.fill(text, 0, count, NOTHING);
        count = 0;
        growth = 0;
        return this;
    }

    /** Returns true if there are no replacements. */
    public boolean isEmpty() {
        return count == 0;
    }

    /** Inserts before the byte at {@code position}. */
    public Splice insert(int position, byte[] bytes) {
        return replace(position, position, bytes);
    }

    /** Inserts text before the byte at {@code position}, as UTF-8. */
    public Splice insert(int position, String text) {
        return replace(position, position, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Deletes {@code [start, end)}. */
    public Splice delete(int start, int end) {
        return replace(start, end, NOTHING);
    }

    /**
     * Replaces {@code [start, end)} with {@code bytes}. Ranges must not overlap. The array is kept until the splice is
     * applied.
     */
    public Splice replace(int start, int end, byte[] bytes) {
        if (count == from.length) {
            from = Arrays.copyOf(from, count * 2);
            to = Arrays.copyOf(to, count * 2);
            text = Arrays.copyOf(text, count * 2);
        }
        int i = count++;
        // edits usually come in the order of the text, so this rarely moves anything
        while (i > 0 && from[i - 1] > start) {
            from[i] = from[i - 1];
            to[i] = to[i - 1];
            text[i] = text[i - 1];
            i--;
        }
        from[i] = start;
        to[i] = end;
        text[i] = bytes;
        growth += bytes.length - (end - start);
        return this;
    }

    /** Returns the edited copy of {@code source}. */
    public byte[] apply(byte[] source) {
        return apply(source, source.length);
    }

    /** Returns the edited copy of the first {@code length} bytes of {@code source}. */
    byte[] apply(byte[] source, int length) {
        byte[] out = new byte[length + growth];
        int read = 0;
        int write = 0;
        for (int i = 0; i < count; i++) {
            int run = from[i] - read;
            System.arraycopy(source, read, out, write, run);
            write += run;
            byte[] t = text[i];
            System.arraycopy(t, 0, out, write, t.length);
            write += t.length;
            read = to[i];
        }
        System.arraycopy(source, read, out, write, length - read);
        return out;
    }
}

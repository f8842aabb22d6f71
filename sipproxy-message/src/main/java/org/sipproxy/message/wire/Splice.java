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

    /** Entries of {@link #ranges} for each replacement: start and end of the range, length of the text. */
    private static final int STRIDE = 3;

    private int[] ranges = new int[8 * STRIDE];
    private byte[][] text = new byte[8][];
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

    /**
     * Inserts the first {@code length} bytes of {@code bytes} before the byte at {@code position}. The array is kept
     * until the splice is applied.
     */
    public Splice insert(int position, byte[] bytes, int length) {
        return replace(position, position, bytes, length);
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
        return replace(start, end, bytes, bytes.length);
    }

    private Splice replace(int start, int end, byte[] bytes, int length) {
        if (count == text.length) {
            ranges = Arrays.copyOf(ranges, ranges.length * 2);
            text = Arrays.copyOf(text, count * 2);
        }
        int i = count++;
        // edits usually come in the order of the text, so this rarely moves anything
        while (i > 0 && ranges[(i - 1) * STRIDE] > start) {
            System.arraycopy(ranges, (i - 1) * STRIDE, ranges, i * STRIDE, STRIDE);
            text[i] = text[i - 1];
            i--;
        }
        ranges[i * STRIDE] = start;
        ranges[i * STRIDE + 1] = end;
        ranges[i * STRIDE + 2] = length;
        text[i] = bytes;
        growth += length - (end - start);
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
            int run = ranges[i * STRIDE] - read;
            System.arraycopy(source, read, out, write, run);
            write += run;
            int added = ranges[i * STRIDE + 2];
            System.arraycopy(text[i], 0, out, write, added);
            write += added;
            read = ranges[i * STRIDE + 1];
        }
        System.arraycopy(source, read, out, write, length - read);
        return out;
    }
}

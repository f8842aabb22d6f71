package org.sipproxy.message.wire;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Read-only access to the received bytes of a message, and the positions of its lines. Header lines are numbered from
 * 0; the numbers are those of {@code SipMessage.firstHeader} and {@code SipMessage.nextHeader}. All positions are
 * offsets from the start of the message, in bytes. Ends are exclusive.
 *
 * <p>Does not interpret values: Via, addresses and URIs have indexes of their own. Immutable and safe for use by
 * several threads.
 */
public final class MessageIndex {

    /** Entries of {@link #lines} for each header: start of the line, start and end of the value. */
    private static final int STRIDE = 3;

    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private final byte[] bytes;
    private final int[] lines;
    private final int headerCount;
    private final int uriStart;
    private final int uriEnd;
    private final int headersEnd;
    private final int bodyStart;

    /**
     * Creates an index from the results of a parser. The arrays are kept, not copied.
     *
     * @param bytes the message
     * @param lines start of the line, start of the value and end of the value, for each header line
     * @param headerCount number of header lines; {@code lines} may be longer
     * @param uriStart start of the Request-URI, -1 for a response
     * @param uriEnd end of the Request-URI, -1 for a response
     * @param headersEnd start of the empty line below the headers
     * @param bodyStart start of the body
     */
    public MessageIndex(
            byte[] bytes, int[] lines, int headerCount, int uriStart, int uriEnd, int headersEnd, int bodyStart) {
        this.bytes = bytes;
        this.lines = lines;
        this.headerCount = headerCount;
        this.uriStart = uriStart;
        this.uriEnd = uriEnd;
        this.headersEnd = headersEnd;
        this.bodyStart = bodyStart;
    }

    // ---- positions

    /** Returns the number of header lines. */
    public int headerCount() {
        return headerCount;
    }

    /** Returns where header line {@code i} starts. */
    public int lineStart(int i) {
        return lines[i * STRIDE];
    }

    /** Returns where header line {@code i} ends, its line end included. */
    public int lineEnd(int i) {
        return i + 1 < headerCount ? lines[(i + 1) * STRIDE] : headersEnd;
    }

    /** Returns where the value of header line {@code i} starts, after any white space. */
    public int valueStart(int i) {
        return lines[i * STRIDE + 1];
    }

    /** Returns where the value of header line {@code i} ends, before any white space. */
    public int valueEnd(int i) {
        return lines[i * STRIDE + 2];
    }

    /** Returns where the Request-URI starts, or -1 for a response. */
    public int uriStart() {
        return uriStart;
    }

    /** Returns where the Request-URI ends, or -1 for a response. */
    public int uriEnd() {
        return uriEnd;
    }

    /** Returns where the empty line below the headers starts. */
    public int headersEnd() {
        return headersEnd;
    }

    /** Returns where the body starts: {@link #length()} if there is none. */
    public int bodyStart() {
        return bodyStart;
    }

    /** Returns the length of the message, in bytes. */
    public int length() {
        return bytes.length;
    }

    // ---- bytes

    /** Returns the byte at a position. */
    public byte byteAt(int position) {
        return bytes[position];
    }

    /** Returns the eight bytes that start at a position, the first one as the lowest: for hashes. */
    public long longAt(int position) {
        return (long) LONGS.get(bytes, position);
    }

    /** Returns {@code [from, to)} as text: UTF-8, with malformed bytes replaced. Folds are kept. */
    public String text(int from, int to) {
        return new String(bytes, from, to - from, StandardCharsets.UTF_8);
    }

    /** Returns {@code [from, to)} as text, each fold (RFC 3261 §7.3.1) replaced by one space. */
    public String unfolded(int from, int to) {
        String text = text(from, to);
        if (text.indexOf('\n') < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c != '\r' && c != '\n') {
                out.append(c);
                continue;
            }
            while (i + 1 < text.length() && text.charAt(i + 1) <= ' ') {
                i++;
            }
            out.append(' ');
        }
        return out.toString();
    }

    /** Returns a copy of {@code [from, to)}. */
    public byte[] copy(int from, int to) {
        return Arrays.copyOfRange(bytes, from, to);
    }

    /** Copies {@code [from, to)} to {@code target}, starting at index {@code at}. */
    public void copyTo(int from, int to, byte[] target, int at) {
        System.arraycopy(bytes, from, target, at, to - from);
    }

    /** Returns the first position of {@code b} in {@code [from, to)}, or -1. */
    public int indexOf(byte b, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] == b) {
                return i;
            }
        }
        return -1;
    }

    /** Returns true if {@code [from, to)} holds these bytes. */
    public boolean equals(int from, int to, byte[] other) {
        return Arrays.equals(bytes, from, to, other, 0, other.length);
    }

    /** Returns true if {@code [from, to)} holds the bytes {@code [otherFrom, otherTo)} of {@code other}. */
    public boolean equals(int from, int to, byte[] other, int otherFrom, int otherTo) {
        return Arrays.equals(bytes, from, to, other, otherFrom, otherTo);
    }

    /** Returns true if {@code [from, to)} is this text. The case of ASCII letters is ignored. */
    public boolean equalsIgnoreCase(int from, int to, String lowerCase) {
        if (to - from != lowerCase.length()) {
            return false;
        }
        for (int i = from, j = 0; i < to; i++, j++) {
            byte b = bytes[i];
            if ((b >= 'A' && b <= 'Z' ? b + 32 : b) != lowerCase.charAt(j)) {
                return false;
            }
        }
        return true;
    }

    // ---- edits

    /** Returns the message with the given replacements. */
    public byte[] apply(Splice splice) {
        return splice.apply(bytes, bytes.length);
    }
}

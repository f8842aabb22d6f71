package org.sipproxy.core.internal.codec;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.wire.MessageIndex;
import org.sipproxy.message.wire.Splice;

/** Writer of message text into a growing array. Not thread-safe; reusable after {@link #clear}. */
public final class ByteWriter {

    private static final byte[] DIGITS = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

    private byte[] a;
    private int n;

    public ByteWriter(int capacity) {
        a = new byte[capacity];
    }

    public ByteWriter clear() {
        n = 0;
        return this;
    }

    public int length() {
        return n;
    }

    private void room(int more) {
        if (a.length - n < more) {
            a = Arrays.copyOf(a, Math.max(a.length * 2, n + more));
        }
    }

    /** Appends text; characters above 127 are encoded as UTF-8. */
    @SuppressWarnings(
            "deprecation") // getBytes(int,int,byte[],int) is the only copy of ASCII text without an intermediate array
    public ByteWriter text(String s) {
        int length = s.length();
        for (int i = 0; i < length; i++) {
            if (s.charAt(i) > 127) {
                return bytes(s.getBytes(StandardCharsets.UTF_8));
            }
        }
        room(length);
        s.getBytes(0, length, a, n);
        n += length;
        return this;
    }

    public ByteWriter bytes(byte[] b) {
        return bytes(b, 0, b.length);
    }

    public ByteWriter bytes(byte[] b, int from, int to) {
        room(to - from);
        System.arraycopy(b, from, a, n, to - from);
        n += to - from;
        return this;
    }

    /** Appends the bytes {@code [from, to)} of a message. */
    public ByteWriter bytes(MessageIndex message, int from, int to) {
        room(to - from);
        message.copyTo(from, to, a, n);
        n += to - from;
        return this;
    }

    /** Appends the text of a URI. */
    public ByteWriter bytes(SipUri uri) {
        room(uri.length());
        uri.copyTo(a, n);
        n += uri.length();
        return this;
    }

    public ByteWriter ascii(char c) {
        room(1);
        a[n++] = (byte) c;
        return this;
    }

    /** Appends a non-negative number in decimal. */
    public ByteWriter number(long value) {
        int digits = digits(value);
        room(digits);
        long v = value;
        for (int i = n + digits - 1; i >= n; i--) {
            a[i] = DIGITS[(int) (v % 10)];
            v /= 10;
        }
        n += digits;
        return this;
    }

    /** Returns the number of decimal digits of a non-negative number. */
    public static int digits(long value) {
        int digits = 1;
        for (long v = value; v >= 10; v /= 10) {
            digits++;
        }
        return digits;
    }

    /** Appends all 64 bits as 16 hex digits. */
    public ByteWriter hex(long value) {
        room(16);
        for (int shift = 60; shift >= 0; shift -= 4) {
            a[n++] = DIGITS[(int) (value >>> shift) & 15];
        }
        return this;
    }

    public ByteWriter crlf() {
        room(2);
        a[n++] = '\r';
        a[n++] = '\n';
        return this;
    }

    /** Inserts the text into a message, without a copy: nothing may be written until the splice has been applied. */
    public void insertInto(Splice splice, int position) {
        splice.insert(position, a, n);
    }

    /** Returns a copy of the text. */
    public byte[] toBytes() {
        return Arrays.copyOf(a, n);
    }

    /**
     * Returns the text, which is not copied if it has exactly the length of the capacity. The writer must not be used
     * afterwards.
     */
    public byte[] finish() {
        return n == a.length ? a : Arrays.copyOf(a, n);
    }
}

package org.sipproxy.core.internal.location;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Writer of the values of {@link PackedBindings} to a byte array that grows. */
final class PackedWriter {

    private byte[] bytes = new byte[256];
    private int end;

    void fixedInt(int value) {
        reserve(4);
        for (int shift = 24; shift >= 0; shift -= 8) {
            bytes[end++] = (byte) (value >>> shift);
        }
    }

    void fixedLong(long value) {
        fixedInt((int) (value >>> 32));
        fixedInt((int) value);
    }

    void number(int value) {
        reserve(5);
        int left = value;
        while ((left & ~0x7f) != 0) {
            bytes[end++] = (byte) (left | 0x80);
            left >>>= 7;
        }
        bytes[end++] = (byte) left;
    }

    void bytes(byte[] value) {
        number(value.length);
        copy(value);
    }

    private void copy(byte[] value) {
        reserve(value.length);
        System.arraycopy(value, 0, bytes, end, value.length);
        end += value.length;
    }

    /** Writes a text. The lowest bit of its length says whether it is UTF-16, so that any text is read as it was. */
    void text(String value) {
        int length = value.length();
        if (isLatin1(value)) {
            number(length << 1);
            copy(value.getBytes(StandardCharsets.ISO_8859_1));
        } else {
            number(length << 1 | 1);
            reserve(2 * length);
            for (int i = 0; i < length; i++) {
                bytes[end++] = (byte) (value.charAt(i) >>> 8);
                bytes[end++] = (byte) value.charAt(i);
            }
        }
    }

    private static boolean isLatin1(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (value.charAt(i) > 0xff) {
                return false;
            }
        }
        return true;
    }

    void shared(String value, SharedValues<String> values) {
        int number = values.numberOf(value);
        number(number + 1);
        if (number < 0) {
            text(value);
        }
    }

    /** Returns false if there is no room for another shared value. */
    <T> boolean onlyShared(T value, SharedValues<T> values) {
        int number = values.numberOf(value);
        number(Math.max(number, 0));
        return number >= 0;
    }

    private void reserve(int more) {
        if (bytes.length - end < more) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, end + more));
        }
    }

    byte[] toBytes() {
        return Arrays.copyOf(bytes, end);
    }
}

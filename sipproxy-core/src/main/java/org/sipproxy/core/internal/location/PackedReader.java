package org.sipproxy.core.internal.location;

import java.nio.charset.StandardCharsets;

/** Reader of the values that a {@link PackedWriter} wrote. */
final class PackedReader {

    private final byte[] bytes;
    private int at;

    PackedReader(byte[] bytes, int from) {
        this.bytes = bytes;
        this.at = from;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Passes over so many bytes; returns where they start. */
    int skip(int length) {
        int from = at;
        at += length;
        return from;
    }

    int fixedInt() {
        int value = 0;
        for (int i = 0; i < 4; i++) {
            value = value << 8 | bytes[at++] & 0xff;
        }
        return value;
    }

    int number() {
        int b = bytes[at++];
        int value = b & 0x7f;
        for (int shift = 7; b < 0; shift += 7) {
            b = bytes[at++];
            value |= (b & 0x7f) << shift;
        }
        return value;
    }

    String text() {
        int head = number();
        int length = head >>> 1;
        if ((head & 1) == 0) {
            return new String(bytes, skip(length), length, StandardCharsets.ISO_8859_1);
        }
        char[] chars = new char[length];
        for (int i = 0; i < length; i++) {
            chars[i] = wide(at + 2 * i);
        }
        at += 2 * length;
        return new String(chars);
    }

    void skipText() {
        int head = number();
        at += (head >>> 1) << (head & 1);
    }

    /** Returns true if the next text is this one; then it is passed over. */
    boolean textIs(String text) {
        int head = number();
        int length = head >>> 1;
        if (length != text.length()) {
            return false;
        }
        int step = 1 + (head & 1);
        for (int i = 0; i < length; i++) {
            char c = step == 1 ? (char) (bytes[at + i] & 0xff) : wide(at + 2 * i);
            if (c != text.charAt(i)) {
                return false;
            }
        }
        at += step * length;
        return true;
    }

    private char wide(int from) {
        return (char) ((bytes[from] & 0xff) << 8 | bytes[from + 1] & 0xff);
    }

    String shared(SharedValues<String> values) {
        int number = number();
        return number == 0 ? text() : values.get(number - 1);
    }

    void skipShared() {
        if (number() == 0) {
            skipText();
        }
    }

    boolean sharedIs(String text, SharedValues<String> values) {
        int number = number();
        return number == 0 ? textIs(text) : values.get(number - 1).equals(text);
    }
}

package org.sipproxy.security;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Parameters of one {@code Authorization} or {@code Proxy-Authorization} value (RFC 7616 §3.4, RFC 3261 §25.1), as
 * slices of the message's bytes.
 *
 * <p>Parsing is as lenient as phones require: any value may be quoted or unquoted, empty list elements are skipped,
 * unknown parameters are ignored. A parameter of {@link Field} must not occur twice. Escapes in quoted strings are
 * resolved, so that the hash covers the value that the client meant.
 */
final class DigestResponse {

    /** The parameters that are read. */
    enum Field {
        USERNAME("username", 0),
        REALM("realm", 2),
        NONCE("nonce", 4),
        URI("uri", 6),
        RESPONSE("response", 8),
        ALGORITHM("algorithm", 10),
        QOP("qop", 12),
        NC("nc", 14),
        CNONCE("cnonce", 16);

        private static final Field[] ALL = values();

        private final String lowerCase;
        /** Index in {@link DigestResponse#slices} of the start of its value; the end follows. */
        private final int slot;

        Field(String lowerCase, int slot) {
            this.lowerCase = lowerCase;
            this.slot = slot;
        }
    }

    private static final String SCHEME = "digest";
    private static final String BASIC = "basic";

    private final byte[] a;
    /** Start and end of each field's value; the start is -1 if the field is absent. */
    private final int[] slices;

    private DigestResponse(byte[] a, int[] slices) {
        this.a = a;
        this.slices = slices;
    }

    /** Returns true if the header value in {@code [from, to)} has the Digest scheme. */
    static boolean isDigest(byte[] a, int from, int to) {
        return hasScheme(a, from, to, SCHEME);
    }

    /** Returns true if the header value in {@code [from, to)} has the Basic scheme. */
    static boolean isBasic(byte[] a, int from, int to) {
        return hasScheme(a, from, to, BASIC);
    }

    private static boolean hasScheme(byte[] a, int from, int to, String lowerCase) {
        int end = from + lowerCase.length();
        return end <= to && equalsIgnoringCase(a, from, end, lowerCase) && (end == to || isLws(a[end]));
    }

    /** Parses a header value for which {@link #isDigest} is true; null if it is malformed. */
    static @Nullable DigestResponse parse(byte[] a, int from, int to) {
        return parse(a, from, to, false);
    }

    /** @param own true if {@code a} is a copy in which escapes may be resolved */
    private static @Nullable DigestResponse parse(byte[] a, int from, int to, boolean own) {
        int[] slices = new int[2 * Field.ALL.length];
        Arrays.fill(slices, -1);
        int i = from + SCHEME.length();
        while (true) {
            while (i < to && (isLws(a[i]) || a[i] == ',')) {
                i++;
            }
            if (i == to) {
                return new DigestResponse(a, slices);
            }
            int nameFrom = i;
            while (i < to && isUnquoted(a[i]) && a[i] != '=') {
                i++;
            }
            int nameTo = i;
            i = skipLws(a, i, to);
            if (nameTo == nameFrom || i == to || a[i] != '=') {
                return null;
            }
            i = skipLws(a, i + 1, to);
            int valueFrom = i;
            int valueTo;
            if (i < to && a[i] == '"') {
                valueFrom = ++i;
                valueTo = i;
                while (i < to && a[i] != '"') {
                    if (a[i] == '\\') {
                        if (!own) {
                            return parse(Arrays.copyOfRange(a, from, to), 0, to - from, true);
                        }
                        i++;
                        if (i == to) {
                            return null;
                        }
                    }
                    if (own) {
                        a[valueTo] = a[i];
                    }
                    valueTo++;
                    i++;
                }
                if (i == to) {
                    return null;
                }
                i++;
            } else {
                while (i < to && isUnquoted(a[i])) {
                    i++;
                }
                valueTo = i;
            }
            i = skipLws(a, i, to);
            if (i < to && a[i] != ',') {
                return null;
            }
            Field field = field(a, nameFrom, nameTo);
            if (field != null) {
                if (slices[field.slot] >= 0) {
                    return null;
                }
                slices[field.slot] = valueFrom;
                slices[field.slot + 1] = valueTo;
            }
        }
    }

    private static @Nullable Field field(byte[] a, int from, int to) {
        for (Field field : Field.ALL) {
            if (equalsIgnoringCase(a, from, to, field.lowerCase)) {
                return field;
            }
        }
        return null;
    }

    private static boolean isLws(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    private static boolean isUnquoted(byte b) {
        return (b > ' ' || b < 0) && b != ',' && b != '"' && b != 0x7f;
    }

    private static int skipLws(byte[] a, int from, int to) {
        int i = from;
        while (i < to && isLws(a[i])) {
            i++;
        }
        return i;
    }

    private static boolean equalsIgnoringCase(byte[] a, int from, int to, String lowerCase) {
        if (to - from != lowerCase.length()) {
            return false;
        }
        for (int i = from, j = 0; i < to; i++, j++) {
            int b = a[i] >= 'A' && a[i] <= 'Z' ? a[i] + 32 : a[i];
            if (b != lowerCase.charAt(j)) {
                return false;
            }
        }
        return true;
    }

    /** Returns the bytes that {@link #from} and {@link #to} refer to. */
    byte[] bytes() {
        return a;
    }

    boolean has(Field field) {
        return slices[field.slot] >= 0;
    }

    /** Returns where the value starts, after its opening quote; -1 if the field is absent. */
    int from(Field field) {
        return slices[field.slot];
    }

    /** Returns where the value ends; -1 if the field is absent. */
    int to(Field field) {
        return slices[field.slot + 1];
    }

    int length(Field field) {
        return to(field) - from(field);
    }

    /** Returns true if the field is present and its value equals {@code expected}. */
    boolean is(Field field, byte[] expected) {
        return has(field) && Arrays.equals(a, from(field), to(field), expected, 0, expected.length);
    }

    /** Returns true if the field is present and its value equals {@code lowerCase}, ignoring case. */
    boolean isIgnoringCase(Field field, String lowerCase) {
        return has(field) && equalsIgnoringCase(a, from(field), to(field), lowerCase);
    }

    /** Returns true if the field is present and its value equals the upper-case {@code token}, ignoring case. */
    boolean isToken(Field field, String token) {
        if (!has(field) || length(field) != token.length()) {
            return false;
        }
        for (int i = from(field), j = 0; j < token.length(); i++, j++) {
            if (Character.toUpperCase((char) (a[i] & 0xff)) != token.charAt(j)) {
                return false;
            }
        }
        return true;
    }

    /** Returns the nonce count as an unsigned number; 0 if there is none. */
    int count() {
        int count = 0;
        if (has(Field.NC)) {
            for (int i = from(Field.NC); i < to(Field.NC); i++) {
                count = count << 4 | Character.digit(a[i], 16);
            }
        }
        return count;
    }

    /** Returns true if the field is present and its value is {@code digits} hexadecimal digits. */
    boolean isHex(Field field, int digits) {
        if (!has(field) || length(field) != digits) {
            return false;
        }
        for (int i = from(field); i < to(field); i++) {
            if (a[i] < 0 || Character.digit(a[i], 16) < 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the value of a present field, decoded as UTF-8. */
    String text(Field field) {
        return new String(a, from(field), length(field), StandardCharsets.UTF_8);
    }
}

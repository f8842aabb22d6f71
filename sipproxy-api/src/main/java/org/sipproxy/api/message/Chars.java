package org.sipproxy.api.message;

import java.nio.charset.StandardCharsets;

/** Character classes of RFC 3261 §25.1 and the byte-level scanning that all parsers here share. */
final class Chars {

    private static final int TOKEN = 1;
    private static final int USER = 2;
    private static final int PASSWORD = 4;
    private static final int URI_PARAM = 8;
    private static final int URI_HEADER = 16;
    private static final int HOST = 32;
    private static final int DIGIT = 64;
    private static final int HEX = 128;
    private static final int URI = 256;
    private static final int PARAM_VALUE = 512;

    private static final short[] CLASS = new short[256];

    static {
        String alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        String mark = "-_.!~*'()";
        mark(alnum + "-.!%*_+`'~", TOKEN);
        mark(alnum + mark + "&=+$,;?/", USER);
        mark(alnum + mark + "&=+$,", PASSWORD);
        mark(alnum + mark + "[]/:&+$", URI_PARAM);
        mark(alnum + mark + "[]/?:+$", URI_HEADER);
        mark(alnum + "-._", HOST); // underscore is not in the RFC's hostname but is found in real networks
        mark("0123456789", DIGIT);
        mark("0123456789abcdefABCDEF", HEX);
        mark(alnum + mark + ";/?:@&=+$,%[]#", URI);
        // token / host (§25.1), and what phones write into branches and tags although they must not
        mark(alnum + "-.!%*_+`'~[]:/@=?&$#", PARAM_VALUE);
    }

    private Chars() {}

    private static void mark(String chars, int bit) {
        for (int i = 0; i < chars.length(); i++) {
            CLASS[chars.charAt(i)] |= (short) bit;
        }
    }

    private static boolean is(byte b, int bit) {
        return (CLASS[b & 0xff] & bit) != 0;
    }

    static boolean isToken(byte b) {
        return is(b, TOKEN);
    }

    static boolean isDigit(byte b) {
        return is(b, DIGIT);
    }

    /** What an unquoted parameter value may hold. */
    static boolean isParamValue(byte b) {
        return is(b, PARAM_VALUE);
    }

    static boolean isHost(byte b) {
        return is(b, HOST);
    }

    static boolean isHex(byte b) {
        return is(b, HEX);
    }

    /** Any character that RFC 3986 lets stand in a URI. */
    static boolean isUri(byte b) {
        return is(b, URI);
    }

    static boolean isUserText(byte[] a, int from, int to) {
        return escapedText(a, from, to, USER);
    }

    static boolean isPasswordText(byte[] a, int from, int to) {
        return escapedText(a, from, to, PASSWORD);
    }

    static boolean isUriParamText(byte[] a, int from, int to) {
        return escapedText(a, from, to, URI_PARAM);
    }

    static boolean isUriHeaderText(byte[] a, int from, int to) {
        return escapedText(a, from, to, URI_HEADER);
    }

    /** All of {@code [from, to)} in the class, or {@code %} and two hex digits. */
    private static boolean escapedText(byte[] a, int from, int to, int bit) {
        for (int i = from; i < to; i++) {
            byte b = a[i];
            if (b == '%') {
                if (i + 2 >= to || !isHex(a[i + 1]) || !isHex(a[i + 2])) {
                    return false;
                }
                i += 2;
            } else if (!is(b, bit)) {
                return false;
            }
        }
        return true;
    }

    static boolean isToken(byte[] a, int from, int to) {
        if (from >= to) {
            return false;
        }
        for (int i = from; i < to; i++) {
            if (!isToken(a[i])) {
                return false;
            }
        }
        return true;
    }

    /** A letter, then letters, digits, +, - and dots (§25.1). */
    static boolean isScheme(byte[] a, int from, int to) {
        for (int i = from; i < to; i++) {
            int c = lower(a[i]);
            boolean letter = c >= 'a' && c <= 'z';
            if (!letter && (i == from || (!isDigit(a[i]) && c != '+' && c != '-' && c != '.'))) {
                return false;
            }
        }
        return from < to;
    }

    /** What stands between the brackets of an IPv6 reference: hex digits, dots and at least two colons. */
    static boolean isIpv6Text(byte[] a, int from, int to) {
        int colons = 0;
        for (int i = from; i < to; i++) {
            if (a[i] == ':') {
                colons++;
            } else if (!isHex(a[i]) && a[i] != '.') {
                return false;
            }
        }
        return colons >= 2;
    }

    /** Not empty, and all of it printable ASCII without the space: what the words of a Call-ID are made of. */
    static boolean isVisible(byte[] a, int from, int to) {
        for (int i = from; i < to; i++) {
            if (a[i] <= ' ' || a[i] == 0x7f) {
                return false;
            }
        }
        return from < to;
    }

    /** Linear white space. CR and LF count: inside a header value they only ever stand in a fold. */
    static boolean isLws(byte b) {
        return b == ' ' || b == '\t' || b == '\r' || b == '\n';
    }

    static int skipLws(byte[] a, int from, int to) {
        int i = from;
        while (i < to && isLws(a[i])) {
            i++;
        }
        return i;
    }

    static int trimEnd(byte[] a, int from, int to) {
        int i = to;
        while (i > from && isLws(a[i - 1])) {
            i--;
        }
        return i;
    }

    static int tokenEnd(byte[] a, int from, int to) {
        int i = from;
        while (i < to && isToken(a[i])) {
            i++;
        }
        return i;
    }

    static int indexOf(byte[] a, int from, int to, char c) {
        for (int i = from; i < to; i++) {
            if (a[i] == c) {
                return i;
            }
        }
        return -1;
    }

    /** The index behind the closing quote of the quoted string that opens at {@code open}, or -1 if it never closes. */
    static int quotedEnd(byte[] a, int open, int to) {
        for (int i = open + 1; i < to; i++) {
            byte b = a[i];
            if (b == '\\') {
                i++;
            } else if (b == '"') {
                return i + 1;
            }
        }
        return -1;
    }

    static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
    }

    static boolean equalsIgnoreCase(byte[] a, int from, int to, String lowerCase) {
        if (to - from != lowerCase.length()) {
            return false;
        }
        for (int i = from, j = 0; i < to; i++, j++) {
            if (lower(a[i]) != lowerCase.charAt(j)) {
                return false;
            }
        }
        return true;
    }

    static boolean equalsIgnoreCase(byte[] a, int aFrom, int aTo, byte[] b, int bFrom, int bTo) {
        if (aTo - aFrom != bTo - bFrom) {
            return false;
        }
        for (int i = aFrom, j = bFrom; i < aTo; i++, j++) {
            if (a[i] != b[j] && lower(a[i]) != lower(b[j])) {
                return false;
            }
        }
        return true;
    }

    /** A non-negative decimal number of at most {@code max}; -1 when empty, -2 when not a number, -3 when too large. */
    static long number(byte[] a, int from, int to, long max) {
        if (from >= to) {
            return -1;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            if (!isDigit(a[i])) {
                return -2;
            }
            value = value * 10 + (a[i] - '0');
            if (value > max) {
                for (int j = i; j < to; j++) {
                    if (!isDigit(a[j])) {
                        return -2;
                    }
                }
                return -3;
            }
        }
        return value;
    }

    static String text(byte[] a, int from, int to) {
        return new String(a, from, to - from, StandardCharsets.UTF_8);
    }
}

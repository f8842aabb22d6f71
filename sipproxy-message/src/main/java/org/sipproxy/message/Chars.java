package org.sipproxy.message;

import java.nio.charset.StandardCharsets;

/**
 * Character classes and byte-level scanning shared by all parsers of this package. Tokens, hosts and digits are those
 * of RFC 3261 §25.1. The other classes are wider than the grammar: they include every character that is not a
 * delimiter, because clients send such characters, and only delimiters decide where a part ends.
 */
final class Chars {

    private static final int TOKEN = 1;
    private static final int USER = 2;
    private static final int URI_REST = 4;
    private static final int URI_QUOTED = 8;
    private static final int VIA_VALUE = 16;
    private static final int HOST = 32;
    private static final int DIGIT = 64;
    private static final int HEX = 128;
    private static final int URI = 256;
    private static final int PARAM_VALUE = 512;

    private static final short[] CLASS = new short[256];

    static {
        String alnum = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
        mark(alnum + "-.!%*_+`'~", TOKEN);
        mark(alnum + "-._", HOST); // underscore is not in the RFC's hostname but is found in real networks
        mark("0123456789", DIGIT);
        mark("0123456789abcdefABCDEF", HEX);
        // token / host (§25.1), and what phones write into branches although they must not
        mark(alnum + "-.!%*_+`'~[]:/@=?&$#", VIA_VALUE);
        markAllBut("\"<>\\", URI);
        markAllBut("<>@:", USER);
        markAllBut("\"<>\\@", URI_REST);
        markAllBut("\"<>\\@;?,&", URI_QUOTED);
        markAllBut("\"<>\\;,", PARAM_VALUE);
    }

    private Chars() {}

    private static void mark(String chars, int bit) {
        for (int i = 0; i < chars.length(); i++) {
            CLASS[chars.charAt(i)] |= (short) bit;
        }
    }

    /** Marks printable ASCII and all bytes above it, except the delimiters and the space. */
    private static void markAllBut(String delimiters, int bit) {
        for (int b = '!'; b < CLASS.length; b++) {
            if (b != 0x7f && delimiters.indexOf(b) < 0) {
                CLASS[b] |= (short) bit;
            }
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

    /** Returns true if an unquoted value of a header parameter may hold the byte. */
    static boolean isParamValue(byte b) {
        return is(b, PARAM_VALUE);
    }

    static boolean isHost(byte b) {
        return is(b, HOST);
    }

    static boolean isHex(byte b) {
        return is(b, HEX);
    }

    /**
     * Returns true if an unquoted value of a Via parameter may hold the byte. Parentheses are excluded, because some
     * parsers take them for comments.
     */
    static boolean isViaValue(byte b) {
        return is(b, VIA_VALUE);
    }

    /** Returns true if a URI may hold the byte outside quotes. */
    static boolean isUri(byte b) {
        return is(b, URI);
    }

    /** Returns true if a user part or a password may be this text: it holds no character that ends one. */
    static boolean isUserText(byte[] a, int from, int to) {
        for (int i = from; i < to; i++) {
            if (!is(a[i], USER)) {
                return false;
            }
        }
        return true;
    }

    /** Returns true if the parameters or headers of a URI may be this text. */
    static boolean isUriRest(byte[] a, int from, int to) {
        int i = from;
        while (i < to) {
            if (a[i] == '"') {
                i = uriQuoteEnd(a, i, to);
                if (i < 0) {
                    return false;
                }
            } else if (is(a[i], URI_REST)) {
                i++;
            } else {
                return false;
            }
        }
        return true;
    }

    /** Returns true if all characters may occur in a token or a numeric address. */
    static boolean isAddressText(byte[] a, int from, int to) {
        for (int i = from; i < to; i++) {
            boolean address = isToken(a[i]) || a[i] == '[' || a[i] == ':' || a[i] == ']';
            if (!address || (a[i] == '%' && !isEscape(a, i, to))) {
                return false;
            }
        }
        return true;
    }

    /**
     * Returns the index after the closing quote of a quoted text within a URI, or -1. Quotes are not part of the URI
     * grammar, and parsers disagree on whether they hide delimiters. Therefore no delimiter may stand between them.
     */
    static int uriQuoteEnd(byte[] a, int open, int to) {
        int i = open + 1;
        while (i < to && is(a[i], URI_QUOTED)) {
            i++;
        }
        return i < to && a[i] == '"' ? i + 1 : -1;
    }

    /** Returns true if {@code %} and two hex digits are at {@code i}; any other {@code %} is a plain character. */
    static boolean isEscape(byte[] a, int i, int to) {
        return a[i] == '%' && i + 2 < to && isHex(a[i + 1]) && isHex(a[i + 2]);
    }

    /** Returns the character, 0 to 255, of the escape that begins at {@code i}. */
    static int escaped(byte[] text, int i) {
        return Character.digit(text[i + 1], 16) << 4 | Character.digit(text[i + 2], 16);
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

    /** Returns true for a letter followed by letters, digits, {@code +}, {@code -} and dots (§25.1). */
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

    /**
     * Returns true for the text between the brackets of an IPv6 reference: hex digits, dots and at least two colons.
     */
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

    /**
     * Returns true for the same followed by a zone, such as {@code fe80::1%eth0}, which is meaningful only on the host
     * that wrote it.
     */
    static boolean isScopedIpv6Text(byte[] a, int from, int to) {
        int zone = indexOf(a, from, to, '%');
        if (zone < 0) {
            return isIpv6Text(a, from, to);
        }
        for (int i = zone + 1; i < to; i++) {
            if (a[i] != '%' && !isHost(a[i])) {
                return false;
            }
        }
        return zone + 1 < to && isIpv6Text(a, from, zone);
    }

    /** Returns true if the text is not empty and holds no white space or control characters, as in a Call-ID. */
    static boolean isVisible(byte[] a, int from, int to) {
        for (int i = from; i < to; i++) {
            if ((a[i] & 0xff) <= ' ' || a[i] == 0x7f) {
                return false;
            }
        }
        return from < to;
    }

    /**
     * Returns true for linear white space. CR and LF count, because inside a header value they occur only in a fold.
     */
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

    /**
     * Returns the index after the closing quote of the quoted string that opens at {@code open}, or -1 if it is not
     * closed.
     */
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

    /**
     * Parses a non-negative decimal number of at most {@code max}. Returns -1 if the text is empty, -2 if it is not a
     * number, -3 if it is too large.
     */
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

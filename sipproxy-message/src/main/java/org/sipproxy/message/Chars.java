package org.sipproxy.message;

import java.nio.charset.StandardCharsets;

/**
 * Character classes and the byte-level scanning that all parsers here share. Tokens, hosts and digits are those of RFC 3261
 * §25.1. Elsewhere the classes are wider than the grammar: they hold whatever is not a delimiter, because clients write it and
 * nothing but delimiters decides where a part ends.
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

    /** Printable ASCII and all bytes above it, except these and the space. */
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

    /** What an unquoted value of a header parameter may hold. */
    static boolean isParamValue(byte b) {
        return is(b, PARAM_VALUE);
    }

    static boolean isHost(byte b) {
        return is(b, HOST);
    }

    static boolean isHex(byte b) {
        return is(b, HEX);
    }

    /** What a Via parameter's unquoted value may hold. Parentheses may not: to some parsers a comment starts there. */
    static boolean isViaValue(byte b) {
        return is(b, VIA_VALUE);
    }

    /** What may stand in a URI outside quotes. */
    static boolean isUri(byte b) {
        return is(b, URI);
    }

    /** True if a user part, or a password, may be this: it holds nothing that ends one. */
    static boolean isUserText(byte[] a, int from, int to) {
        for (int i = from; i < to; i++) {
            if (!is(a[i], USER)) {
                return false;
            }
        }
        return true;
    }

    /** True if parameters or headers of a URI may be this. */
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

    /** True if all of it is of the characters that a token or a numeric address may hold. */
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
     * The index behind the closing quote of a quoted text within a URI, or -1. Quotes do not belong there, and parsers disagree on
     * whether they hide delimiters, so none may stand between them.
     */
    static int uriQuoteEnd(byte[] a, int open, int to) {
        int i = open + 1;
        while (i < to && is(a[i], URI_QUOTED)) {
            i++;
        }
        return i < to && a[i] == '"' ? i + 1 : -1;
    }

    /** True if {@code %} and two hex digits stand at {@code i}; any other {@code %} is a plain character. */
    static boolean isEscape(byte[] a, int i, int to) {
        return a[i] == '%' && i + 2 < to && isHex(a[i + 1]) && isHex(a[i + 2]);
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

    /** The same with a zone behind it, such as {@code fe80::1%eth0}, which means something only to the host that wrote it. */
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

    /** Not empty, without white space and control characters: what a Call-ID is made of. */
    static boolean isVisible(byte[] a, int from, int to) {
        for (int i = from; i < to; i++) {
            if ((a[i] & 0xff) <= ' ' || a[i] == 0x7f) {
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

package org.sipproxy.api.message;

import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Header parameters: {@code *( SEMI generic-param )} of RFC 3261 §25.1, with LWS around every separator. */
final class Params {

    /** Up to this many parameters are compared with each other; more are collected in a set. */
    private static final int FEW = 8;

    private Params() {}

    /**
     * Checks the parameters that start at {@code from}.
     *
     * @return where they end: {@code to}, or the comma that separates the next element
     * @throws SipParseException if they are malformed or one is given twice
     */
    static int check(byte[] a, int from, int to) throws SipParseException {
        int i = Chars.skipLws(a, from, to);
        int count = 0;
        long seen = 0; // a bit for the length and first letter of each name
        @Nullable Set<String> names = null;
        while (i < to && a[i] == ';') {
            int nameStart = Chars.skipLws(a, i + 1, to);
            int nameEnd = Chars.tokenEnd(a, nameStart, to);
            if (nameEnd == nameStart) {
                throw SipParseException.at("parameter without a name", a, from, to);
            }
            if (count++ == FEW) {
                names = names(a, from, i);
            }
            long bit = 1L << ((nameEnd - nameStart) * 5 + Chars.lower(a[nameStart]));
            if (names != null
                    ? !names.add(Chars.text(a, nameStart, nameEnd).toLowerCase(Locale.ROOT))
                    : (seen & bit) != 0 && isNamedBefore(a, from, i, nameStart, nameEnd)) {
                throw SipParseException.at("parameter is given twice", a, from, to); // RFC 3261 §7.3.1
            }
            seen |= bit;
            i = Chars.skipLws(a, nameEnd, to);
            if (i < to && a[i] == '=') {
                i = valueEnd(a, Chars.skipLws(a, i + 1, to), to);
                i = Chars.skipLws(a, i, to);
            }
        }
        if (i < to && a[i] != ',') {
            throw SipParseException.at("text where a parameter or a comma was expected", a, i, to);
        }
        return i;
    }

    /** True if a parameter in {@code [from, to)} has the name that stands in {@code [nameStart, nameEnd)}. */
    private static boolean isNamedBefore(byte[] a, int from, int to, int nameStart, int nameEnd) {
        for (int i = Chars.skipLws(a, from, to); i < to; i = next(a, i, to)) {
            int other = Chars.skipLws(a, i + 1, to);
            if (Chars.equalsIgnoreCase(a, other, Chars.tokenEnd(a, other, to), a, nameStart, nameEnd)) {
                return true;
            }
        }
        return false;
    }

    private static Set<String> names(byte[] a, int from, int to) {
        Set<String> names = new HashSet<>();
        for (int i = Chars.skipLws(a, from, to); i < to; i = next(a, i, to)) {
            int name = Chars.skipLws(a, i + 1, to);
            names.add(Chars.text(a, name, Chars.tokenEnd(a, name, to)).toLowerCase(Locale.ROOT));
        }
        return names;
    }

    /** Where the parameter behind the one at the semicolon {@code i} starts, or {@code to}; for checked text. */
    private static int next(byte[] a, int i, int to) {
        int end = Chars.skipLws(a, Chars.tokenEnd(a, Chars.skipLws(a, i + 1, to), to), to);
        if (end < to && a[end] == '=') {
            end = Chars.skipLws(a, end + 1, to);
            end = Chars.skipLws(a, rawValueEnd(a, end, to), to);
        }
        return end;
    }

    private static int valueEnd(byte[] a, int from, int to) throws SipParseException {
        int end;
        if (from < to && a[from] == '"') {
            end = Chars.quotedEnd(a, from, to);
            if (end < 0) {
                throw SipParseException.at("quoted string does not close", a, from, to);
            }
            return end;
        }
        end = from;
        while (end < to && Chars.isParamValue(a[end])) {
            end++;
        }
        if (end == from) {
            throw SipParseException.at("parameter without a value behind its =", a, from, to);
        }
        return end;
    }

    /** Where the parameter's name starts, or -1. The text has been through {@link #check}. */
    static int find(byte[] a, int from, int to, String lowerCaseName) {
        int i = Chars.skipLws(a, from, to);
        while (i < to && a[i] == ';') {
            int nameStart = Chars.skipLws(a, i + 1, to);
            int nameEnd = Chars.tokenEnd(a, nameStart, to);
            if (Chars.equalsIgnoreCase(a, nameStart, nameEnd, lowerCaseName)) {
                return nameStart;
            }
            i = Chars.skipLws(a, nameEnd, to);
            if (i < to && a[i] == '=') {
                i = Chars.skipLws(a, i + 1, to);
                i = Chars.skipLws(a, rawValueEnd(a, i, to), to);
            }
        }
        return -1;
    }

    /** Where the value of the parameter that {@link #find} found starts, or -1 if it has none. */
    static int valueStart(byte[] a, int nameStart, int to) {
        int i = Chars.skipLws(a, Chars.tokenEnd(a, nameStart, to), to);
        return i < to && a[i] == '=' ? Chars.skipLws(a, i + 1, to) : -1;
    }

    /** Where a value ends, for text that has been through {@link #check}. */
    static int rawValueEnd(byte[] a, int from, int to) {
        if (from < to && a[from] == '"') {
            int end = Chars.quotedEnd(a, from, to);
            return end < 0 ? to : end;
        }
        int end = from;
        while (end < to && Chars.isParamValue(a[end])) {
            end++;
        }
        return end;
    }

    /** The value with quotes and escapes resolved, empty if it has none, null if the parameter is absent. */
    static @Nullable String value(byte[] a, int from, int to, String lowerCaseName) {
        int name = find(a, from, to, lowerCaseName);
        if (name < 0) {
            return null;
        }
        int start = valueStart(a, name, to);
        if (start < 0) {
            return "";
        }
        int end = rawValueEnd(a, start, to);
        return a[start] == '"' ? unquote(a, start, end) : Chars.text(a, start, end);
    }

    private static String unquote(byte[] a, int open, int end) {
        byte[] out = new byte[end - open];
        int n = 0;
        for (int i = open + 1; i < end - 1; i++) {
            if (a[i] == '\\') {
                i++;
            }
            out[n++] = a[i];
        }
        return Chars.text(out, 0, n);
    }
}

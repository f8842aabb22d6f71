package org.sipproxy.message;

import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Header parameters: {@code *( SEMI generic-param )} of RFC 3261 §25.1, with LWS around every separator. A value may be
 * empty, hold any character that is not a delimiter, or be in angle brackets, as some clients write
 * {@code +sip.instance}.
 */
final class Params {

    /**
     * Parameters that decide how a message is handled. Two different values of one of them are rejected; of any other
     * parameter the first value counts.
     */
    private static final String[] DECISIVE = {
        "tag", "branch", "received", "rport", "maddr", "ttl", "expires", "q", "reg-id", "+sip.instance", "methods"
    };

    /** The indexes in {@link #DECISIVE} of the names that have the length of the index. */
    private static final int[][] OF_LENGTH = IntStream.rangeClosed(0, "+sip.instance".length())
            .mapToObj(length -> IntStream.range(0, DECISIVE.length)
                    .filter(i -> DECISIVE[i].length() == length)
                    .toArray())
            .toArray(int[][]::new);

    private Params() {}

    /**
     * Checks the parameters that start at {@code from}.
     *
     * @return where they end: {@code to}, or the comma before the next element
     * @throws SipParseException if they are malformed, or a {@link #DECISIVE} parameter has two values
     */
    static int check(byte[] a, int from, int to) throws SipParseException {
        return check(a, from, to, null);
    }

    /** Receives the parameters that are checked, in their order. */
    interface Reader {

        /**
         * Receives one parameter.
         *
         * @param value start of the value, -1 if there is none
         * @param valueEnd end of the value, -1 if there is none
         */
        void read(byte[] a, int name, int nameEnd, int value, int valueEnd) throws SipParseException;
    }

    /** Checks the parameters and passes each one to {@code reader}. */
    static int check(byte[] a, int from, int to, @Nullable Reader reader) throws SipParseException {
        int i = Chars.skipLws(a, from, to);
        int first = i;
        int decided = 0; // a bit for each of DECISIVE that was read
        while (i < to && a[i] == ';') {
            int nameStart = Chars.skipLws(a, i + 1, to);
            int nameEnd = Chars.tokenEnd(a, nameStart, to);
            if (nameEnd == nameStart) {
                throw SipParseException.at("parameter without a name", a, from, to);
            }
            i = Chars.skipLws(a, nameEnd, to);
            int value = to;
            int valueEnd = to;
            boolean hasValue = i < to && a[i] == '=';
            if (hasValue) {
                value = Chars.skipLws(a, i + 1, to);
                valueEnd = valueEnd(a, value, to);
                i = Chars.skipLws(a, valueEnd, to);
            }
            if (reader != null) {
                reader.read(a, nameStart, nameEnd, hasValue ? value : -1, hasValue ? valueEnd : -1);
            }
            int which = decisive(a, nameStart, nameEnd);
            if (which >= 0) {
                int again = 1 << which + DECISIVE.length; // a third one is not compared, which bounds the work
                if ((decided & again) != 0
                        || ((decided & 1 << which) != 0
                                && !isValueOf(a, find(a, first, to, DECISIVE[which]), to, value, valueEnd))) {
                    throw SipParseException.at("parameter is given twice", a, from, to); // RFC 3261 §7.3.1
                }
                decided |= (decided & 1 << which) != 0 ? again : 1 << which;
            }
        }
        if (i < to && a[i] != ',') {
            throw SipParseException.at("text where a parameter or a comma was expected", a, i, to);
        }
        return i;
    }

    /** Returns the index in {@link #DECISIVE} of the name in {@code [from, to)}, or -1. */
    private static int decisive(byte[] a, int from, int to) {
        int length = to - from;
        if (length < OF_LENGTH.length) {
            for (int i : OF_LENGTH[length]) {
                if (Chars.equalsIgnoreCase(a, from, to, DECISIVE[i])) {
                    return i;
                }
            }
        }
        return -1;
    }

    /** Returns true if the parameter at {@code name} has the value in {@code [value, valueEnd)}. */
    private static boolean isValueOf(byte[] a, int name, int to, int value, int valueEnd) {
        int other = valueStart(a, name, to);
        return other < 0
                ? value == valueEnd
                : java.util.Arrays.equals(a, other, rawValueEnd(a, other, to), a, value, valueEnd);
    }

    private static int valueEnd(byte[] a, int from, int to) throws SipParseException {
        int end = rawValueEnd(a, from, to);
        if (end < 0) {
            throw SipParseException.at("quoted string does not close", a, from, to);
        }
        return end;
    }

    /** Returns where the parameter's name starts, or -1. The text must have passed {@link #check}. */
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

    /** Returns where the value of the parameter that {@link #find} found starts, or -1 if it has none. */
    static int valueStart(byte[] a, int nameStart, int to) {
        int i = Chars.skipLws(a, Chars.tokenEnd(a, nameStart, to), to);
        return i < to && a[i] == '=' ? Chars.skipLws(a, i + 1, to) : -1;
    }

    /** Returns where the value that starts at {@code from} ends, or -1 if its quote or bracket is not closed. */
    static int rawValueEnd(byte[] a, int from, int to) {
        if (from < to && a[from] == '"') {
            return Chars.quotedEnd(a, from, to);
        }
        boolean bracket = from < to && a[from] == '<';
        int end = bracket ? from + 1 : from;
        while (end < to && Chars.isParamValue(a[end])) {
            end++;
        }
        return bracket ? (end < to && a[end] == '>' ? end + 1 : -1) : end;
    }

    /**
     * Returns true if the parameter is present with a value that is not empty. The text must have passed
     * {@link #check}.
     */
    static boolean hasValue(byte[] a, int from, int to, String lowerCaseName) {
        int name = find(a, from, to, lowerCaseName);
        int start = name < 0 ? -1 : valueStart(a, name, to);
        return start >= 0 && rawValueEnd(a, start, to) - start > (start < to && a[start] == '"' ? 2 : 0);
    }

    /** Returns the value without quotes and escapes; empty if it has none, null if the parameter is absent. */
    static @Nullable String value(byte[] a, int from, int to, String lowerCaseName) {
        int name = find(a, from, to, lowerCaseName);
        if (name < 0) {
            return null;
        }
        int start = valueStart(a, name, to);
        int end = start < 0 ? -1 : rawValueEnd(a, start, to);
        if (end <= start) {
            return "";
        }
        return a[start] == '"' ? unquote(a, start, end) : Chars.text(a, start, end);
    }

    /** Returns the text between the quotes at {@code open} and before {@code end}, without escapes (RFC 3261 §25.1). */
    static String unquote(byte[] a, int open, int end) {
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

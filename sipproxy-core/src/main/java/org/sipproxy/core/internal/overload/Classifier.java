package org.sipproxy.core.internal.overload;

import java.util.function.LongPredicate;
import org.sipproxy.api.support.KeyedHash;

/**
 * Classifies a message by its first bytes, before it is parsed: the start line, and the header lines up to To. Allocates
 * nothing. A message that it cannot read is classified as one that starts something; the parser reports the defect.
 */
final class Classifier {

    /** To is looked for in the first bytes only, so that a long message costs no more than others. */
    private static final int HEAD = 4_096;

    private static final KeyedHash KEY = KeyedHash.random();

    private Classifier() {}

    /**
     * Returns the priority of a message.
     *
     * @param isRegistered whether the user with this hash is registered; see {@link #userHash}
     */
    static Priority classify(byte[] a, LongPredicate isRegistered) {
        int length = Math.min(a.length, HEAD);
        int method = methodEnd(a, length);
        if (isToken(a, method, "SIP/2.0") || isToken(a, method, "ACK") || isToken(a, method, "CANCEL")) {
            return Priority.ESTABLISHED;
        }
        int to = toValue(a, length);
        int end = to < 0 ? -1 : lineEnd(a, to, length);
        if (to >= 0 && hasTag(a, to, end)) {
            return Priority.ESTABLISHED;
        }
        if (isToken(a, method, "INVITE")) {
            return Priority.INVITE;
        }
        boolean refreshes = to >= 0 && isToken(a, method, "REGISTER") && isRegistered.test(userHash(a, to, end));
        return refreshes ? Priority.REFRESH : Priority.OTHER;
    }

    private static int methodEnd(byte[] a, int length) {
        int i = 0;
        while (i < length && a[i] > ' ') {
            i++;
        }
        return i;
    }

    private static boolean isToken(byte[] a, int end, String token) {
        if (end != token.length()) {
            return false;
        }
        for (int i = 0; i < end; i++) {
            if (a[i] != token.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Returns where the value of To begins; −1 if To is not found. */
    private static int toValue(byte[] a, int length) {
        int i = 0;
        while (i < length) {
            while (i < length && a[i] != '\n') {
                i++;
            }
            int name = i + 1;
            if (name + 2 >= length || a[name] == '\r' || a[name] == '\n') {
                return -1; // the end of the headers
            }
            int end = nameEndOfTo(a, name);
            while (end > 0 && end < length && (a[end] == ' ' || a[end] == '\t')) {
                end++;
            }
            if (end > 0 && end < length && a[end] == ':') {
                return end + 1;
            }
            i = name;
        }
        return -1;
    }

    /** Returns the end of the name To or t; 0 if the line has another name. */
    private static int nameEndOfTo(byte[] a, int at) {
        if ((a[at] | 0x20) != 't') {
            return 0;
        }
        return (a[at + 1] | 0x20) == 'o' ? at + 2 : at + 1;
    }

    /** Returns the end of the header value at {@code from}, which may be folded (RFC 3261 §7.3.1). */
    private static int lineEnd(byte[] a, int from, int length) {
        int i = from;
        while (i < length) {
            if (a[i] == '\n' && (i + 1 >= length || (a[i + 1] != ' ' && a[i + 1] != '\t'))) {
                return i;
            }
            i++;
        }
        return length;
    }

    /** Returns true if the header value has a tag parameter. Quoted text and the URI in brackets do not count. */
    private static boolean hasTag(byte[] a, int from, int to) {
        int i = afterAddress(a, from, to);
        while (i < to) {
            if (a[i++] != ';') {
                continue;
            }
            while (i < to && a[i] <= ' ') {
                i++;
            }
            if (i + 3 < to && (a[i] | 0x20) == 't' && (a[i + 1] | 0x20) == 'a' && (a[i + 2] | 0x20) == 'g') {
                int end = i + 3;
                while (end < to && a[end] <= ' ') {
                    end++;
                }
                if (end < to && a[end] == '=') {
                    return true;
                }
            }
        }
        return false;
    }

    /** Returns the position after the closing bracket; {@code from} for an address without brackets. */
    private static int afterAddress(byte[] a, int from, int to) {
        int open = openingBracket(a, from, to);
        if (open < 0) {
            return from;
        }
        int i = open;
        while (i < to && a[i] != '>') {
            i++;
        }
        return i;
    }

    private static int openingBracket(byte[] a, int from, int to) {
        boolean quoted = false;
        for (int i = from; i < to; i++) {
            if (quoted && a[i] == '\\') {
                i++;
            } else if (a[i] == '"') {
                quoted = !quoted;
            } else if (a[i] == '<' && !quoted) {
                return i;
            }
        }
        return -1;
    }

    /**
     * Returns a hash of user and host of an address in {@code [from, to)}, without scheme, port and parameters. Case is
     * ignored. Two users may share a hash.
     */
    static long userHash(byte[] a, int from, int to) {
        int open = openingBracket(a, from, to);
        int start = open < 0 ? from : open + 1;
        int scheme = start;
        while (scheme < to && a[scheme] != ':') {
            scheme++;
        }
        long h = 1;
        boolean host = false;
        for (int i = scheme + 1; i < to; i++) {
            byte b = a[i];
            if (b == '>' || b == ';' || b == '?' || b <= ' ' || (host && b == ':')) {
                break;
            }
            host |= b == '@';
            h = h * 0x100000001b3L + (b >= 'A' && b <= 'Z' ? b + 32 : b);
        }
        return KEY.hash(h, NOTHING, 0, 0);
    }

    private static final byte[] NOTHING = {};
}

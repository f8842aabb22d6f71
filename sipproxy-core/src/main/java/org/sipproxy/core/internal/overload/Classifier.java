package org.sipproxy.core.internal.overload;

import java.util.function.LongPredicate;
import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.core.internal.codec.HeaderText;

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
        int to = value(a, length, "to", 't');
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

    /** Returns true for an ACK. */
    static boolean isAck(byte[] a) {
        return a.length > 3 && a[0] == 'A' && a[1] == 'C' && a[2] == 'K' && a[3] == ' ';
    }

    /** Returns true for a CANCEL. */
    static boolean isCancel(byte[] a) {
        return isToken(a, methodEnd(a, Math.min(a.length, HEAD)), "CANCEL");
    }

    /** Returns a hash of the Call-ID, which a CANCEL has in common with its INVITE; of an empty text without one. */
    static long callHash(byte[] a) {
        int length = Math.min(a.length, HEAD);
        int from = value(a, length, "call-id", 'i');
        int to = from < 0 ? -1 : lineEnd(a, from, length);
        while (from < to && a[from] <= ' ') {
            from++;
        }
        while (from < to && a[to - 1] <= ' ') {
            to--;
        }
        return from < 0 ? KEY.hash(NOTHING, 0, 0) : KEY.hash(a, from, to);
    }

    /** Returns where the value of the first header with this name begins; −1 if there is none. */
    private static int value(byte[] a, int length, String name, char compact) {
        int i = 0;
        while (i < length) {
            while (i < length && a[i] != '\n') {
                i++;
            }
            int start = i + 1;
            if (start + 2 >= length || a[start] == '\r' || a[start] == '\n') {
                return -1; // the end of the headers
            }
            int end = nameEnd(a, start, length, name, compact);
            while (end > 0 && end < length && (a[end] == ' ' || a[end] == '\t')) {
                end++;
            }
            if (end > 0 && end < length && a[end] == ':') {
                return end + 1;
            }
            i = start;
        }
        return -1;
    }

    /** Returns the end of a header name in full, in lower case, or compact form; 0 if the line has another name. */
    private static int nameEnd(byte[] a, int at, int length, String name, char compact) {
        if (at + name.length() < length) {
            int i = 0;
            while (i < name.length() && lower(a[at + i]) == name.charAt(i)) {
                i++;
            }
            if (i == name.length()) {
                return at + i;
            }
        }
        return lower(a[at]) == compact ? at + 1 : 0;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
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
        int open = HeaderText.openingBracket(a, from, to);
        if (open < 0) {
            return from;
        }
        int i = open;
        while (i < to && a[i] != '>') {
            i++;
        }
        return i;
    }

    /**
     * Returns a hash of user and host of an address in {@code [from, to)}, without scheme, port and parameters. Case is
     * ignored. Two users may share a hash.
     */
    static long userHash(byte[] a, int from, int to) {
        int open = HeaderText.openingBracket(a, from, to);
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

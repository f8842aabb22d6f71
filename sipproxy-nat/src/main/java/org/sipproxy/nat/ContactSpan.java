package org.sipproxy.nat;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.SipMessage;

/**
 * Where the first Contact URI of a message lies, found by one scan. It trusts nothing: a response's Contact has not been
 * checked by anybody.
 *
 * @param uriStart where the URI starts
 * @param uriEnd where it ends
 * @param hostStart where its host starts
 * @param hostEnd where its host ends
 * @param port its port, -1 if none is written
 * @param addressEnd where host and port end
 * @param headersStart where the {@code ?} of its header fields stands, or {@code uriEnd}
 * @param bracketed true if it stands between angle brackets
 */
record ContactSpan(
        int uriStart,
        int uriEnd,
        int hostStart,
        int hostEnd,
        int port,
        int addressEnd,
        int headersStart,
        boolean bracketed) {

    /** The span, or null if there is no Contact, or its first element is a star, no SIP URI, or malformed. */
    static @Nullable ContactSpan of(SipMessage message) {
        int line = message.firstHeader(HeaderName.CONTACT);
        if (line < 0) {
            return null;
        }
        byte[] a = message.wire();
        int from = message.valueStart(line);
        int end = message.valueEnd(line);
        int open = openBracket(a, from, end);
        if (open >= 0) {
            int close = indexOf(a, open + 1, end, '>');
            return close < 0 ? null : uri(a, open + 1, close, true);
        }
        int bareEnd = from;
        while (bareEnd < end && a[bareEnd] > ' ' && a[bareEnd] != ';' && a[bareEnd] != ',') {
            bareEnd++;
        }
        return uri(a, from, bareEnd, false);
    }

    /** Where the bracket behind the display name is, or -1 if the address stands without one. */
    private static int openBracket(byte[] a, int from, int end) {
        int i = from;
        if (i < end && a[i] == '"') {
            i++;
            while (i < end && a[i] != '"') {
                i += a[i] == '\\' ? 2 : 1;
            }
            i++;
        }
        while (i < end && a[i] != '<') {
            if (a[i] == ',' || a[i] == ';' || a[i] == ':') {
                return -1;
            }
            i++;
        }
        return i < end ? i : -1;
    }

    private static @Nullable ContactSpan uri(byte[] a, int from, int to, boolean bracketed) {
        int scheme = indexOf(a, from, to, ':');
        if (scheme < 0 || !isSip(a, from, scheme)) {
            return null;
        }
        int at = indexOf(a, scheme + 1, to, '@');
        int hostStart = at < 0 ? scheme + 1 : at + 1;
        int i = hostStart;
        if (i < to && a[i] == '[') {
            i = indexOf(a, i, to, ']') + 1;
            if (i == 0) {
                return null;
            }
        } else {
            while (i < to && a[i] != ':' && a[i] != ';' && a[i] != '?') {
                i++;
            }
        }
        int hostEnd = i;
        int port = -1;
        if (i < to && a[i] == ':') {
            port = 0;
            for (i++; i < to && a[i] >= '0' && a[i] <= '9' && port <= 65_535; i++) {
                port = port * 10 + (a[i] - '0');
            }
        }
        if (hostEnd == hostStart || port > 65_535) {
            return null;
        }
        int headers = indexOf(a, i, to, '?');
        return new ContactSpan(from, to, hostStart, hostEnd, port, i, headers < 0 ? to : headers, bracketed);
    }

    private static boolean isSip(byte[] a, int from, int to) {
        int length = to - from;
        return (length == 3 || (length == 4 && (a[from + 3] | 0x20) == 's'))
                && (a[from] | 0x20) == 's'
                && (a[from + 1] | 0x20) == 'i'
                && (a[from + 2] | 0x20) == 'p';
    }

    private static int indexOf(byte[] a, int from, int to, char c) {
        for (int i = from; i < to; i++) {
            if (a[i] == c) {
                return i;
            }
        }
        return -1;
    }
}

package org.sipproxy.message;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/** Comparison of two URIs according to RFC 3261 §19.1.4; see {@link SipUri#isEquivalentTo}. */
final class UriEquivalence {

    /** Reserved characters of RFC 3261 §25.1. */
    private static final String RESERVED = ";/?:@&=+$,";

    private UriEquivalence() {}

    static boolean areEquivalent(SipUri x, SipUri y) {
        if (x.sip != y.sip || x.secure != y.secure) {
            return false;
        }
        if (!x.sip) {
            return Chars.equalsIgnoreCase(x.a, x.start, x.schemeEnd, y.a, y.start, y.schemeEnd)
                    && Chars.text(x.a, x.schemeEnd, x.end).equals(Chars.text(y.a, y.schemeEnd, y.end));
        }
        return x.port == y.port
                && sameHost(x, y)
                && sameUserInfo(x, y)
                && paramsAgree(x, y)
                && paramsAgree(y, x)
                && sameHeaders(x, y);
    }

    private static boolean sameHost(SipUri x, SipUri y) {
        return Chars.equalsIgnoreCase(x.a, x.hostStart, x.hostEnd, y.a, y.hostStart, y.hostEnd)
                || x.normalHost().equals(y.normalHost());
    }

    private static boolean sameUserInfo(SipUri x, SipUri y) {
        if (x.hasUser() != y.hasUser()) {
            return false;
        }
        return !x.hasUser() || sameText(x.a, x.schemeEnd + 1, x.hostStart, y.a, y.schemeEnd + 1, y.hostStart, false);
    }

    /** Compares two texts. An escape equals its character, unless that is a reserved one (RFC 3261 §19.1.4). */
    static boolean sameText(byte[] x, int xFrom, int xTo, byte[] y, int yFrom, int yTo, boolean ignoreCase) {
        int i = xFrom;
        int j = yFrom;
        while (i < xTo && j < yTo) {
            int c = charAt(x, i, xTo);
            int d = charAt(y, j, yTo);
            if (c != d && !(ignoreCase && c < 128 && d < 128 && Chars.lower((byte) c) == Chars.lower((byte) d))) {
                return false;
            }
            i += Chars.isEscape(x, i, xTo) ? 3 : 1;
            j += Chars.isEscape(y, j, yTo) ? 3 : 1;
        }
        return i == xTo && j == yTo;
    }

    /**
     * Returns the character at {@code i}, written or escaped. An escaped reserved character differs from all plain
     * ones.
     */
    private static int charAt(byte[] text, int i, int to) {
        if (!Chars.isEscape(text, i, to)) {
            return text[i] & 0xff;
        }
        int c = Chars.escaped(text, i);
        return RESERVED.indexOf(c) >= 0 ? c + 256 : c;
    }

    private static boolean paramsAgree(SipUri x, SipUri y) {
        int i = x.firstParam();
        while (i < x.paramsEnd) {
            int from = i + 1;
            int to = x.paramEnd(from);
            int nameEnd = SipUri.nameEnd(x.a, from, to);
            int other = paramNamedAs(x.a, from, nameEnd, y);
            if (other == SipUri.ABSENT) {
                if (SipUri.inBoth(x.a, from, nameEnd) >= 0) {
                    return false;
                }
            } else {
                int otherEnd = y.paramEnd(other);
                int otherNameEnd = SipUri.nameEnd(y.a, other, otherEnd);
                // a parameter without a value compares as one with an empty value
                if (!sameText(
                        x.a,
                        Math.min(nameEnd + 1, to),
                        to,
                        y.a,
                        Math.min(otherNameEnd + 1, otherEnd),
                        otherEnd,
                        true)) {
                    return false;
                }
            }
            i = to;
        }
        return true;
    }

    /** Returns where the URI's parameter begins whose name is that in {@code [from, to)} of {@code x}. */
    private static int paramNamedAs(byte[] x, int from, int to, SipUri uri) {
        int i = uri.firstParam();
        while (i < uri.paramsEnd) {
            int end = uri.paramEnd(i + 1);
            if (sameText(x, from, to, uri.a, i + 1, SipUri.nameEnd(uri.a, i + 1, end), true)) {
                return i + 1;
            }
            i = end;
        }
        return SipUri.ABSENT;
    }

    private static boolean sameHeaders(SipUri x, SipUri y) {
        if (x.hasHeaders() != y.hasHeaders()) {
            return false;
        }
        return !x.hasHeaders() || headers(x).equals(headers(y));
    }

    /** Returns the headers in a form and order that are the same for equivalent ones. */
    private static List<String> headers(SipUri uri) {
        List<String> headers = new ArrayList<>();
        int from = uri.paramsEnd + 1;
        while (from <= uri.end) {
            int amp = Chars.indexOf(uri.a, from, uri.end, '&');
            int to = amp < 0 ? uri.end : amp;
            int nameEnd = SipUri.nameEnd(uri.a, from, to);
            headers.add(canonical(uri.a, from, nameEnd).toLowerCase(Locale.ROOT) + "="
                    + canonical(uri.a, Math.min(nameEnd + 1, to), to));
            from = to + 1;
        }
        Collections.sort(headers);
        return headers;
    }

    /** Returns the text in a form that is the same for all texts that {@link #sameText} considers equal. */
    private static String canonical(byte[] text, int from, int to) {
        StringBuilder out = new StringBuilder(to - from);
        for (int i = from; i < to; i += Chars.isEscape(text, i, to) ? 3 : 1) {
            out.append((char) charAt(text, i, to));
        }
        return out.toString();
    }
}

package org.sipproxy.nat;

import java.io.ByteArrayOutputStream;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** Removal of parameters from the text of a SIP URI. */
final class UriText {

    private UriText() {}

    /** Returns the URI without these parameters; the rest is unchanged. */
    static SipUri without(SipUri uri, String... lowerCaseNames) {
        byte[] a = uri.toBytes();
        byte[] left = without(a, firstParameter(a), a.length, lowerCaseNames);
        try {
            return SipUri.parse(left, 0, left.length);
        } catch (SipParseException e) {
            throw new IllegalStateException("a URI without a parameter is a URI", e);
        }
    }

    /** Returns {@code [0, to)} without these parameters; the first parameter's semicolon is at {@code from}. */
    private static byte[] without(byte[] a, int from, int to, String... lowerCaseNames) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(to);
        out.write(a, 0, from);
        int i = from;
        while (i < to && a[i] == ';') {
            int end = i + 1;
            while (end < to && a[end] != ';' && a[end] != '?') {
                end++;
            }
            if (!isNamed(a, i + 1, end, lowerCaseNames)) {
                out.write(a, i, end - i);
            }
            i = end;
        }
        out.write(a, i, to - i);
        return out.toByteArray();
    }

    /** Returns true if the parameter in {@code [from, to)} has one of these names. */
    static boolean isNamed(byte[] a, int from, int to, String... lowerCaseNames) {
        for (String name : lowerCaseNames) {
            int nameEnd = from + name.length();
            if (nameEnd == to || (nameEnd < to && a[nameEnd] == '=')) {
                int i = 0;
                while (i < name.length() && lower(a[from + i]) == name.charAt(i)) {
                    i++;
                }
                if (i == name.length()) {
                    return true;
                }
            }
        }
        return false;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
    }

    /**
     * Returns where the first parameter starts. The search starts after the user part, which may contain semicolons.
     */
    private static int firstParameter(byte[] a) {
        int i = 0;
        while (i < a.length && a[i] != '@') {
            i++;
        }
        if (i == a.length) {
            i = 0;
        }
        while (i < a.length && a[i] != ';' && a[i] != '?') {
            i++;
        }
        return i;
    }
}

package org.sipproxy.security;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.wire.MessageIndex;

/** Texts by which common scanning tools identify themselves in User-Agent in their default settings. */
final class ScannerSigns {

    /** In lower case. Found anywhere in the header; one shorter than seven characters only as a whole word. */
    static final List<String> USUAL = List.of(
            "friendly-scanner",
            "friendly-request",
            "sipvicious",
            "sipcli",
            "sip-scan",
            "sipscan",
            "sundayddr",
            "vaxsipuseragent",
            "vaxasip",
            "pplsip",
            "iwar",
            "sivus",
            "smap",
            "sipptk");

    /** A shorter sign must be a whole word, so that it does not match part of a vendor's name. */
    private static final int SHORTEST_WITHIN_A_WORD = 7;

    private final byte[][] signs;
    /**
     * By two bytes: true if a sign begins with them, ignoring case. Skips nearly all positions of a header with one
     * look-up.
     */
    private final boolean[] begins = new boolean[65_536];

    ScannerSigns(List<String> names) {
        this.signs = names.stream()
                .map(name -> name.toLowerCase(Locale.ROOT).getBytes(StandardCharsets.UTF_8))
                .filter(sign -> sign.length > 1)
                .toArray(byte[][]::new);
        for (byte[] sign : signs) {
            begins[pair(sign[0], sign[1])] = true;
            begins[pair(upper(sign[0]), sign[1])] = true;
            begins[pair(sign[0], upper(sign[1]))] = true;
            begins[pair(upper(sign[0]), upper(sign[1]))] = true;
        }
    }

    private static int pair(int first, int second) {
        return (first & 0xff) << 8 | second & 0xff;
    }

    /** Returns the sign in any of a request's User-Agent lines; null if there is none. */
    @Nullable
    String find(SipRequest request) {
        int line = request.firstHeader(HeaderName.USER_AGENT);
        while (line >= 0) {
            String sign = find(
                    request.index(),
                    request.index().valueStart(line),
                    request.index().valueEnd(line));
            if (sign != null) {
                return sign;
            }
            line = request.nextHeader(HeaderName.USER_AGENT, line);
        }
        return null;
    }

    private @Nullable String find(MessageIndex a, int from, int to) {
        for (int at = from; at + 1 < to; at++) {
            if (begins[pair(a.byteAt(at), a.byteAt(at + 1))]) {
                for (byte[] sign : signs) {
                    if (isAt(a, from, to, at, sign)) {
                        return new String(sign, StandardCharsets.UTF_8);
                    }
                }
            }
        }
        return null;
    }

    private static boolean isAt(MessageIndex a, int from, int to, int at, byte[] lowerCase) {
        int end = at + lowerCase.length;
        if (end > to) {
            return false;
        }
        for (int i = 0; i < lowerCase.length; i++) {
            if (lower(a.byteAt(at + i)) != lowerCase[i]) {
                return false;
            }
        }
        return lowerCase.length >= SHORTEST_WITHIN_A_WORD
                || ((at == from || !isLetter(a.byteAt(at - 1))) && (end == to || !isLetter(a.byteAt(end))));
    }

    private static boolean isLetter(byte b) {
        int c = lower(b);
        return c >= 'a' && c <= 'z';
    }

    private static int upper(int c) {
        return c >= 'a' && c <= 'z' ? c - 32 : c;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
    }
}

package org.sipproxy.security;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.SipRequest;

/** What the usual scanning tools call themselves in User-Agent, unless their user was told better. */
final class ScannerSigns {

    /** In lower case; found anywhere in the header. */
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

    private final List<String> names;
    private final byte[][] signs;

    ScannerSigns(List<String> names) {
        this.names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).toList();
        this.signs = this.names.stream()
                .map(name -> name.getBytes(StandardCharsets.UTF_8))
                .toArray(byte[][]::new);
    }

    /** The sign that a request bears; null if none. */
    @Nullable
    String find(SipRequest request) {
        int line = request.firstHeader(HeaderName.USER_AGENT);
        if (line < 0) {
            return null;
        }
        byte[] wire = request.wire();
        int from = request.valueStart(line);
        int to = request.valueEnd(line);
        for (int i = 0; i < signs.length; i++) {
            if (contains(wire, from, to, signs[i])) {
                return names.get(i);
            }
        }
        return null;
    }

    private static boolean contains(byte[] a, int from, int to, byte[] lowerCase) {
        for (int i = from; i <= to - lowerCase.length; i++) {
            int j = 0;
            while (j < lowerCase.length && lower(a[i + j]) == lowerCase[j]) {
                j++;
            }
            if (j == lowerCase.length) {
                return true;
            }
        }
        return false;
    }

    private static int lower(byte b) {
        return b >= 'A' && b <= 'Z' ? b + 32 : b;
    }
}

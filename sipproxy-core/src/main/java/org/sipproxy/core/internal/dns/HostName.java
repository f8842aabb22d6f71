package org.sipproxy.core.internal.dns;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What may be asked of the DNS: a host name in the one spelling that lookups use as their key. */
final class HostName {

    private static final int MAX_NAME = 253;
    private static final int MAX_LABEL = 63;

    private HostName() {}

    /**
     * The name in lower case and without a dot at its end; null if no host can have it (RFC 1035 §2.3.4, RFC 3261 §25.1).
     *
     * <p>A last label of digits, as in {@code 10.0.0.256}, is a mistyped address: no such domain can exist (RFC 3696 §2).
     */
    static @Nullable String canonical(String text) {
        int end = text.endsWith(".") ? text.length() - 1 : text.length();
        if (end == 0 || end > MAX_NAME) {
            return null;
        }
        int label = 0;
        boolean digits = true;
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c == '.') {
                if (i == label || i - label > MAX_LABEL) {
                    return null;
                }
                label = i + 1;
                digits = true;
            } else if (isNameCharacter(c)) {
                digits &= c >= '0' && c <= '9';
            } else {
                return null;
            }
        }
        if (end == label || end - label > MAX_LABEL || digits) {
            return null;
        }
        return text.substring(0, end).toLowerCase(Locale.ROOT);
    }

    /** The underscore is not in the RFC's hostname but in real networks, and in every SRV name. */
    private static boolean isNameCharacter(char c) {
        return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_';
    }
}

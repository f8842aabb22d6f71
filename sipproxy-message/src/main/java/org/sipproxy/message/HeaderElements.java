package org.sipproxy.message;

import java.util.Set;

/** Positions of the elements of a header's value: several in a list header (RFC 3261 §7.3.1), one in any other. */
final class HeaderElements {

    /**
     * Comma-separated list headers. They are listed by name, because headers that are not {@link HeaderName} constants
     * have no number.
     */
    private static final Set<String> COMMA_LISTS = Set.of(
            "via",
            "contact",
            "route",
            "record-route",
            "path",
            "service-route",
            "history-info",
            "diversion",
            "accept",
            "accept-encoding",
            "accept-language",
            "alert-info",
            "allow",
            "allow-events",
            "call-info",
            "content-encoding",
            "content-language",
            "error-info",
            "in-reply-to",
            "proxy-require",
            "require",
            "supported",
            "unsupported",
            "warning",
            "reason",
            "p-asserted-identity",
            "p-preferred-identity",
            "p-associated-uri",
            "p-visited-network-id",
            "p-media-authorization",
            "security-client",
            "security-server",
            "security-verify");

    private static final Set<String> ADDRESSES = Set.of(
            "from",
            "to",
            "contact",
            "route",
            "record-route",
            "path",
            "service-route",
            "refer-to",
            "referred-by",
            "reply-to",
            "p-asserted-identity",
            "p-preferred-identity");

    private HeaderElements() {}

    /** Returns the character between elements, or 0 for a header with a single element. */
    static char separator(HeaderName name) {
        if (COMMA_LISTS.contains(name.lowerCase())) {
            return ',';
        }
        return name.equals(HeaderName.PRIVACY) ? ';' : 0;
    }

    /**
     * Returns true if each element is a name-addr or addr-spec with parameters, which {@link NameAddress} can check.
     */
    static boolean isAddress(HeaderName name) {
        return ADDRESSES.contains(name.lowerCase());
    }

    /**
     * Returns the end of the element that starts at {@code from}, or {@code to}. An address ends where
     * {@link NameAddress} says, any other element at a separator outside quotes and angle brackets.
     */
    static int end(HeaderName name, byte[] a, int from, int to) {
        char separator = separator(name);
        if (separator == 0) {
            return to;
        }
        if (isAddress(name)) {
            try {
                return NameAddress.check(a, from, to);
            } catch (SipParseException e) {
                // not an address: split like any list
            }
        }
        return end(a, from, to, separator);
    }

    private static int end(byte[] a, int from, int to, char separator) {
        boolean bracket = false;
        int i = from;
        while (i < to) {
            byte b = a[i];
            if (bracket) {
                bracket = b != '>';
            } else if (b == '"') {
                int close = Chars.quotedEnd(a, i, to);
                if (close < 0) {
                    return to;
                }
                i = close;
                continue;
            } else if (b == '<') {
                bracket = true;
            } else if (b == separator) {
                return i;
            }
            i++;
        }
        return to;
    }
}

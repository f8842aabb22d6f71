package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * Check that the 2xx of an INVITE starts a call that can be acknowledged and ended through this proxy. Its To becomes
 * the To of every further request, and its first Contact their Request-URI (RFC 3261 §12.1.2). If one of them cannot be
 * parsed, this proxy would refuse those requests, so the 2xx is not forwarded: a failed call is better than one that
 * cannot be ended. The callee ends the call when the ACK does not arrive (§13.3.1.4).
 */
final class DialogResponse {

    private DialogResponse() {}

    /** Returns what makes the 2xx unusable; null if it is usable. */
    static @Nullable String defect(SipResponse response) {
        try {
            response.to();
            int line = response.firstHeader(HeaderName.CONTACT);
            if (line >= 0) {
                checkUri(response.index()
                        .copy(
                                response.index().valueStart(line),
                                response.index().valueEnd(line)));
            }
            return null;
        } catch (SipParseException e) {
            return "no request can follow the 2xx: " + e.getMessage();
        }
    }

    /** Checks only the URI; the text around it is for the caller to parse (§16.3 step 1). */
    private static void checkUri(byte[] a) throws SipParseException {
        int to = a.length;
        if (to == 0) {
            return;
        }
        int open = openBracket(a, 0, to);
        int start = open < 0 ? 0 : open + 1;
        int end = start;
        while (end < to && !(open < 0 ? endsBareUri(a[end]) : a[end] == '>')) {
            end++;
        }
        if (open >= 0 && end == to) {
            throw new SipParseException(StatusCode.BAD_GATEWAY, "Contact has no closing >");
        }
        while (start < end && a[start] <= ' ' && a[start] >= 0) {
            start++;
        }
        while (end > start && a[end - 1] <= ' ' && a[end - 1] >= 0) {
            end--;
        }
        SipUri.parse(a, start, end);
    }

    private static boolean endsBareUri(byte b) {
        return b == ';' || b == ',' || b == ' ' || b == '\t';
    }

    /** Returns the position of the first unquoted opening bracket; -1 if there is none. */
    private static int openBracket(byte[] a, int from, int to) {
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
}

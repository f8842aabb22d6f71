package org.sipproxy.core.internal.forwarding;

import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.codec.HeaderText;
import org.sipproxy.core.internal.pipeline.MessageSanity;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;

/**
 * Check that the 2xx of an INVITE starts a call that can be acknowledged and ended through this proxy. Its To becomes
 * the To of every further request, and its first Contact their Request-URI (RFC 3261 §12.1.2). If one of them cannot be
 * parsed, this proxy would refuse those requests; if the Contact is not a SIP URI (§8.1.1.8) and no proxy nearer to the
 * callee is in the route set, it could not send them anywhere. Such a 2xx is not forwarded: a failed call is better
 * than one that cannot be ended. The callee ends the call when the ACK does not arrive (§13.3.1.4).
 */
final class DialogResponse {

    private DialogResponse() {}

    /**
     * Returns what makes the 2xx unusable; null if it is usable.
     *
     * @param isMyself true for a URI that names this proxy
     */
    static @Nullable String defect(SipResponse response, Predicate<SipUri> isMyself) {
        String malformed = MessageSanity.defect(response);
        if (malformed != null) {
            return "the 2xx is malformed: " + malformed;
        }
        try {
            response.to();
            int line = response.firstHeader(HeaderName.CONTACT);
            if (line >= 0) {
                SipUri contact = uri(response.index()
                        .copy(
                                response.index().valueStart(line),
                                response.index().valueEnd(line)));
                if (contact != null && !contact.isSip() && !isBehindAnotherProxy(response, isMyself)) {
                    return "no request can follow the 2xx: its Contact is not a SIP URI: " + contact;
                }
            }
            return null;
        } catch (SipParseException e) {
            return "no request can follow the 2xx: " + e.getMessage();
        }
    }

    /** Returns true if the first Record-Route is of a proxy between this one and the callee. */
    private static boolean isBehindAnotherProxy(SipResponse response, Predicate<SipUri> isMyself)
            throws SipParseException {
        NameAddress nearest = response.firstAddress(HeaderName.RECORD_ROUTE).orElse(null);
        return nearest != null && !isMyself.test(nearest.uri());
    }

    /**
     * Returns the URI of a Contact; null if its value is empty. The text around the URI is for the caller to parse
     * (§16.3 step 1).
     */
    private static @Nullable SipUri uri(byte[] a) throws SipParseException {
        int to = a.length;
        if (to == 0) {
            return null;
        }
        int open = HeaderText.openingBracket(a, 0, to);
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
        return SipUri.parse(a, start, end);
    }

    private static boolean endsBareUri(byte b) {
        return b == ';' || b == ',' || b == ' ' || b == '\t';
    }
}

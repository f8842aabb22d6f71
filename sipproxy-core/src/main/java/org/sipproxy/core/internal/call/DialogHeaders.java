package org.sipproxy.core.internal.call;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.codec.ByteWriter;
import org.sipproxy.core.internal.codec.RouteSignature;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** Reads the headers that form a dialog, and writes requests within it (RFC 3261 §12). */
final class DialogHeaders {

    private static final byte[] NONE = {};

    private DialogHeaders() {}

    /** Returns the value of a header that every message has. */
    static byte[] value(SipMessage message, HeaderName name) {
        int line = message.firstHeader(name);
        return line < 0
                ? NONE
                : message.index()
                        .copy(message.index().valueStart(line), message.index().valueEnd(line));
    }

    /** Returns the URI of the first Contact; empty if there is none, or if it is not a URI that can be requested. */
    static byte[] contact(SipMessage message) {
        try {
            NameAddress contact = message.firstAddress(HeaderName.CONTACT).orElse(null);
            return contact == null ? NONE : contact.uri().asRequestUri().toBytes();
        } catch (SipParseException e) {
            return NONE;
        }
    }

    /** Returns the elements of Record-Route; none if they cannot be parsed. The 2xx is forwarded in any case. */
    static List<NameAddress> recordRoute(SipMessage message) {
        try {
            return message.addresses(HeaderName.RECORD_ROUTE);
        } catch (SipParseException e) {
            return List.of();
        }
    }

    /** Returns the interval of RFC 4028 §4 in seconds; 0 if there is none. */
    static long sessionSeconds(SipMessage message) {
        int line = message.firstHeader(HeaderName.SESSION_EXPIRES);
        if (line < 0) {
            return 0;
        }
        long seconds = 0;
        String value = message.value(line);
        for (int i = 0; i < value.length() && Character.digit(value.charAt(i), 10) >= 0 && seconds < 1_000_000; i++) {
            seconds = 10 * seconds + Character.digit(value.charAt(i), 10);
        }
        return seconds;
    }

    /**
     * Returns the Record-Route of the 2xx as the Route set of one side, from the element of this proxy on that is next
     * to that side. Elements before it lead back to this proxy.
     *
     * @param toCallee true for the callee, whose Route set is reversed (§12.1.2)
     */
    static byte[] route(List<NameAddress> recorded, boolean toCallee, Predicate<SipUri> isMyself)
            throws SipParseException {
        List<NameAddress> order = recorded;
        if (toCallee) {
            order = new ArrayList<>(recorded);
            Collections.reverse(order);
        }
        int own = order.size() - 1;
        while (own > 0 && !isOwn(order.get(own).uri(), isMyself)) {
            own--;
        }
        ByteWriter out = new ByteWriter(128);
        for (NameAddress element : order.subList(Math.max(own, 0), order.size())) {
            if (out.length() > 0) {
                out.text(", ");
            }
            out.bytes(element.toBytes());
        }
        return out.toBytes();
    }

    private static boolean isOwn(SipUri uri, Predicate<SipUri> isMyself) {
        return uri.isSip() && uri.hasParameter(RouteSignature.NAME) && isMyself.test(uri);
    }

    /**
     * Returns a request to one side, as the other side would send it (§12.2.1.1), without Via and Max-Forwards.
     *
     * @param fallback the Request-URI if the side has sent no Contact
     * @param reason value of Reason (RFC 3326); null for none
     */
    static SipRequest request(
            Method method,
            Side from,
            Side to,
            long cseq,
            String callId,
            byte[] fallback,
            @Nullable String reason,
            ParseLimits limits)
            throws SipParseException {
        ByteWriter out = new ByteWriter(512);
        out.text(method.name()).ascii(' ').bytes(to.contact.length > 0 ? to.contact : fallback);
        out.text(" SIP/2.0").crlf();
        if (to.route.length > 0) {
            out.text("Route: ").bytes(to.route).crlf();
        }
        out.text("From: ").bytes(from.address).crlf();
        out.text("To: ").bytes(to.address).crlf();
        out.text("Call-ID: ").text(callId).crlf();
        out.text("CSeq: ").number(cseq).ascii(' ').text(method.name()).crlf();
        if (reason != null) {
            out.text("Reason: ").text(reason).crlf();
        }
        out.text("Content-Length: 0").crlf().crlf();
        SipRequest written = (SipRequest) SipMessage.parse(out.toBytes(), limits);
        if (written.defect().isPresent()) {
            throw written.defect().get();
        }
        return written;
    }

    /** Returns the value of a Reason header with an ISDN cause (RFC 3326 §2). */
    static String reason(int cause, String text) {
        return text.isEmpty()
                ? "Q.850;cause=" + cause
                : "Q.850;cause=" + cause + ";text=\""
                        + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
}

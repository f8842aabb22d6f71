package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.Nullable;
import org.sipproxy.message.CSeq;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Checks that every message must pass before any stage runs (RFC 3261 §8.2, §16.3 steps 1 and 2, §18.1.2). They cover
 * only what a proxy or registrar acts on. The URI in To, a Contact, Record-Route, a lower Via, a Date in the wrong time
 * zone or an unreadable body is for the endpoint to judge (§16.3). The stages that depend on From, To and Route parse
 * them further.
 *
 * <p>The checks run for every message, so they use the index where possible, and parsed values are cached in the
 * message.
 */
public final class MessageSanity {

    /** Largest delta-seconds (§20.19); larger values count as this one (RFC 4475 §3.1.2.4). */
    private static final long DELTA_SECONDS_LIMIT = 0xffff_ffffL;

    private static final HeaderName[] EXACTLY_ONCE = {
        HeaderName.FROM, HeaderName.TO, HeaderName.CALL_ID, HeaderName.CSEQ
    };

    private MessageSanity() {}

    /**
     * Checks a request.
     *
     * @throws SipParseException with the status of the response: 400, 416 or 505; 413 or 513 for limits of the index
     */
    public static void check(SipRequest request) throws SipParseException {
        checkIndex(request);
        checkViaList(request, request.topVia());
        checkCSeq(request);
        checkRequestUri(request);
        request.from();
        request.to();
        request.checkCallId();
        checkNotRepeated(request, HeaderName.MAX_FORWARDS);
        request.number(HeaderName.MAX_FORWARDS, DELTA_SECONDS_LIMIT);
        if (request.method() == Method.REGISTER) {
            checkRegistration(request);
        }
    }

    /** Checks what a registrar acts on and a proxy passes on. */
    private static void checkRegistration(SipRequest request) throws SipParseException {
        request.to().uri();
        request.addresses(HeaderName.CONTACT);
        long expires = request.number(HeaderName.EXPIRES, DELTA_SECONDS_LIMIT);
        if (request.isRepeated(HeaderName.EXPIRES)) {
            int line = request.firstHeader(HeaderName.EXPIRES);
            while ((line = request.nextHeader(HeaderName.EXPIRES, line)) >= 0) {
                if (number(request, line, DELTA_SECONDS_LIMIT) != expires) {
                    throw bad("two different values of Expires");
                }
            }
        }
    }

    /**
     * Checks a response.
     *
     * @throws SipParseException if the response must not be forwarded; it is dropped, whatever the status in the
     *     exception
     */
    public static void checkResponse(SipResponse response) throws SipParseException {
        checkIndex(response);
        response.topVia();
        response.cseq();
        checkNextHop(response);
    }

    /**
     * Returns true if the end of a message is missing: a datagram was cut, and the whole one may follow (§18.3).
     */
    public static boolean isTruncated(SipMessage message) {
        int line = message.firstHeader(HeaderName.CONTENT_LENGTH);
        return message.index().bodyStart() >= message.index().length() && !endsWithEmptyLine(message)
                || line >= 0 && contentLength(message, line) > message.bodyLength();
    }

    private static boolean endsWithEmptyLine(SipMessage message) {
        MessageIndex bytes = message.index();
        int end = bytes.length();
        return end >= 4
                && bytes.byteAt(end - 4) == '\r'
                && bytes.byteAt(end - 3) == '\n'
                && bytes.byteAt(end - 2) == '\r'
                && bytes.byteAt(end - 1) == '\n';
    }

    /** Returns what makes a response unfit to be forwarded, even if its transaction is known; null if it is fit. */
    public static @Nullable String defect(SipResponse response) {
        try {
            checkIndex(response);
            return null;
        } catch (SipParseException e) {
            return e.getMessage();
        }
    }

    /** Returns the value of the Content-Length in header line {@code line}, in bytes; -1 if it is not a number. */
    public static int contentLength(SipMessage message, int line) {
        return (int) number(message, line, Integer.MAX_VALUE);
    }

    /**
     * Returns the number that fills header line {@code line}, or {@code max} if it is larger than that; -1 if it is not
     * a number.
     */
    private static long number(SipMessage message, int line, long max) {
        MessageIndex wire = message.index();
        int end = message.index().valueEnd(line);
        long number = message.index().valueStart(line) == end ? -1 : 0;
        for (int i = message.index().valueStart(line); i < end && number >= 0; i++) {
            int digit = wire.byteAt(i) - '0';
            number = digit < 0 || digit > 9 ? -1 : Math.min(number * 10 + digit, max);
        }
        return number;
    }

    private static void checkIndex(SipMessage message) throws SipParseException {
        if (message.defect().isPresent()) {
            throw message.defect().get();
        }
        for (HeaderName name : EXACTLY_ONCE) {
            if (!message.hasHeader(name)) {
                throw bad("mandatory header " + name + " is missing");
            }
            checkNotRepeated(message, name);
        }
        // the transport cuts off a datagram's bytes after Content-Length (§18.3)
        int line = message.firstHeader(HeaderName.CONTENT_LENGTH);
        if (line >= 0) {
            int length = contentLength(message, line);
            if (length < 0) {
                throw bad("Content-Length is not a number");
            }
            if (length > message.bodyLength()) {
                throw bad("Content-Length is larger than the body of " + message.bodyLength() + " bytes");
            }
            checkContentLengths(message, line, length);
        }
    }

    /** As in stream framing: different values would leave the end of the message in doubt. */
    private static void checkContentLengths(SipMessage message, int first, int length) throws SipParseException {
        if (message.isRepeated(HeaderName.CONTENT_LENGTH)) {
            int line = first;
            while ((line = message.nextHeader(HeaderName.CONTENT_LENGTH, line)) >= 0) {
                if (contentLength(message, line) != length) {
                    throw bad("two different values of Content-Length");
                }
            }
        }
    }

    private static void checkNotRepeated(SipMessage message, HeaderName name) throws SipParseException {
        if (message.isRepeated(name)) {
            throw bad("header " + name + " occurs more than once");
        }
    }

    /**
     * The elements below the topmost are for the hops that wrote them, but their number must not be in doubt: some
     * parsers count an empty element as a hop, others ignore it (RFC 4475 §3.1.2.1).
     */
    private static void checkViaList(SipRequest request, Via top) throws SipParseException {
        int line = request.firstHeader(HeaderName.VIA);
        if (!request.isRepeated(HeaderName.VIA)
                && top.index().end() == request.index().valueEnd(line)) {
            return;
        }
        for (; line >= 0; line = request.nextHeader(HeaderName.VIA, line)) {
            if (hasEmptyElement(
                    request.index(),
                    request.index().valueStart(line),
                    request.index().valueEnd(line))) {
                throw bad("Via list has an empty element, or a quote that does not close");
            }
        }
    }

    private static boolean hasEmptyElement(MessageIndex a, int from, int to) {
        boolean quoted = false;
        boolean empty = true;
        for (int i = from; i < to; i++) {
            byte b = a.byteAt(i);
            if (quoted && b == '\\') {
                i++;
            } else if (b == '"') {
                quoted = !quoted;
            } else if (b == ',' && !quoted) {
                if (empty) {
                    return true;
                }
                empty = true;
                continue;
            }
            empty &= b == ' ' || b == '\t' || b == '\r' || b == '\n';
        }
        return empty || quoted;
    }

    private static void checkCSeq(SipRequest request) throws SipParseException {
        CSeq cseq = request.cseq();
        if (!cseq.method().equals(request.method())) {
            throw bad("CSeq names another method than the request line");
        }
    }

    private static void checkRequestUri(SipRequest request) throws SipParseException {
        SipUri uri = request.requestUri();
        if (uri.isSip() ? !uri.hasHeaders() : uri.scheme().equals("tel")) {
            return; // a stage may route a telephone number (RFC 3966); otherwise DetermineTargets responds 416
        }
        // with a Route, the element that it names has to understand the URI, not this proxy (§16.4, §16.6 step 6)
        if (request.firstAddress(HeaderName.ROUTE).isPresent()) {
            return;
        }
        if (uri.isSip()) {
            // §19.1.1; acting on ?Route=... would also let the sender choose the next hop (RFC 4475 §3.1.2.11)
            throw bad("Request-URI holds header fields");
        }
        throw new SipParseException(
                StatusCode.UNSUPPORTED_URI_SCHEME, "scheme of the Request-URI is neither sip nor sips");
    }

    /** RFC 4475 §3.3.10: a forged second Via would make the proxy send to a whole network. */
    private static void checkNextHop(SipResponse response) throws SipParseException {
        Via next = secondVia(response);
        if (next != null
                && (isManyHosts(next.host()) || isManyHosts(next.received().orElse("")))) {
            throw bad("second Via names a broadcast or multicast address");
        }
    }

    /** The response goes to the source of its request, so an unreadable second Via does not matter. */
    private static @Nullable Via secondVia(SipResponse response) {
        try {
            return response.secondVia().orElse(null);
        } catch (SipParseException e) {
            return null;
        }
    }

    private static boolean isManyHosts(String host) {
        if (host.equals("255.255.255.255")) {
            return true;
        }
        if (host.length() > 3 && host.charAt(3) == '.' && host.charAt(0) == '2') {
            // 224.0.0.0/4 by its first octet: 224 to 239
            int octet = (host.charAt(1) - '0') * 10 + host.charAt(2) - '0';
            return octet >= 24 && octet <= 39 && isIpv4(host);
        }
        return host.regionMatches(true, 0, "[ff", 0, 3) && isIpv6Multicast(host);
    }

    private static boolean isIpv4(String host) {
        for (int i = 0; i < host.length(); i++) {
            char c = host.charAt(i);
            if (c != '.' && (c < '0' || c > '9')) {
                return false;
            }
        }
        return true;
    }

    /** ff00::/8: the first group has all four digits. */
    private static boolean isIpv6Multicast(String host) {
        return host.indexOf(':') == 5;
    }

    private static SipParseException bad(String what) {
        return new SipParseException(StatusCode.BAD_REQUEST, what);
    }
}

package org.sipproxy.core.internal.codec;

import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;
import org.sipproxy.message.wire.MessageIndex;

/** Requests derived from an INVITE on the same branch: its CANCEL and the ACK of a failure. */
public final class DerivedRequests {

    /** Requests that this proxy wrote are never refused for their size. */
    private static final ParseLimits OWN = ParseLimits.builder()
            .messageBytes(16_777_216)
            .headerLineBytes(1_048_576)
            .headers(10_000)
            .listElements(10_000)
            .build();

    private DerivedRequests() {}

    /** Returns the ACK of a 300-699 response (RFC 3261 §17.1.1.3). Its To is that of the response. */
    public static byte[] ack(byte[] invite, SipResponse response) throws SipParseException {
        int to = response.firstHeader(HeaderName.TO);
        if (to < 0) {
            throw new SipParseException(400, "response without To");
        }
        ByteWriter out = new ByteWriter(512);
        SipRequest request = parse(invite);
        start(out, request, "ACK ");
        copyFirst(out, request, HeaderName.FROM);
        out.bytes(
                response.index(),
                response.index().lineStart(to),
                response.index().lineEnd(to));
        finish(out, request, "ACK");
        return out.text("Content-Length: 0\r\n\r\n").toBytes();
    }

    /**
     * Returns the CANCEL of an INVITE that was sent (RFC 3261 §9.1).
     *
     * @param reasonLine a Reason header line with its line end (RFC 3326), or null
     */
    public static byte[] cancel(byte[] invite, byte @Nullable [] reasonLine) {
        ByteWriter out = new ByteWriter(512);
        try {
            SipRequest request = parse(invite);
            start(out, request, "CANCEL ");
            copyFirst(out, request, HeaderName.FROM);
            copyFirst(out, request, HeaderName.TO);
            finish(out, request, "CANCEL");
        } catch (SipParseException e) {
            throw new IllegalStateException("an INVITE that was sent cannot be parsed: " + e.getMessage(), e);
        }
        if (reasonLine != null) {
            out.bytes(reasonLine);
        }
        return out.text("Content-Length: 0\r\n\r\n").toBytes();
    }

    /**
     * Returns the parts of a sent INVITE that {@link #ack} and {@link #cancel} copy, as a request: without the other
     * Via elements, the other header lines and the body. Returns the INVITE itself if it cannot be parsed.
     */
    public static byte[] essentials(byte[] invite) {
        ByteWriter out = new ByteWriter(512);
        try {
            SipRequest request = parse(invite);
            start(out, request, "INVITE ");
            copyFirst(out, request, HeaderName.FROM);
            copyFirst(out, request, HeaderName.TO);
            finish(out, request, "INVITE");
        } catch (SipParseException e) {
            return invite;
        }
        return out.text("Content-Length: 0\r\n\r\n").toBytes();
    }

    private static SipRequest parse(byte[] invite) throws SipParseException {
        if (SipMessage.parse(invite, OWN) instanceof SipRequest request) {
            return request;
        }
        throw new SipParseException(400, "not a request");
    }

    private static void start(ByteWriter out, SipRequest request, String method) throws SipParseException {
        MessageIndex wire = request.index();
        Via via = request.topVia();
        out.text(method)
                .bytes(wire, request.index().uriStart(), request.index().uriEnd())
                .text(" SIP/2.0\r\nVia: ");
        out.bytes(wire, via.index().start(), via.index().end()).text("\r\nMax-Forwards: 70\r\n");
    }

    private static void finish(ByteWriter out, SipRequest request, String method) throws SipParseException {
        copyFirst(out, request, HeaderName.CALL_ID);
        out.text("CSeq: ")
                .number(request.cseq().number())
                .ascii(' ')
                .text(method)
                .crlf();
        for (int i = request.firstHeader(HeaderName.ROUTE); i >= 0; i = request.nextHeader(HeaderName.ROUTE, i)) {
            out.bytes(
                    request.index(),
                    request.index().lineStart(i),
                    request.index().lineEnd(i));
        }
    }

    private static void copyFirst(ByteWriter out, SipRequest request, HeaderName name) {
        int i = request.firstHeader(name);
        if (i >= 0) {
            out.bytes(
                    request.index(),
                    request.index().lineStart(i),
                    request.index().lineEnd(i));
        }
    }
}

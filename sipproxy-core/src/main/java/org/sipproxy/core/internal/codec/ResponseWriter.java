package org.sipproxy.core.internal.codec;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.wire.MessageIndex;

/** Writer of locally generated responses (RFC 3261 §8.2.6). */
public final class ResponseWriter {

    private static final byte[] VERSION = "SIP/2.0 ".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] END = "Content-Length: 0\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] NO_BODY = {};
    private static final byte[] TAG = ";tag=".getBytes(StandardCharsets.US_ASCII);

    private ResponseWriter() {}

    /**
     * Returns the bytes of a response.
     *
     * @param stamp what to add to the topmost Via; null if that Via cannot be parsed
     * @param toTag the tag to add to To if it has none; null for none
     * @param headerLines header lines to add, each with its line end
     */
    public static byte[] write(
            SipRequest request,
            @Nullable ViaStamp stamp,
            int statusCode,
            String reason,
            @Nullable String toTag,
            byte[] headerLines) {
        return write(request, stamp, statusCode, reason, toTag, headerLines, NO_BODY);
    }

    /** Returns the bytes of a response with a body, which {@code headerLines} describe. */
    public static byte[] write(
            SipRequest request,
            @Nullable ViaStamp stamp,
            int statusCode,
            String reason,
            @Nullable String toTag,
            byte[] headerLines,
            byte[] body) {
        MessageIndex wire = request.index();
        ByteWriter out = new ByteWriter(384 + headerLines.length + body.length);
        out.bytes(VERSION).number(statusCode).ascii(' ').text(reason).crlf();
        boolean topVia = true;
        int count = request.headerCount();
        for (int i = 0; i < count; i++) {
            int start = request.index().lineStart(i);
            int end = request.index().lineEnd(i);
            if (request.isHeader(i, HeaderName.VIA)) {
                if (topVia && stamp != null) {
                    stamp.copy(out, wire, start, end);
                } else {
                    out.bytes(wire, start, end);
                }
                topVia = false;
            } else if (request.isHeader(i, HeaderName.TO)) {
                to(out, request, i, toTag);
            } else if (request.isHeader(i, HeaderName.FROM)
                    || request.isHeader(i, HeaderName.CALL_ID)
                    || request.isHeader(i, HeaderName.CSEQ)
                    || (statusCode == StatusCode.TRYING && request.isHeader(i, HeaderName.TIMESTAMP))) {
                out.bytes(wire, start, end);
            }
        }
        out.bytes(headerLines);
        if (body.length == 0) {
            return out.bytes(END).toBytes();
        }
        return out.text("Content-Length: ")
                .number(body.length)
                .crlf()
                .crlf()
                .bytes(body)
                .toBytes();
    }

    private static void to(ByteWriter out, SipRequest request, int line, @Nullable String toTag) {
        MessageIndex wire = request.index();
        if (toTag == null || hasTagOrIsUnreadable(request)) {
            out.bytes(wire, request.index().lineStart(line), request.index().lineEnd(line));
        } else {
            out.bytes(wire, request.index().lineStart(line), request.index().valueEnd(line))
                    .bytes(TAG)
                    .text(toTag)
                    .crlf();
        }
    }

    private static boolean hasTagOrIsUnreadable(SipRequest request) {
        try {
            return request.to().hasParameter("tag"); // also one without a value: there must not be two
        } catch (SipParseException e) {
            return true;
        }
    }
}

package org.sipproxy.core.internal.codec;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

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
        String tag = toTag == null || hasTagOrIsUnreadable(request) ? "" : toTag;
        int length = VERSION.length + 6 + reason.length() + headerLines.length + END.length + body.length;
        length += stamp == null ? 0 : stamp.growth();
        length += tag.isEmpty() ? 0 : TAG.length + tag.length();
        for (int i = 0, count = request.headerCount(); i < count; i++) {
            if (isCopied(request, i, statusCode)) {
                length += request.index().lineEnd(i) - request.index().lineStart(i);
            }
        }
        ByteWriter out = new ByteWriter(length); // in most cases the exact length, so that nothing is copied again
        out.bytes(VERSION).number(statusCode).ascii(' ').text(reason).crlf();
        int topVia = request.firstHeader(HeaderName.VIA);
        for (int i = 0, count = request.headerCount(); i < count; i++) {
            if (!isCopied(request, i, statusCode)) {
                continue;
            }
            int start = request.index().lineStart(i);
            int end = request.index().lineEnd(i);
            if (i == topVia && stamp != null) {
                stamp.copy(out, request.index(), start, end);
            } else if (!tag.isEmpty() && request.isHeader(i, HeaderName.TO)) {
                out.bytes(request.index(), start, request.index().valueEnd(i))
                        .bytes(TAG)
                        .text(tag)
                        .crlf();
            } else {
                out.bytes(request.index(), start, end);
            }
        }
        out.bytes(headerLines);
        if (body.length == 0) {
            return out.bytes(END).finish();
        }
        return out.text("Content-Length: ")
                .number(body.length)
                .crlf()
                .crlf()
                .bytes(body)
                .finish();
    }

    private static boolean isCopied(SipRequest request, int line, int statusCode) {
        return request.isHeader(line, HeaderName.VIA)
                || request.isHeader(line, HeaderName.TO)
                || request.isHeader(line, HeaderName.FROM)
                || request.isHeader(line, HeaderName.CALL_ID)
                || request.isHeader(line, HeaderName.CSEQ)
                || (statusCode == StatusCode.TRYING && request.isHeader(line, HeaderName.TIMESTAMP));
    }

    private static boolean hasTagOrIsUnreadable(SipRequest request) {
        try {
            return request.to().hasParameter("tag"); // also one without a value: there must not be two
        } catch (SipParseException e) {
            return true;
        }
    }
}

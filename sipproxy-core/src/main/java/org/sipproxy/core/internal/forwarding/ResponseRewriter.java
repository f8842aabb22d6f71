package org.sipproxy.core.internal.forwarding;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.sipproxy.core.internal.transaction.ResponsePath;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.wire.Splice;

/** Writer of the response that goes upstream (RFC 3261 §16.7 steps 3 to 9), as a splice of the received one. */
final class ResponseRewriter {

    private ResponseRewriter() {}

    /**
     * Returns the response without this proxy's Via. If it goes to the host application, the Via stays.
     *
     * @throws SipParseException if no Via is left: the response was meant for this proxy
     */
    static byte[] withoutTopVia(SipResponse response, ResponsePath path) throws SipParseException {
        Splice splice = new Splice();
        if (!path.isLocal()) {
            removeTopVia(splice, response);
        }
        contentLength(splice, response, path.isReliable());
        return response.index().apply(splice);
    }

    /**
     * Returns the best response of several: 503 becomes 500 (§16.7 step 6), and the challenges of the others are added
     * (step 7). The host application gets a 503 as it is.
     */
    static byte[] best(SipResponse response, List<byte[]> otherChallenges, ResponsePath path) throws SipParseException {
        Splice splice = new Splice();
        if (response.statusCode() == StatusCode.SERVICE_UNAVAILABLE && !path.isLocal()) {
            int reasonEnd = response.index().length() == 0 ? 0 : startLineEnd(response);
            splice.replace(8, reasonEnd, "500 Server Internal Error".getBytes(StandardCharsets.US_ASCII));
        }
        if (!path.isLocal()) {
            removeTopVia(splice, response);
        }
        for (byte[] line : otherChallenges) {
            splice.insert(response.index().headersEnd(), line);
        }
        contentLength(splice, response, path.isReliable());
        return response.index().apply(splice);
    }

    static int startLineEnd(SipResponse response) {
        int end = response.index().lineStart(0);
        while (end > 0
                && (response.index().byteAt(end - 1) == '\n' || response.index().byteAt(end - 1) == '\r')) {
            end--;
        }
        return end;
    }

    private static void removeTopVia(Splice splice, SipResponse response) throws SipParseException {
        int line = response.firstHeader(HeaderName.VIA);
        int end = response.topVia().index().end();
        if (end < response.index().valueEnd(line)) {
            int next = end + 1;
            while (next < response.index().valueEnd(line) && response.index().byteAt(next) <= ' ') {
                next++;
            }
            splice.delete(response.index().valueStart(line), next);
        } else if (response.nextHeader(HeaderName.VIA, line) >= 0) {
            splice.delete(response.index().lineStart(line), response.index().lineEnd(line));
        } else {
            throw new SipParseException(StatusCode.BAD_REQUEST, "response has only the Via of this proxy");
        }
    }

    private static void contentLength(Splice splice, SipResponse response, boolean stream) {
        if (stream && response.firstHeader(HeaderName.CONTENT_LENGTH) < 0) {
            splice.insert(response.index().headersEnd(), "Content-Length: " + response.bodyLength() + "\r\n");
        }
    }
}

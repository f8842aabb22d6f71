package org.sipproxy.core.internal.forwarding;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.sipproxy.api.message.HeaderName;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.Splice;
import org.sipproxy.api.message.StatusCode;

/** Writes the response that goes upstream (RFC 3261 §16.7 steps 3 to 9) as a splice of the one that came. */
final class ResponseRewriter {

    private ResponseRewriter() {}

    /**
     * The response without our Via.
     *
     * @throws SipParseException if no Via is left: it was meant for ourselves
     */
    static byte[] withoutTopVia(SipResponse response, boolean stream) throws SipParseException {
        Splice splice = new Splice();
        removeTopVia(splice, response);
        contentLength(splice, response, stream);
        return splice.apply(response.wire());
    }

    /** The best response of several: 503 becomes 500 (§16.7 step 6), challenges of the others are added (step 7). */
    static byte[] best(SipResponse response, List<byte[]> otherChallenges, boolean stream) throws SipParseException {
        Splice splice = new Splice();
        if (response.statusCode() == StatusCode.SERVICE_UNAVAILABLE) {
            int reasonEnd = response.wire().length == 0 ? 0 : startLineEnd(response);
            splice.replace(8, reasonEnd, "500 Server Internal Error".getBytes(StandardCharsets.US_ASCII));
        }
        removeTopVia(splice, response);
        for (byte[] line : otherChallenges) {
            splice.insert(response.headersEnd(), line);
        }
        contentLength(splice, response, stream);
        return splice.apply(response.wire());
    }

    static int startLineEnd(SipResponse response) {
        int end = response.lineStart(0);
        while (end > 0 && (response.wire()[end - 1] == '\n' || response.wire()[end - 1] == '\r')) {
            end--;
        }
        return end;
    }

    private static void removeTopVia(Splice splice, SipResponse response) throws SipParseException {
        int line = response.firstHeader(HeaderName.VIA);
        int end = response.topVia().end();
        if (end < response.valueEnd(line)) {
            int next = end + 1;
            while (next < response.valueEnd(line) && response.wire()[next] <= ' ') {
                next++;
            }
            splice.delete(response.valueStart(line), next);
        } else if (response.nextHeader(HeaderName.VIA, line) >= 0) {
            splice.delete(response.lineStart(line), response.lineEnd(line));
        } else {
            throw new SipParseException(StatusCode.BAD_REQUEST, "response has no Via but ours");
        }
    }

    private static void contentLength(Splice splice, SipResponse response, boolean stream) {
        if (stream && response.firstHeader(HeaderName.CONTENT_LENGTH) < 0) {
            splice.insert(response.headersEnd(), "Content-Length: " + response.bodyLength() + "\r\n");
        }
    }
}

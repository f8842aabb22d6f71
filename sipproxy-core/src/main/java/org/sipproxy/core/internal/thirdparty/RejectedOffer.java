package org.sipproxy.core.internal.thirdparty;

import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * Answer that rejects each stream of an offer (RFC 3264 §6). The ACK of a 2xx with an offer must have an answer, also
 * if a BYE follows at once (RFC 3261 §13.2.2.4). The only place where a session description is read.
 */
final class RejectedOffer {

    private static final byte[] SDP = "Content-Type: application/sdp\r\n".getBytes(StandardCharsets.US_ASCII);

    private RejectedOffer() {}

    /** Returns the answer; no body if the offer is not SDP. */
    static Body answer(Body offer) {
        if (offer.isEmpty() || !isSdp(offer)) {
            return Body.NONE;
        }
        StringBuilder answer = new StringBuilder("v=0\r\no=- 0 0 IN IP4 0.0.0.0\r\ns=-\r\nc=IN IP4 0.0.0.0\r\n");
        StringBuilder media = new StringBuilder();
        boolean timed = false;
        for (String line : new String(offer.content(), StandardCharsets.ISO_8859_1).split("\r\n|\n", -1)) {
            if (line.startsWith("m=")) {
                String[] words = line.split(" ", 3); // m=audio 49170/2 RTP/AVP 0
                if (words.length == 3) {
                    media.append(words[0]).append(" 0 ").append(words[2]).append("\r\n");
                }
            } else if (line.startsWith("t=") && media.isEmpty()) {
                answer.append(line).append("\r\n"); // must equal that of the offer
                timed = true;
            }
        }
        answer.append(timed ? "" : "t=0 0\r\n").append(media);
        return new Body(SDP, answer.toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private static boolean isSdp(Body offer) {
        String lines = new String(offer.headerLines(), StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
        return lines.contains("application/sdp");
    }
}

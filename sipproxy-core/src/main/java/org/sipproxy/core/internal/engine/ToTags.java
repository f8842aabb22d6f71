package org.sipproxy.core.internal.engine;

import java.security.SecureRandom;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.wire.MessageIndex;

/**
 * The To tags of our own responses: a keyed hash of what an ACK has in common with its INVITE. So the ACK of a refusal that
 * we kept no state for is known as ours, and a retransmitted request gets the same tag (RFC 3261 §8.2.7).
 */
final class ToTags {

    private final long k1;
    private final long k2;

    ToTags() {
        SecureRandom random = new SecureRandom();
        this.k1 = random.nextLong();
        this.k2 = random.nextLong() | 1;
    }

    String tag(SipRequest request) {
        long h = k1;
        h = mix(h, request, HeaderName.CALL_ID);
        h = mix(h, request, HeaderName.FROM);
        try {
            h = (h ^ request.cseq().number()) * k2;
        } catch (SipParseException e) {
            h *= k2; // a refusal of just that CSeq
        }
        return Long.toHexString(h ^ (h >>> 32));
    }

    boolean isOurs(SipRequest ack) throws SipParseException {
        return ack.hasToTag() && ack.toTag().equals(tag(ack));
    }

    private long mix(long seed, SipRequest request, HeaderName name) {
        int line = request.firstHeader(name);
        if (line < 0) {
            return seed * k2;
        }
        MessageIndex wire = request.index();
        long h = seed;
        for (int i = request.index().valueStart(line); i < request.index().valueEnd(line); i++) {
            h = (h ^ wire.byteAt(i)) * k2;
        }
        return h ^ (h >>> 29);
    }
}

package org.sipproxy.core.internal.engine;

import org.sipproxy.api.support.KeyedHash;
import org.sipproxy.core.internal.codec.RequestHead;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * To tags of locally generated responses: a keyed hash of what an ACK has in common with its INVITE. It identifies the
 * ACK of a failure that was sent without a transaction, and gives a retransmission the same tag (RFC 3261 §8.2.7).
 */
final class ToTags {

    private static final byte[] NOTHING = {};

    private final KeyedHash key = KeyedHash.random();

    String tag(SipRequest request) {
        long h = hash(0, request, HeaderName.CALL_ID);
        h = hash(h, request, HeaderName.FROM);
        return Long.toHexString(key.hash(h ^ sequenceNumber(request), NOTHING, 0, 0));
    }

    /** Returns the tag of a request that is not parsed; it equals that of the parsed request. */
    String tag(RequestHead head) {
        long h = key.hash(0, head.bytes(), head.callIdStart(), head.callIdEnd());
        h = key.hash(h, head.bytes(), head.fromStart(), head.fromEnd());
        return Long.toHexString(key.hash(h ^ head.sequenceNumber(), NOTHING, 0, 0));
    }

    /** Returns the sequence number; 0 if CSeq cannot be parsed, which may be why the request is refused. */
    private static long sequenceNumber(SipRequest request) {
        try {
            return request.cseq().number();
        } catch (SipParseException e) {
            return 0;
        }
    }

    private long hash(long before, SipRequest request, HeaderName name) {
        int line = request.firstHeader(name);
        return line < 0
                ? before
                : key.hash(
                        before,
                        request.index(),
                        request.index().valueStart(line),
                        request.index().valueEnd(line));
    }

    boolean isOwnTag(SipRequest ack) throws SipParseException {
        return ack.hasToTag() && ack.toTag().equals(tag(ack));
    }
}

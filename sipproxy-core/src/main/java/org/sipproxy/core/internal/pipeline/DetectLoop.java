package org.sipproxy.core.internal.pipeline;

import org.sipproxy.core.internal.transaction.Branches;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.wire.MessageIndex;

/**
 * Detects loops (RFC 3261 §16.3 step 4, RFC 5393 §4.2): a Via of this proxy carries the same loop hash as the request
 * has now. A request that returns with another Request-URI is a spiral, which is allowed. Via elements of other hosts
 * are not parsed, because nothing depends on them (§16.3 step 1).
 */
final class DetectLoop implements Stage {

    private final Branches branches;

    DetectLoop(Branches branches) {
        this.branches = branches;
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        if (request.nextHeader(HeaderName.VIA, request.firstHeader(HeaderName.VIA)) < 0
                && request.topVia().index().end() == request.index().valueEnd(request.firstHeader(HeaderName.VIA))) {
            return Outcome.proceed(); // only one Via: the request has not been here before
        }
        boolean hashed = false;
        long hash = 0;
        MessageIndex wire = request.index();
        int line = request.firstHeader(HeaderName.VIA);
        while (line >= 0) {
            int end = request.index().valueEnd(line);
            int at = Branches.find(wire, request.index().valueStart(line), end);
            while (at >= 0) {
                if (!hashed) {
                    hash = branches.loopHash(request);
                    hashed = true;
                }
                if (Branches.loopHash(wire, at) == hash) {
                    return Outcome.respond(StatusCode.LOOP_DETECTED);
                }
                at = Branches.find(wire, at + 1, end);
            }
            line = request.nextHeader(HeaderName.VIA, line);
        }
        return Outcome.proceed();
    }
}

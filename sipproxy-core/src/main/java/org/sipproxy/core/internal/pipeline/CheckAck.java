package org.sipproxy.core.internal.pipeline;

import java.util.function.Predicate;
import org.sipproxy.message.SipRequest;

/**
 * Drops an ACK that does not belong to a dialog, because an ACK cannot be challenged (RFC 3261 §22.1). An ACK belongs
 * to a dialog if its Route carries the proxy's signature, or if it acknowledges an INVITE that was accepted through
 * this proxy within 64*T1: some clients do not keep a Route set. Trusted peers pass.
 */
final class CheckAck implements Stage {

    private static final Outcome STRAY = Outcome.discard("ACK does not match any dialog or INVITE of this proxy");

    private final Predicate<SipRequest> isExpected;

    /**
     * @param isExpected true if an ACK belongs to a recently accepted INVITE
     */
    CheckAck(Predicate<SipRequest> isExpected) {
        this.isExpected = isExpected;
    }

    @Override
    public Outcome run(RequestContext context) {
        boolean passes =
                !context.isAck() || context.isInDialog() || context.isTrusted() || isExpected.test(context.received());
        return passes ? Outcome.proceed() : STRAY;
    }
}

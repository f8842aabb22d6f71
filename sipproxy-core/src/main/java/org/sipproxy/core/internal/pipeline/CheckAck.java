package org.sipproxy.core.internal.pipeline;

import java.util.function.Predicate;
import org.sipproxy.message.SipRequest;

/**
 * Drops an ACK that does not belong to a dialog, because an ACK cannot be challenged (RFC 3261 §22.1). One belongs to a dialog
 * if its Route bears our signature, or if it acknowledges an INVITE that was accepted through this proxy within 64*T1: some
 * clients do not keep a Route set. Trusted peers pass.
 */
final class CheckAck implements Stage {

    private static final Outcome STRAY = Outcome.discard("an ACK that belongs to no dialog or INVITE of this proxy");

    private final Predicate<SipRequest> isExpected;

    /** @param isExpected tells whether an ACK is that of an INVITE that was accepted recently */
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

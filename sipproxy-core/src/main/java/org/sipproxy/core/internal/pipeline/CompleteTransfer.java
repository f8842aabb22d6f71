package org.sipproxy.core.internal.pipeline;

import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/**
 * Rewrites an INVITE that takes over a dialog of the proxy itself (RFC 3891): it goes to the user at the other side of
 * the call. Runs after authentication, because a digest covers the Request-URI as the sender wrote it.
 */
final class CompleteTransfer implements Stage {

    private final TransferTargets dialogs;

    CompleteTransfer(TransferTargets dialogs) {
        this.dialogs = dialogs;
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        SipRequest replacing = dialogs.replacing(request);
        if (replacing != request) {
            context.replace(replacing);
        }
        return Outcome.proceed();
    }
}

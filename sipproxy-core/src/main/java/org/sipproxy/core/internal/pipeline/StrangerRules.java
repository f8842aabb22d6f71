package org.sipproxy.core.internal.pipeline;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/** Refuses what a stranger may not send to a user of this proxy: see {@link StrangerPolicy}. */
final class StrangerRules {

    private static final Outcome FORBIDDEN = Outcome.reply(StatusCode.FORBIDDEN);
    private static final Outcome NO_SUCH_DIALOG = Outcome.reply(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);

    private static final Set<Method> IN_A_CALL =
            Set.of(Method.INVITE, Method.BYE, Method.INFO, Method.PRACK, Method.UPDATE);

    private final StrangerPolicy policy;
    private final boolean authenticates;

    /** @param authenticates false if the sender's identity was never asked for: then nobody is a stranger */
    StrangerRules(StrangerPolicy policy, boolean authenticates) {
        this.policy = policy;
        this.authenticates = authenticates;
    }

    /** The response to a request for a user that may not go there; null if it may. */
    @Nullable
    Outcome refusal(RequestContext context) throws SipParseException {
        if (!authenticates || context.isAck() || context.isAuthenticated() || context.isTrusted()) {
            return null;
        }
        SipRequest request = context.request();
        if (context.isInDialog()) {
            // the signature does not say which user the dialog is with, so it opens to all users what a call consists
            // of
            return IN_A_CALL.contains(request.method()) || policy.allows(request.method()) ? null : FORBIDDEN;
        }
        if (request.hasToTag()) {
            return NO_SUCH_DIALOG;
        }
        return policy.allows(request.method()) ? null : FORBIDDEN;
    }
}

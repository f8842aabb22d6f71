package org.sipproxy.core.internal.pipeline;

import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/** Refuses what a stranger may not send to a user of this proxy; see {@link StrangerPolicy}. */
final class StrangerRules {

    private static final Outcome FORBIDDEN = Outcome.respond(StatusCode.FORBIDDEN);
    private static final Outcome NO_SUCH_DIALOG = Outcome.respond(StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST);

    private static final Set<Method> IN_A_CALL =
            Set.of(Method.INVITE, Method.BYE, Method.INFO, Method.PRACK, Method.UPDATE);

    private final boolean authenticates;

    /**
     * @param authenticates false if senders are not authenticated: then there are no strangers
     */
    StrangerRules(boolean authenticates) {
        this.authenticates = authenticates;
    }

    /** Returns what the sender of a request has proved, for an explanation. */
    String describe(RequestContext context) {
        if (context.isTrusted()) {
            return "trusted";
        }
        return context.authenticatedUser()
                .map(user -> "authenticated as " + user)
                .orElse(
                        !authenticates
                                ? "not authenticated, because this proxy has no authentication"
                                : context.isInDialog() ? "not authenticated, in a dialog" : "not authenticated");
    }

    /** Returns the refusal of a request for a user; null if the request may pass. */
    @Nullable
    Outcome refusal(RequestContext context) throws SipParseException {
        if (!authenticates || context.isAck() || context.isAuthenticated() || context.isTrusted()) {
            return null;
        }
        StrangerPolicy policy = context.settings().strangers();
        SipRequest request = context.request();
        if (context.isInDialog()) {
            // the signature does not name the user of the dialog, so it admits the methods of a call for all users
            return IN_A_CALL.contains(request.method()) || policy.allows(request.method()) ? null : FORBIDDEN;
        }
        if (request.hasToTag()) {
            return NO_SUCH_DIALOG;
        }
        return policy.allows(request.method()) ? null : FORBIDDEN;
    }
}

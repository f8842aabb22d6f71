package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.StatusCode;

/**
 * Rejects a request to a user of ours without a usable binding: 404 if the user is unknown, 480 if it is known
 * (RFC 3261 §21.4.5, §21.4.18). A stranger gets 404 for both, without a look-up whose duration could show the difference, so
 * that nobody can list the users.
 */
final class RejectUnavailableUser implements Step {

    private final @Nullable Authentication authentication;
    private final boolean revealsUsers;

    /**
     * A step that asks {@code authentication}. Without it the users are not known: all of them get 404.
     *
     * @param revealsUsers true if strangers get the precise status too
     */
    RejectUnavailableUser(@Nullable Authentication authentication, boolean revealsUsers) {
        this.authentication = authentication;
        this.revealsUsers = revealsUsers;
    }

    @Override
    public boolean mayBlock(RequestContext context) {
        return authentication != null && isPrecise(context) && authentication.mayBlock();
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        return Outcome.reply(isKnown(context) ? StatusCode.TEMPORARILY_UNAVAILABLE : StatusCode.NOT_FOUND);
    }

    private boolean isKnown(RequestContext context) throws SipParseException {
        if (!isPrecise(context)) {
            return false;
        }
        if (context.isBound()) {
            return true;
        }
        Aor aor = context.names().aorOf(context.request().requestUri());
        return authentication != null
                && aor != null
                && authentication.isKnownUser(aor.user(), aor.domain(), context.userCase());
    }

    /** Without authentication there are no strangers. */
    private boolean isPrecise(RequestContext context) {
        return authentication == null || revealsUsers || !context.isStranger();
    }
}

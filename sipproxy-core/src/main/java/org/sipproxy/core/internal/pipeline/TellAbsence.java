package org.sipproxy.core.internal.pipeline;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.StatusCode;

/** Nobody is registered: 480 for a user that there is, 404 for one that there is not (RFC 3261 §21.4.5, §21.4.18). */
final class TellAbsence implements Step {

    private final @Nullable Authentication authentication;

    /** Without authentication nobody knows the users, and all are unknown. */
    TellAbsence(@Nullable Authentication authentication) {
        this.authentication = authentication;
    }

    @Override
    public boolean mayBlock(RequestContext context) {
        return authentication != null && authentication.mayBlock();
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        SipUri uri = context.request().requestUri();
        Aor aor = context.names().aorOf(uri);
        // the user as written: digest user names have a case
        boolean known = authentication != null && aor != null && authentication.isKnownUser(uri.user(), aor.domain());
        return Outcome.reply(known ? StatusCode.TEMPORARILY_UNAVAILABLE : StatusCode.NOT_FOUND);
    }
}

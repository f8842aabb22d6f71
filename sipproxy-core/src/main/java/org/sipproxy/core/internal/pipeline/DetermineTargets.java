package org.sipproxy.core.internal.pipeline;

import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.message.StatusCode;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.registrar.Targets;

/**
 * RFC 3261 §16.5: for a user of ours the bindings of the address-of-record, for anybody else the Request-URI itself, which
 * only a user of ours may ask for.
 */
final class DetermineTargets implements Step {

    private final LocationStore store;
    private final KnownUsers knownUsers;
    private final boolean authenticates;

    /**
     * A step that looks into {@code store}.
     *
     * @param authenticates true if users of ours have been authenticated before
     */
    DetermineTargets(LocationStore store, KnownUsers knownUsers, boolean authenticates) {
        this.store = store;
        this.knownUsers = knownUsers;
        this.authenticates = authenticates;
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        SipUri uri = request.requestUri();
        boolean onward = !context.remainingRoutes().isEmpty();
        if (!onward && !uri.isSip()) {
            return Outcome.reply(StatusCode.UNSUPPORTED_URI_SCHEME);
        }
        if (onward || !context.isMyself(uri)) {
            return mayRelay(context)
                    ? Outcome.relay(Target.of(uri))
                    : Outcome.reply(StatusCode.FORBIDDEN, "Relaying Denied");
        }
        if (!uri.hasUser()) {
            return Outcome.reply(StatusCode.ADDRESS_INCOMPLETE);
        }
        Aor aor = context.names().aorOf(uri);
        if (aor == null) {
            return Outcome.reply(StatusCode.NOT_FOUND);
        }
        List<Binding> bindings = store.lookup(aor);
        List<Target> targets = Targets.bestFirst(bindings);
        if (targets.isEmpty()) {
            return knownUsers.isKnown(uri.user(), aor.domain())
                    ? Outcome.reply(StatusCode.TEMPORARILY_UNAVAILABLE)
                    : Outcome.reply(StatusCode.NOT_FOUND);
        }
        return Outcome.relay(targets);
    }

    /** No open relay: only a user of ours may go elsewhere, and has to have proved to be one where that is asked. */
    private boolean mayRelay(RequestContext context) throws SipParseException {
        return authenticates
                ? context.authenticatedUser().isPresent()
                : context.isMyself(context.request().from().uri());
    }
}

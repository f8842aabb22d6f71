package org.sipproxy.core.internal.pipeline;

import java.time.Duration;
import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.registrar.Targets;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.StatusCode;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Determines the targets (RFC 3261 §16.5): for a local user the bindings of the AOR, otherwise the Request-URI itself,
 * which only a local user may request.
 */
final class DetermineTargets implements Stage {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.ROUTING);
    private static final Outcome UNAVAILABLE =
            Outcome.respond(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: 10");

    private final FailureLog failures = new FailureLog(Duration.ofSeconds(10));
    private final BindingLookup lookup;
    private final StrangerRules strangers;

    /**
     * @param authenticates true if an earlier stage has authenticated local users
     */
    DetermineTargets(BindingLookup lookup, boolean authenticates) {
        this.strangers = new StrangerRules(authenticates);
        this.lookup = lookup;
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return lookup.mayBlock() ? Outcome.blocked() : run(context);
    }

    @Override
    public Outcome rehearse(RequestContext context) throws SipParseException {
        SipUri uri = context.request().requestUri();
        context.note("Request-URI", uri.toString());
        if (context.remainingRoutes().isEmpty()) {
            context.note("host", context.names().describe(uri));
        } else {
            context.note("Route", context.remainingRoutes().get(0).uri().toString());
        }
        context.note("sender", strangers.describe(context));
        return run(context);
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        SipUri uri = request.requestUri();
        boolean onward = !context.remainingRoutes().isEmpty();
        if (!onward && !uri.isSip()) {
            return Outcome.respond(StatusCode.UNSUPPORTED_URI_SCHEME);
        }
        if (onward || !context.isMyself(uri)) {
            return lookup.mayRelay(context)
                    ? Outcome.relay(Target.of(uri))
                    : Outcome.respond(StatusCode.FORBIDDEN, "Relaying Denied");
        }
        Outcome refusal = strangers.refusal(context);
        if (refusal != null) {
            return refusal;
        }
        if (!uri.hasUser()) {
            return Outcome.respond(StatusCode.ADDRESS_INCOMPLETE);
        }
        Aor aor = context.names().aorOf(uri);
        if (aor == null) {
            return Outcome.respond(StatusCode.NOT_FOUND);
        }
        List<Binding> bindings;
        try {
            bindings = lookup.all(context, aor);
        } catch (LocationStoreException e) {
            failures.warn(LOG, "location store failed; requests get 503", e);
            return UNAVAILABLE;
        }
        List<Target> targets = Targets.bestFirst(bindings);
        if (uri.isSecure() && !targets.isEmpty()) {
            context.bound();
            targets = Targets.secured(targets); // RFC 5630 §5.3: never over less than TLS
        }
        context.registered(targets);
        context.calledUser(aor);
        // without targets RejectUnavailableUser chooses the status
        return targets.isEmpty() ? Outcome.proceed() : Outcome.relay(targets);
    }
}

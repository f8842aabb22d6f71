package org.sipproxy.core.internal.pipeline;

import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStore.Blocking;
import org.sipproxy.core.internal.registrar.Registrar;
import org.sipproxy.core.internal.registrar.RegistrarResponse;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;

/** Passes a REGISTER for a local domain to the registrar (RFC 3261 §10.3). */
final class Register implements Stage {

    private final Registrar registrar;
    private final Blocking blocking;

    Register(Registrar registrar, LocationStore store) {
        this.registrar = registrar;
        this.blocking = store.blocking();
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return waits(context.request()) ? Outcome.blocked() : run(context);
    }

    /** Returns false for a REGISTER without a Contact, which only reads. */
    private boolean waits(SipRequest request) {
        return blocking != Blocking.NEVER
                && request.method() == Method.REGISTER
                && (blocking == Blocking.ALWAYS || request.firstHeader(HeaderName.CONTACT) >= 0);
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        return isForUs(context)
                ? outcome(registrar.register(context.request(), context.flow(), context.isBehindNat()))
                : Outcome.proceed();
    }

    @Override
    public Outcome rehearse(RequestContext context) throws SipParseException {
        if (!isForUs(context)) {
            return Outcome.proceed();
        }
        context.note("address of record", context.request().to().uri().toString());
        return outcome(registrar.rehearse(context.request(), context.flow(), context.isBehindNat(), context::note));
    }

    private static boolean isForUs(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        return request.method() == Method.REGISTER
                && context.remainingRoutes().isEmpty()
                && context.isMyself(request.requestUri());
    }

    private static Outcome outcome(RegistrarResponse response) {
        return new Outcome.Respond(response.statusCode(), response.reason(), response.headerLines());
    }
}

package org.sipproxy.core.internal.pipeline;

import org.sipproxy.api.auth.Authentication;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;

/** Delegates to the {@code Authentication} component, except for ACK, CANCEL and trusted peers (RFC 3261 §22). */
final class Authenticate implements Stage {

    private final HostStage stage;

    Authenticate(Authentication authentication, boolean setsLogContext) {
        this.stage = HostStage.onWorkers(authentication, setsLogContext);
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return isChallenged(context) ? stage.runAtOnce(context) : Outcome.proceed();
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        return isChallenged(context) ? stage.run(context) : Outcome.proceed();
    }

    /** An assumed proof is enough for a component that cannot be rehearsed. */
    @Override
    public Outcome rehearse(RequestContext context) throws SipParseException {
        String user = context.assumedUser().orElse(null);
        if (user == null || !isChallenged(context) || stage.isRehearsable(context)) {
            return run(context);
        }
        context.note("assumed", "the proof of " + user);
        context.authenticated(
                user, context.senderDomain().orElse(context.names().primaryDomain()), -1);
        return Outcome.proceed();
    }

    @Override
    public boolean isRehearsable(RequestContext context) {
        return !isChallenged(context)
                || stage.isRehearsable(context)
                || context.assumedUser().isPresent();
    }

    @Override
    public String name() {
        return stage.name();
    }

    /**
     * §22.1: an ACK cannot be challenged and a CANCEL must not be; both are accepted or refused with their INVITE.
     * Trusted peers do not have a password. REGISTER is always challenged: trust must not decide whose bindings change.
     */
    private static boolean isChallenged(RequestContext context) {
        Method method = context.request().method();
        return method == Method.REGISTER || (method != Method.ACK && method != Method.CANCEL && !context.isTrusted());
    }
}

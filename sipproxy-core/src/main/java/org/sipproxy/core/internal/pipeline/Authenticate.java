package org.sipproxy.core.internal.pipeline;

import org.sipproxy.api.auth.Authentication;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;

/** RFC 3261 §22: asks for a password whom the authentication component wants to. */
final class Authenticate implements Stage {

    private final HostStage step;

    Authenticate(Authentication authentication) {
        this.step = new HostStage(authentication);
    }

    @Override
    public Outcome runAtOnce(RequestContext context) throws SipParseException {
        return isChallenged(context) ? step.runAtOnce(context) : Outcome.proceed();
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        return isChallenged(context) ? step.run(context) : Outcome.proceed();
    }

    /**
     * §22.1: an ACK cannot be challenged and a CANCEL must not be; both stand or fall with their INVITE. A trusted peer has no
     * password, but whose bindings a REGISTER writes is more than trust should decide.
     */
    private static boolean isChallenged(RequestContext context) {
        Method method = context.request().method();
        return method == Method.REGISTER || (method != Method.ACK && method != Method.CANCEL && !context.isTrusted());
    }
}

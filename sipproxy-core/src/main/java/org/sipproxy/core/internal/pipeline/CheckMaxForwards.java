package org.sipproxy.core.internal.pipeline;

import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/**
 * Checks Max-Forwards (RFC 3261 §16.3 step 3). A request that ends at this proxy is not forwarded, so 0 is enough for
 * it.
 */
final class CheckMaxForwards implements Stage {

    static final int MAX = 255;

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        long value = request.number(HeaderName.MAX_FORWARDS, MAX);
        context.maxForwards(value);
        if (value != 0 || isForUs(context, request)) {
            return Outcome.proceed();
        }
        return Outcome.respond(StatusCode.TOO_MANY_HOPS);
    }

    private static boolean isForUs(RequestContext context, SipRequest request) throws SipParseException {
        return (request.method() == Method.REGISTER || AnswerOptions.isForUs(context))
                && context.isMyself(request.requestUri());
    }
}

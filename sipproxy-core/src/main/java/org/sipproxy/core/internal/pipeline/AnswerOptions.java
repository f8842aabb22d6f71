package org.sipproxy.core.internal.pipeline;

import java.util.function.BooleanSupplier;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/** Responds to an OPTIONS that names this proxy without a user, which asks for its capabilities (RFC 3261 §11). */
final class AnswerOptions implements Stage {

    private static final Outcome CAPABILITIES = Outcome.respond(
            StatusCode.OK,
            "OK",
            "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, MESSAGE, SUBSCRIBE, NOTIFY, REFER, INFO, UPDATE, PRACK, PUBLISH",
            "Accept: */*",
            "Accept-Encoding: identity",
            "Accept-Language: en",
            "Supported: path");

    private static final Outcome NOT_READY =
            Outcome.respond(StatusCode.SERVICE_UNAVAILABLE, "Service Unavailable", "Retry-After: 10");

    private final BooleanSupplier isRefused;

    /**
     * Creates a stage that responds with 503 while {@code isRefused} returns true, for dispatchers that probe with
     * OPTIONS.
     */
    AnswerOptions(BooleanSupplier isRefused) {
        this.isRefused = isRefused;
    }

    @Override
    public Outcome run(RequestContext context) throws SipParseException {
        if (!isForUs(context)) {
            return Outcome.proceed();
        }
        return isRefused.getAsBoolean() ? NOT_READY : CAPABILITIES;
    }

    static boolean isForUs(RequestContext context) throws SipParseException {
        SipRequest request = context.request();
        return request.method() == Method.OPTIONS
                && !request.requestUri().hasUser()
                && context.isMyself(request.requestUri())
                && otherRoutes(context) == 0;
    }

    /**
     * Counts the Route elements that do not name this proxy: with any of those the request is meant for another host.
     */
    private static int otherRoutes(RequestContext context) throws SipParseException {
        int others = 0;
        for (var route : context.remainingRoutes()) {
            if (!context.isMyself(route.uri())) {
                others++;
            }
        }
        return others;
    }
}

package org.sipproxy.core.internal.engine;

import java.util.Map;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.StatusCode;

/** Counts refusals of requests, and decides which are logged: those that no component has reported as an event. */
final class Refusals {

    private final RefusalCounts counts = new RefusalCounts();
    private final RefusalLog log;
    private final Components components;

    Refusals(RefusalLog log, Components components) {
        this.log = log;
        this.components = components;
    }

    /** Records a request without a response. Logs it unless a component has reported why. */
    void dropped(RequestContext context, String why) {
        counts.dropped();
        if (!isReported(context)) {
            log.dropped(context.received(), context.flow(), why);
        }
    }

    /** Returns true if an event has reported the refusal. Without a listener an event leaves no trace. */
    private boolean isReported(RequestContext context) {
        return context.isReported() && components.hasListeners();
    }

    void refused(RequestContext context, int status, String phrase, byte[] headerLines) {
        if (status < 400) {
            return;
        }
        counts.refused(status, phrase);
        if (!isReported(context)) {
            String why = context.failure();
            log.refused(context.received(), context.flow(), status, why.isEmpty() ? phrase : why, headerLines);
        }
    }

    /** Records a malformed request without a response. */
    void dropped(SipRequest request, Flow from, String why) {
        counts.dropped();
        log.dropped(request, from, why);
    }

    /** Records a malformed request that got a response. */
    void refused(SipRequest request, Flow from, Outcome.Reply reply) {
        counts.refused(reply.statusCode(), StatusCode.reasonPhrase(reply.statusCode()));
        log.refused(request, from, reply.statusCode(), reply.reason(), reply.headerLines());
    }

    Map<String, Long> counts() {
        return counts.list();
    }
}

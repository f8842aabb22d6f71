package org.sipproxy.core.internal.engine;

import org.sipproxy.core.internal.pipeline.RequestContext;

/** Decides which refusals of requests are logged: those that no component has reported as an event. */
final class Refusals {

    private final RefusalLog log;
    private final Components components;

    Refusals(RefusalLog log, Components components) {
        this.log = log;
        this.components = components;
    }

    /** Records a request without a response. Logs it unless a component has reported why. */
    void dropped(RequestContext context, String why) {
        if (!isReported(context)) {
            log.dropped(context.received(), context.flow(), why);
        }
    }

    /** Returns true if an event has reported the refusal. Without a listener an event leaves no trace. */
    private boolean isReported(RequestContext context) {
        return context.isReported() && components.hasListeners();
    }

    void refused(RequestContext context, int status, String phrase, byte[] headerLines) {
        if (status >= 400 && !isReported(context)) {
            String why = context.failure();
            log.refused(context.received(), context.flow(), status, why.isEmpty() ? phrase : why, headerLines);
        }
    }
}

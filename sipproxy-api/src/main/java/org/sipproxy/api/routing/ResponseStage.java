package org.sipproxy.api.routing;

/**
 * Sees every response that is about to be forwarded upstream and may edit it. It cannot stop or redirect it: which response
 * wins is decided by RFC 3261 §16.7.
 *
 * <p>It runs on an event loop and must not block. An exception is logged with {@link #name()} and the response is forwarded
 * as it came.
 */
@FunctionalInterface
public interface ResponseStage {

    /** Looks at or edits a response. A 2xx of an INVITE that the callee repeats is shown every time. */
    void handle(ResponseStageContext context) throws Exception;

    /** What the step is called in logs. Default the simple class name. */
    default String name() {
        return getClass().getSimpleName();
    }
}

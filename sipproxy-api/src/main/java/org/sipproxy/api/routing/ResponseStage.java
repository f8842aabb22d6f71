package org.sipproxy.api.routing;

/**
 * A stage that sees every response that is about to be forwarded upstream, and may edit it. It does not see locally
 * generated responses, such as a 404, or the 408 after a ring time. It cannot stop or redirect the response: RFC 3261
 * §16.7 and the {@link RelayPlan} decide which response is forwarded. It may replace a failure by another failure (300
 * to 699); an edit that changes the status otherwise is logged and ignored.
 *
 * <p>It must not block, because it usually runs on a receiver thread. An exception is logged with {@link #name()}, and
 * the response is forwarded as it was received.
 */
@FunctionalInterface
public interface ResponseStage {

    /**
     * Inspects or edits a response. Each retransmission of a 2xx to an INVITE is passed to the stage as well.
     *
     * @throws Exception if the stage fails; the response is then forwarded as it was received
     */
    void handle(ResponseStageContext context) throws Exception;

    /** Returns the stage's name for logs. Default: the simple class name. */
    default String name() {
        return getClass().getSimpleName();
    }
}

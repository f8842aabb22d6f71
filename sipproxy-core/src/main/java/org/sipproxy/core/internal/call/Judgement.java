package org.sipproxy.core.internal.call;

import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;

/**
 * Verdict on a call, from the response to an in-dialog OPTIONS.
 *
 * @param why the reason, for logs and events; empty if the call continues
 */
record Judgement(Verdict verdict, String why) {

    enum Verdict {
        /** The side knows the call, or nothing was learned. */
        GOES_ON,
        /** It cannot be reached now, for example because its connection is closed. */
        UNREACHABLE,
        LOST
    }

    private static final Judgement GOES_ON = new Judgement(Verdict.GOES_ON, "");

    static Judgement of(@Nullable SipResponse response, @Nullable Throwable failure) {
        if (response != null) {
            return switch (response.statusCode()) {
                case StatusCode.CALL_OR_TRANSACTION_DOES_NOT_EXIST, StatusCode.REQUEST_TIMEOUT ->
                    new Judgement(Verdict.LOST, "responded " + response.statusCode() + " to OPTIONS");
                case StatusCode.FLOW_FAILED, StatusCode.TEMPORARILY_UNAVAILABLE ->
                    new Judgement(Verdict.UNREACHABLE, "cannot be reached (" + response.statusCode() + ")");
                default -> GOES_ON;
            };
        }
        Throwable cause = failure instanceof CompletionException wrapped ? wrapped.getCause() : failure;
        if (cause instanceof RequestFailedException failed) {
            return switch (failed.reason()) {
                case TIMED_OUT -> new Judgement(Verdict.LOST, "did not respond to OPTIONS");
                case UNREACHABLE -> new Judgement(Verdict.UNREACHABLE, "cannot be reached");
                case TOO_MANY_PENDING, PROXY_CLOSED, INTERNAL_ERROR -> GOES_ON;
            };
        }
        return GOES_ON;
    }
}

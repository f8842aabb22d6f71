package org.sipproxy.api.client;

import java.util.concurrent.CompletableFuture;
import org.sipproxy.api.call.CallEnd;

/**
 * Call between two users that the proxy controls (third-party call control, RFC 3725). The proxy is one side of two
 * dialogs and passes requests from one to the other.
 *
 * <p>Thread-safe; no method blocks. Callbacks of the futures run on the threads that serve the futures of
 * {@link RequestClient}, with the same rules.
 *
 * <p>Not for implementation by host applications: methods may be added in a minor version. Unit tests use {@code
 * FakeThirdPartyCall} of {@code sipproxy-testkit}.
 */
public interface ThirdPartyCall {

    /** State of a call, in order. */
    enum State {
        /** The first user is being called. */
        CALLING_FIRST,
        /** The first user has answered and waits; the second one is being called. */
        CALLING_SECOND,
        /** Both users have answered. */
        CONNECTED,
        /** The call has ended. */
        ENDED
    }

    /** Returns what was to be connected. */
    CallSetup setup();

    /** Returns the current state. */
    State state();

    /**
     * Returns a future that completes with true when both users have answered, or with false if the call ends before.
     * Completing or cancelling it has no effect on the call.
     */
    CompletableFuture<Boolean> connected();

    /**
     * Returns a future that completes when the call has ended, and never with an exception. {@code CALLER} is the first
     * user, {@code CALLEE} the second. Completing or cancelling it has no effect on the call.
     *
     * <p>A user who does not answer in time, is busy or cannot be reached is the side that ended the call, with the
     * status of the response, or 408 if there was none. {@code CANCELLED} by the {@code CALLER}: the first user hung up
     * before the second one answered. {@code REJECTED} by the {@code PROXY} with 503: the limit of such calls is
     * reached. {@code PROXY_CLOSED}: the proxy is draining or was closed. {@code FAILED}: a 200 had no session
     * description, or the proxy failed.
     */
    CompletableFuture<CallEnd> ended();

    /**
     * Ends the call: CANCEL to a user who rings, BYE to one who has answered, with a Reason header (RFC 3326). Without
     * effect on a call that has ended.
     *
     * @param reason text for the phones and for {@link #ended}, at most 200 characters, may be empty
     * @return a future that completes when the BYEs and CANCELs have a response or have timed out; this may take 64*T1
     *     (32 s) if a phone does not respond
     * @throws IllegalArgumentException if {@code reason} is too long or contains a control character
     */
    CompletableFuture<CallEnd> hangUp(String reason);
}

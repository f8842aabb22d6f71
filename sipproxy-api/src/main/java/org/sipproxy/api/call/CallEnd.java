package org.sipproxy.api.call;

import java.util.Objects;
import org.sipproxy.annotation.Beta;

/**
 * End of a call: the side that ended it, and the reason.
 *
 * @param side the side that ended the call
 * @param reason why it ended
 * @param statusCode the final response to the INVITE that ended an unanswered call, received or locally generated, 300
 *     to 699; 0 for an answered call, and if something else ended the call, such as {@link Calls#hangUp}
 * @param text details for people, such as the reason phrase or the host application's text; may be empty
 */
public record CallEnd(Side side, Reason reason, int statusCode, String text) {

    /** Side that ends a call. */
    public enum Side {
        CALLER,
        CALLEE,
        /** This proxy, which includes the host application. */
        PROXY,
        /** Neither side and not the proxy, such as when no target could be reached. */
        NONE
    }

    /** Reason for the end of a call. */
    public enum Reason {
        /** One side sent BYE. The response to it does not matter (RFC 3261 §15.1.1). */
        BYE,
        /** The caller sent CANCEL before the callee answered. */
        CANCELLED,
        /** 486 or 600. Includes a callee who has reached the limit of calls of one user. */
        BUSY,
        /** 408 or 480: the callee did not pick up, or is not registered. */
        NO_ANSWER,
        /** 603, 607 or 608. */
        DECLINED,
        /** 430, 500, 502, 503 or 504: no target could be reached or could serve. */
        UNREACHABLE,
        /** Every other final response, challenges (401, 407) and redirections included. */
        REJECTED,
        /**
         * One side no longer knows the call or cannot be reached, so that its BYE was probably lost. Found by in-dialog
         * OPTIONS, or by a session interval (RFC 4028) that passed without a refresh.
         */
        LOST,
        /** The call has reached its longest duration. */
        MAX_DURATION,
        /**
         * The host application ended the call, by {@link Calls#hangUp} or
         * {@link org.sipproxy.api.client.ThirdPartyCall#hangUp}.
         */
        HUNG_UP,
        /** The proxy was closed before the callee answered. */
        PROXY_CLOSED,
        /** The proxy failed; its log has the error. */
        FAILED
    }

    /** Checks that nothing is null. */
    @Beta
    public CallEnd {
        Objects.requireNonNull(side, "side");
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(text, "text");
    }
}

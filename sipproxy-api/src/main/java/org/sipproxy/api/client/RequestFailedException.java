package org.sipproxy.api.client;

import java.io.Serial;
import java.util.Objects;

/** Result of a request for which there is no final response. The message says why. */
public final class RequestFailedException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    /** Kind of failure. */
    public enum Reason {
        /**
         * No next hop could be reached: the name has no address, the connection was refused or lost, no listening point
         * leads there, or an address was refused.
         */
        UNREACHABLE,
        /**
         * No final response arrived within {@link OutgoingRequest#timeLimit}, or within Timer F at each next hop (RFC
         * 3261 §17.1.2). The request may have been processed. A 408 counts as no response (RFC 4320 §4.2).
         */
        TIMED_OUT,
        /**
         * The request was not sent, because the limit of pending requests or of the memory for transactions is reached.
         * A later attempt may succeed.
         */
        TOO_MANY_PENDING,
        /** The proxy is closing or closed. */
        PROXY_CLOSED,
        /** The proxy failed; its log has the error. */
        INTERNAL_ERROR
    }

    private final Reason reason;

    /** Creates a failure. */
    public RequestFailedException(Reason reason, String message) {
        super(message);
        this.reason = Objects.requireNonNull(reason, "reason");
    }

    /** Returns the kind of failure. */
    public Reason reason() {
        return reason;
    }
}

package org.sipproxy.api.routing;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * What a step or a store needs cannot be had now, such as a database that does not answer; the same may succeed later. The
 * request is answered 503 with Retry-After (RFC 3261 §21.5.4), and a line without a stack trace is logged every half a minute
 * at most: it is no defect of the step.
 */
public final class TemporarilyUnavailableException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final int retryAfterSeconds;

    /**
     * An outage.
     *
     * @param message what is missing and why, for the log
     * @param retryAfterSeconds when to try again, 1 or more
     * @throws IllegalArgumentException if {@code retryAfterSeconds} is less than 1
     */
    public TemporarilyUnavailableException(String message, int retryAfterSeconds, @Nullable Throwable cause) {
        super(message, cause);
        if (retryAfterSeconds < 1) {
            throw new IllegalArgumentException("retryAfterSeconds: " + retryAfterSeconds + " (expected 1 or more)");
        }
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** When the client may try again, in seconds. */
    public int retryAfterSeconds() {
        return retryAfterSeconds;
    }
}

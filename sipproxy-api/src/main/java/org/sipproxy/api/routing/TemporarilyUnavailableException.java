package org.sipproxy.api.routing;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * Thrown if a stage or store temporarily lacks something that it needs, such as a database that does not respond. The
 * request gets a 503 with Retry-After (RFC 3261 §21.5.4). A line without a stack trace is logged at most every 30 s,
 * because the stage has no defect.
 */
public final class TemporarilyUnavailableException extends RuntimeException {

    @Serial
    private static final long serialVersionUID = 1L;

    private final int retryAfterSeconds;

    /**
     * Creates an exception for an outage.
     *
     * @param message what is missing and why, for the log
     * @param retryAfterSeconds when to try again, in seconds; 1 or more
     * @throws IllegalArgumentException if {@code retryAfterSeconds} is less than 1
     */
    public TemporarilyUnavailableException(String message, int retryAfterSeconds, @Nullable Throwable cause) {
        super(message, cause);
        if (retryAfterSeconds < 1) {
            throw new IllegalArgumentException("retryAfterSeconds: " + retryAfterSeconds + " (expected 1 or more)");
        }
        this.retryAfterSeconds = retryAfterSeconds;
    }

    /** Returns after how many seconds the client may try again. */
    public int retryAfterSeconds() {
        return retryAfterSeconds;
    }
}

package org.sipproxy.api.event;

import java.time.Duration;
import java.util.Objects;

/**
 * An operation on a database that has ended.
 *
 * @param operation what it did, from a small fixed set, such as {@code bindings.write}; never text from a message
 * @param duration how long the operation took, the wait for a connection included
 * @param succeeded false if it failed
 */
public record DatabaseCall(String operation, Duration duration, boolean succeeded) {

    /** Checks that nothing is null. */
    public DatabaseCall {
        Objects.requireNonNull(operation, "operation");
        Objects.requireNonNull(duration, "duration");
    }
}

package org.sipproxy.gateway;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import org.sipproxy.annotation.Beta;

/**
 * State of a trunk.
 *
 * @param name the trunk's name
 * @param state the state of its registration; {@link TrunkState#UNREGISTERED} for one that does not register
 * @param reason why it is in that state, such as {@code 503 Service Unavailable}; empty before the first attempt
 * @param registeredUntil when the latest registration expires unless it is refreshed, by the wall clock; empty if there
 *     is none
 * @param nextAttempt when the next REGISTER is sent, by the wall clock; empty if none is planned or one is in progress
 */
public record TrunkStatus(
        String name,
        TrunkState state,
        String reason,
        Optional<Instant> registeredUntil,
        Optional<Instant> nextAttempt) {

    /** Checks that nothing is null. */
    @Beta
    public TrunkStatus {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(state, "state");
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(registeredUntil, "registeredUntil");
        Objects.requireNonNull(nextAttempt, "nextAttempt");
    }
}

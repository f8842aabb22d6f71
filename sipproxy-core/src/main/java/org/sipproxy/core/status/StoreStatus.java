package org.sipproxy.core.status;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * How the location store and its database are doing.
 *
 * @param databaseAnswers false from the moment when the database could not be reached until it has done something again; true
 *     without a database
 * @param waiting users whose changes are in memory only and wait to be written; after {@code SipProxy.close()}, those whose changes
 *     were lost; 0 unless the mode is write-back
 * @param oldestWaiting how long the oldest of these changes has waited, on the monotonic clock: what a crash would cost now; zero
 *     if none waits
 * @param lastWrite when the database last took a change
 * @param lastError what the database said when it last failed; stays when it works again
 * @param lastErrorAt when that was
 */
public record StoreStatus(
        boolean databaseAnswers,
        long waiting,
        Duration oldestWaiting,
        Optional<Instant> lastWrite,
        Optional<String> lastError,
        Optional<Instant> lastErrorAt) {

    /** That of bindings in memory, and of a store that the host made and knows better. */
    public static final StoreStatus WITHOUT_DATABASE =
            new StoreStatus(true, 0, Duration.ZERO, Optional.empty(), Optional.empty(), Optional.empty());
}

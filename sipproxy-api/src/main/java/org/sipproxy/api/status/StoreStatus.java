package org.sipproxy.api.status;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.sipproxy.annotation.Beta;

/**
 * State of the location store and its database.
 *
 * @param databaseAnswers false from the moment when the database could not be reached until an operation succeeds
 *     again; true without a database
 * @param waiting users whose changes are only in memory and wait to be written; after {@code SipProxy.close()}, users
 *     whose changes were lost. 0 unless the mode is write-back
 * @param oldestWaiting how long the oldest of these changes has waited, on the monotonic clock: what a crash would lose
 *     now. Zero if none waits
 * @param lastWrite when the database last accepted a change
 * @param lastError the latest error of the database; stays when the database works again
 * @param lastErrorAt when that error occurred
 */
public record StoreStatus(
        boolean databaseAnswers,
        long waiting,
        Duration oldestWaiting,
        Optional<Instant> lastWrite,
        Optional<String> lastError,
        Optional<Instant> lastErrorAt) {

    /** Status of bindings that are only in memory, and of a location store that the host application provided. */
    public static final StoreStatus WITHOUT_DATABASE =
            new StoreStatus(true, 0, Duration.ZERO, Optional.empty(), Optional.empty(), Optional.empty());

    /** For the proxy: gets parameters in minor versions. */
    @Beta
    public StoreStatus {}
}

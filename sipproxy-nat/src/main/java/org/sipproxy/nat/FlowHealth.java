package org.sipproxy.nat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;

/**
 * What is known of one flow that clients registered over.
 *
 * @param remote where the client was seen
 * @param endpoint the listening point that it was seen at, and that pings leave by
 * @param users whose bindings it carries
 * @param heardAt when something came from there last, on the wall clock
 * @param unanswered OPTIONS pings in a row that got no answer
 * @param roundTrip of the ping that was answered last; nothing if none was
 */
public record FlowHealth(
        InetSocketAddress remote,
        Endpoint endpoint,
        List<Aor> users,
        Instant heardAt,
        int unanswered,
        Optional<Duration> roundTrip) {

    /** Copies the list. */
    public FlowHealth {
        users = List.copyOf(users);
    }

    static FlowHealth of(KeptFlow kept, Duration shift) {
        long nanos = kept.roundTripNanos;
        return new FlowHealth(
                kept.flow.remoteAddress(),
                kept.flow.endpoint(),
                java.util.Arrays.stream(kept.clients).map(client -> client.aor).toList(),
                Instant.ofEpochMilli(kept.heardMillis()).plus(shift),
                kept.unanswered,
                nanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos)));
    }
}

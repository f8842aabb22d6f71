package org.sipproxy.nat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.sipproxy.annotation.Beta;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;

/**
 * Health of a flow over which clients have registered.
 *
 * @param remote the address at which the client was seen
 * @param endpoint the listening point that the client uses and that pings are sent from
 * @param users the users whose bindings use the flow
 * @param heardAt when the last message arrived from the client, in wall-clock time
 * @param unanswered consecutive OPTIONS pings without a response
 * @param roundTrip round trip of the latest ping that got a response; empty if none did
 */
public record FlowHealth(
        InetSocketAddress remote,
        Endpoint endpoint,
        List<Aor> users,
        Instant heardAt,
        int unanswered,
        Optional<Duration> roundTrip) {

    /** Copies the list. */
    @Beta
    public FlowHealth {
        users = List.copyOf(users);
    }

    static FlowHealth of(KeptFlow kept, Duration shift) {
        long nanos = kept.roundTripNanos;
        return new FlowHealth(
                kept.flow.remoteAddress(),
                kept.flow.endpoint(),
                java.util.Arrays.stream(kept.clients).map(client -> client.aor).toList(),
                Instant.ofEpochMilli(kept.receivedMillis()).plus(shift),
                kept.unanswered,
                nanos < 0 ? Optional.empty() : Optional.of(Duration.ofNanos(nanos)));
    }
}

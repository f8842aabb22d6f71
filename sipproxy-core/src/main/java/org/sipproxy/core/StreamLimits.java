package org.sipproxy.core;

import java.time.Duration;
import java.util.Objects;

/**
 * What a peer may take, over TCP, TLS, WS or WSS.
 *
 * @param connections most open connections, accepted and made together; 1 to 1,000,000; default 10,000
 * @param connectionsPerAddress most accepted connections from one IP address; default 1,000
 * @param idleTimeout a connection without traffic is closed; 1 s to 1 day; default 3,605 s, just above a registration's time
 * @param messageTimeout a message must be complete this long after its first byte, and so must the handshake of a WebSocket
 *     without TLS; 100 ms to 5 min; default 10 s
 * @param connectTimeout how long a connection may take to open, and then over TLS its handshake; 100 ms to 2 min; default 5 s
 * @param bufferedBytes most bytes waiting to be sent on one connection; beyond it the connection is closed; default 1 MiB
 */
public record StreamLimits(
        int connections,
        int connectionsPerAddress,
        Duration idleTimeout,
        Duration messageTimeout,
        Duration connectTimeout,
        int bufferedBytes) {

    /** The defaults above. */
    public static final StreamLimits DEFAULT = new StreamLimits(
            10_000, 1_000, Duration.ofSeconds(3605), Duration.ofSeconds(10), Duration.ofSeconds(5), 1 << 20);

    /** Checks that nothing is null; ranges are checked by {@code SipProxyBuilder.build()}, all at once. */
    public StreamLimits {
        Objects.requireNonNull(idleTimeout, "idleTimeout");
        Objects.requireNonNull(messageTimeout, "messageTimeout");
        Objects.requireNonNull(connectTimeout, "connectTimeout");
    }
}

package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;

/**
 * Per-peer and total limits of the stream transports TCP, TLS, WS and WSS.
 *
 * <p>Connections are counted by source: an IPv4 address, or an IPv6 /64. A source is known for an hour after a request
 * from it arrived over a connection and either carried the right password or came from a trusted peer. Connections from
 * other sources together take at most three quarters of {@code connections}. Accepted connections take at most seven
 * eighths, and so do the connections that the proxy opens. If a limit is reached, the new connection evicts the oldest
 * unproven connection of the source that has the most of them, connections without a message first. A connection is
 * unproven until a password has been proved on it. A proven connection is never evicted.
 *
 * @param connections maximum number of open connections, accepted and opened together. 1 to 1,000,000. Default 10,000
 * @param connectionsPerSource maximum number of accepted connections from one source. 1 to 1,000,000. Default 1,000
 * @param firstMessageTimeout an accepted connection is closed if it has not delivered a valid SIP message by then;
 *     keepalives do not count. 100 ms to 5 min. Default 20 s
 * @param idleTimeout a connection without traffic is closed after this time. 1 s to 1 day. Default 3,605 s, just above
 *     the lifetime of a registration
 * @param messageTimeout how long after its first byte a message must be complete; also the limit for the WebSocket
 *     handshake without TLS. 100 ms to 5 min. Default 10 s
 * @param connectTimeout how long opening a connection may take; over TLS, the handshake has the same time again. 100 ms
 *     to 2 min. Default 5 s
 * @param bufferedBytes maximum number of bytes waiting to be sent on one connection; beyond it the connection is
 *     closed. Default 1 MiB
 */
public record StreamLimits(
        int connections,
        int connectionsPerSource,
        Duration firstMessageTimeout,
        Duration idleTimeout,
        Duration messageTimeout,
        Duration connectTimeout,
        int bufferedBytes) {

    /** The defaults listed above. */
    public static final StreamLimits DEFAULT = new StreamLimits(
            10_000,
            1_000,
            Duration.ofSeconds(20),
            Duration.ofSeconds(3605),
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            1 << 20);

    /** Checks that nothing is null. {@code SipProxyBuilder.build()} checks all ranges together. */
    public StreamLimits {
        Objects.requireNonNull(firstMessageTimeout, "firstMessageTimeout");
        Objects.requireNonNull(idleTimeout, "idleTimeout");
        Objects.requireNonNull(messageTimeout, "messageTimeout");
        Objects.requireNonNull(connectTimeout, "connectTimeout");
    }
}

package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;

/**
 * Per-peer and total limits of the stream transports TCP, TLS, WS and WSS.
 *
 * <p>Connections are counted by source: an IPv4 address, or an IPv6 /64. A source is known for an hour after a request with the
 * right password, or from a trusted peer, came in on a connection from it. Connections from other sources together take at most
 * three quarters of {@code connections}; accepted connections take at most seven eighths, and so do those that the proxy opens.
 * If a limit is reached, the new connection takes the place of the oldest connection, first of those without a message, of the
 * source with the most connections on which no password was proved. A connection on which one was proved never makes room.
 *
 * @param connections most open connections, accepted and opened together; 1 to 1,000,000; default 10,000
 * @param connectionsPerSource most accepted connections from one source; 1 to 1,000,000; default 1,000
 * @param firstMessageTimeout an accepted connection is closed if it has not delivered a valid SIP message by then; keepalives
 *     do not count; 100 ms to 5 min; default 20 s
 * @param idleTimeout a connection without traffic is closed; 1 s to 1 day; default 3,605 s, just above a registration's time
 * @param messageTimeout a message must be complete this long after its first byte, and so must the handshake of a WebSocket
 *     without TLS; 100 ms to 5 min; default 10 s
 * @param connectTimeout how long a connection may take to open, and then over TLS its handshake; 100 ms to 2 min; default 5 s
 * @param bufferedBytes most bytes waiting to be sent on one connection; beyond it the connection is closed; default 1 MiB
 */
public record StreamLimits(
        int connections,
        int connectionsPerSource,
        Duration firstMessageTimeout,
        Duration idleTimeout,
        Duration messageTimeout,
        Duration connectTimeout,
        int bufferedBytes) {

    /** The defaults above. */
    public static final StreamLimits DEFAULT = new StreamLimits(
            10_000,
            1_000,
            Duration.ofSeconds(20),
            Duration.ofSeconds(3605),
            Duration.ofSeconds(10),
            Duration.ofSeconds(5),
            1 << 20);

    /** Checks that nothing is null; ranges are checked by {@code SipProxyBuilder.build()}, all at once. */
    public StreamLimits {
        Objects.requireNonNull(firstMessageTimeout, "firstMessageTimeout");
        Objects.requireNonNull(idleTimeout, "idleTimeout");
        Objects.requireNonNull(messageTimeout, "messageTimeout");
        Objects.requireNonNull(connectTimeout, "connectTimeout");
    }
}

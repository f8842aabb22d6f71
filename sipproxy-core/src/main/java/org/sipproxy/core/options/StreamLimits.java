package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

/**
 * Per-peer and total limits of the stream transports TCP, TLS, WS and WSS.
 *
 * <p>Connections are counted by source: an IPv4 address, or an IPv6 /64. A source is known for an hour after a request
 * from it arrived over a connection and either carried the right password or came from a trusted peer. Connections from
 * other sources together take at most three quarters of {@link Builder#connections}. Accepted connections take at most
 * seven eighths, and so do the connections that the proxy opens. If a limit is reached, the new connection evicts the
 * oldest unproven connection of the source that has the most of them, connections without a message first. A connection
 * is unproven until a password has been proved on it. A proven connection is never evicted.
 */
public final class StreamLimits {

    /** The defaults of {@link Builder}. */
    public static final StreamLimits DEFAULT = builder().build();

    private final int connections;
    private final int connectionsPerSource;
    private final Duration firstMessageTimeout;
    private final Duration idleTimeout;
    private final Duration messageTimeout;
    private final Duration connectTimeout;
    private final Duration webSocketPing;
    private final int bufferedBytes;

    private StreamLimits(Builder builder) {
        this.connections = builder.connections;
        this.connectionsPerSource = builder.connectionsPerSource;
        this.firstMessageTimeout = builder.firstMessageTimeout;
        this.idleTimeout = builder.idleTimeout;
        this.messageTimeout = builder.messageTimeout;
        this.connectTimeout = builder.connectTimeout;
        this.webSocketPing = builder.webSocketPing;
        this.bufferedBytes = builder.bufferedBytes;
    }

    /** Returns a builder with the defaults. */
    public static Builder builder() {
        return new Builder();
    }

    /** Returns a builder with these values. */
    public Builder toBuilder() {
        Builder builder = new Builder();
        builder.connections = connections;
        builder.connectionsPerSource = connectionsPerSource;
        builder.firstMessageTimeout = firstMessageTimeout;
        builder.idleTimeout = idleTimeout;
        builder.messageTimeout = messageTimeout;
        builder.connectTimeout = connectTimeout;
        builder.webSocketPing = webSocketPing;
        builder.bufferedBytes = bufferedBytes;
        return builder;
    }

    /** Returns the maximum number of connections, see {@link Builder#connections}. */
    public int connections() {
        return connections;
    }

    /** Returns the maximum number of connections from one source, see {@link Builder#connectionsPerSource}. */
    public int connectionsPerSource() {
        return connectionsPerSource;
    }

    /** Returns the time for the first message, see {@link Builder#firstMessageTimeout}. */
    public Duration firstMessageTimeout() {
        return firstMessageTimeout;
    }

    /** Returns the idle time, see {@link Builder#idleTimeout}. */
    public Duration idleTimeout() {
        return idleTimeout;
    }

    /** Returns the time for a message, see {@link Builder#messageTimeout}. */
    public Duration messageTimeout() {
        return messageTimeout;
    }

    /** Returns the time for opening a connection, see {@link Builder#connectTimeout}. */
    public Duration connectTimeout() {
        return connectTimeout;
    }

    /** Returns the silence before a ping, see {@link Builder#webSocketPing}. */
    public Duration webSocketPing() {
        return webSocketPing;
    }

    /** Returns the maximum number of waiting bytes, see {@link Builder#bufferedBytes}. */
    public int bufferedBytes() {
        return bufferedBytes;
    }

    @Override
    public String toString() {
        return "StreamLimits[connections " + connections + ", connectionsPerSource " + connectionsPerSource
                + ", firstMessageTimeout " + firstMessageTimeout + ", idleTimeout " + idleTimeout + ", messageTimeout "
                + messageTimeout + ", connectTimeout " + connectTimeout + ", webSocketPing " + webSocketPing
                + ", bufferedBytes " + bufferedBytes + "]";
    }

    /** Builder of {@link StreamLimits}. Not thread-safe. */
    public static final class Builder {

        private int connections = 10_000;
        private int connectionsPerSource = 1_000;
        private Duration firstMessageTimeout = Duration.ofSeconds(20);
        private Duration idleTimeout = Duration.ofSeconds(3605);
        private Duration messageTimeout = Duration.ofSeconds(10);
        private Duration connectTimeout = Duration.ofSeconds(5);
        private Duration webSocketPing = Duration.ofSeconds(30);
        private int bufferedBytes = 1 << 20;

        private Builder() {}

        /**
         * Sets the maximum number of open connections, accepted and opened together. 1 to 1,000,000. Default 10,000.
         */
        public Builder connections(int value) {
            connections = value;
            return this;
        }

        /**
         * Sets the maximum number of accepted connections from one source. 1 to 1,000,000. Default 1,000.
         */
        public Builder connectionsPerSource(int value) {
            connectionsPerSource = value;
            return this;
        }

        /**
         * Sets how long an accepted connection may take to deliver a valid SIP message; keepalives do not count. It is
         * closed afterwards. 100 ms to 5 min. Default 20 s.
         */
        public Builder firstMessageTimeout(Duration value) {
            firstMessageTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets after which time without traffic a connection is closed. 1 s to 1 day. Default 3,605 s, just above the
         * lifetime of a registration.
         */
        public Builder idleTimeout(Duration value) {
            idleTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets how long after its first byte a message must be complete; also the limit for the WebSocket handshake
         * without TLS. 100 ms to 5 min. Default 10 s.
         */
        public Builder messageTimeout(Duration value) {
            messageTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets how long opening a connection may take; over TLS, the handshake has the same time again. 100 ms to 2
         * min. Default 5 s.
         */
        public Builder connectTimeout(Duration value) {
            connectTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets after which time without a byte from its peer a WebSocket gets a ping (RFC 6455 §5.5.2). When as much
         * time again passes without a byte, the peer is gone and the connection is closed; then the bindings of the
         * connection end, if {@code RegistrarPolicy.Builder.connectionLoss} says so. A browser responds to pings
         * without the help of its page. 1 s to 1 h; zero for no pings. Default 30 s, which also keeps the connection in
         * the tables of NATs and HTTP proxies.
         */
        public Builder webSocketPing(Duration value) {
            webSocketPing = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets the maximum number of bytes waiting to be sent on one connection; beyond it the connection is closed.
         * 1,024 to 1,073,741,824. Default 1 MiB.
         */
        public Builder bufferedBytes(int value) {
            bufferedBytes = value;
            return this;
        }

        /**
         * Returns the values.
         *
         * @throws ConfigurationException if a value is outside its range
         */
        public StreamLimits build() {
            OptionProblems problems = new OptionProblems("");
            problems.range("connections", connections, 1, 1_000_000);
            problems.range("connectionsPerSource", connectionsPerSource, 1, 1_000_000);
            problems.range("firstMessageTimeout", firstMessageTimeout, Duration.ofMillis(100), Duration.ofMinutes(5));
            problems.range("idleTimeout", idleTimeout, Duration.ofSeconds(1), Duration.ofDays(1));
            problems.range("messageTimeout", messageTimeout, Duration.ofMillis(100), Duration.ofMinutes(5));
            problems.range("connectTimeout", connectTimeout, Duration.ofMillis(100), Duration.ofMinutes(2));
            if (!webSocketPing.isZero()) {
                problems.range("webSocketPing", webSocketPing, Duration.ofSeconds(1), Duration.ofHours(1));
            }
            problems.range("bufferedBytes", bufferedBytes, 1_024, 1 << 30);
            problems.throwIfAny();
            return new StreamLimits(this);
        }
    }
}

package org.sipproxy.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.util.unit.DataSize;

/**
 * Limits of messages, connections and memory.
 *
 * @param messageBytes Longest message; a longer one is refused.
 * @param headerBytes Longest header of a message.
 * @param headers Header lines of a message, 16 to 10000.
 * @param listElements Elements of a header that is read as a list, such as Route and Contact, 1 to 10000.
 * @param connections Open connections of TCP, TLS and WebSockets, 1 to 1000000.
 * @param connectionsPerSource Connections that one source may open, 1 to 1000000.
 * @param firstMessageTimeout How long a new connection may take to deliver a SIP message before it is closed.
 * @param messageTimeout When a message that has begun to arrive on a connection must be complete.
 * @param idleTimeout When a connection without traffic is closed.
 * @param connectTimeout How long opening a connection may take.
 * @param websocketPing When a WebSocket without traffic from its peer gets a ping, and how long the response may take;
 *     0s for no pings.
 * @param bufferedBytes Bytes that wait to be sent on one connection; with more it is closed.
 * @param transactionBytes Memory for live transactions, at least 1MB. Default a quarter of the heap.
 * @param lingeringBytes Memory for finished transactions that are kept to recognize retransmissions, 1MB to 32GB.
 *     Default a quarter of the heap.
 * @param pendingRequests Own requests of the application that wait for their response, 1 to 1000000.
 * @param thirdPartyCalls Calls at a time that the application sets up between users, 1 to 1000000.
 */
@ConfigurationProperties("sipproxy")
record LimitProperties(
        @DefaultValue("64KB") DataSize messageBytes,
        @DefaultValue("64KB") DataSize headerBytes,
        @DefaultValue("1024") int headers,
        @DefaultValue("64") int listElements,
        @DefaultValue("10000") int connections,
        @DefaultValue("1000") int connectionsPerSource,
        @DefaultValue("20s") Duration firstMessageTimeout,
        @DefaultValue("10s") Duration messageTimeout,
        @DefaultValue("3605s") Duration idleTimeout,
        @DefaultValue("5s") Duration connectTimeout,
        @DefaultValue("30s") Duration websocketPing,
        @DefaultValue("1MB") DataSize bufferedBytes,
        @Nullable DataSize transactionBytes,
        @Nullable DataSize lingeringBytes,
        @DefaultValue("10000") int pendingRequests,
        @DefaultValue("10000") int thirdPartyCalls) {

    void addTo(SipProxyBuilder builder, Problems problems) {
        problems.collect(() -> builder.parseLimits(ParseLimits.builder()
                .messageBytes(bytes(messageBytes))
                .headerLineBytes(bytes(headerBytes))
                .headers(headers)
                .listElements(listElements)
                .build()));
        problems.collect(() -> builder.streamLimits(StreamLimits.builder()
                .connections(connections)
                .connectionsPerSource(connectionsPerSource)
                .firstMessageTimeout(firstMessageTimeout)
                .messageTimeout(messageTimeout)
                .idleTimeout(idleTimeout)
                .connectTimeout(connectTimeout)
                .webSocketPing(websocketPing)
                .bufferedBytes(bytes(bufferedBytes))
                .build()));
        if (transactionBytes != null) {
            builder.transactionBytes(transactionBytes.toBytes());
        }
        if (lingeringBytes != null) {
            builder.lingeringBytes(lingeringBytes.toBytes());
        }
        builder.pendingRequests(pendingRequests).thirdPartyCalls(thirdPartyCalls);
    }

    private static int bytes(DataSize size) {
        return (int) Math.max(Integer.MIN_VALUE, Math.min(size.toBytes(), Integer.MAX_VALUE));
    }
}

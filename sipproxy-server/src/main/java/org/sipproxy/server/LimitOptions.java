package org.sipproxy.server;

import java.util.List;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.server.config.Section;
import picocli.CommandLine.Option;

/** Options for the limits of messages, connections and memory, kept as text like those of {@link ProxyOptions}. */
@Section("Limits of messages, connections and memory")
final class LimitOptions {

    @Option(
            names = "--message-bytes",
            paramLabel = "SIZE",
            description = "Longest message, 1k to 16m; a longer one is refused. Default: 64k.")
    String messageBytes = "";

    @Option(
            names = "--header-bytes",
            paramLabel = "SIZE",
            description = "Longest header of a message, 256 to 1m. Default: 64k.")
    String headerBytes = "";

    @Option(
            names = "--headers",
            paramLabel = "N",
            description = "Header lines of a message, 16 to 10000. Default: 1024.")
    String headers = "";

    @Option(
            names = "--list-elements",
            paramLabel = "N",
            description =
                    "Elements of a header that is read as a list, such as Route and Contact, 1 to 10000. Default: 64.")
    String listElements = "";

    @Option(
            names = "--connections",
            paramLabel = "N",
            description = "Open connections of TCP, TLS and WebSockets, 1 to 1000000. Default: 10000.")
    String connections = "";

    @Option(
            names = "--connections-per-source",
            paramLabel = "N",
            description = "Connections that one source may open, 1 to 1000000. Default: 1000.")
    String connectionsPerSource = "";

    @Option(
            names = "--first-message-timeout",
            paramLabel = "DURATION",
            description = {
                "How long a new connection may take to deliver a SIP message before it is closed, 100ms to 5m.",
                "Default: 20s."
            })
    String firstMessageTimeout = "";

    @Option(
            names = "--idle-timeout",
            paramLabel = "DURATION",
            description = {
                "When a connection without traffic is closed, 1s to 1d. Default: 3605s, just above the lifetime of a",
                "registration."
            })
    String idleTimeout = "";

    @Option(
            names = "--message-timeout",
            paramLabel = "DURATION",
            description =
                    "When a message that has begun to arrive on a connection must be complete, 100ms to 5m. Default: 10s.")
    String messageTimeout = "";

    @Option(
            names = "--connect-timeout",
            paramLabel = "DURATION",
            description = "How long opening a connection may take, 100ms to 2m. Default: 5s.")
    String connectTimeout = "";

    @Option(
            names = "--websocket-ping",
            paramLabel = "DURATION",
            description = {
                "When a WebSocket without traffic from its peer gets a ping; after the same time without a response it is",
                "closed. 1s to 1h, or 0s for no pings. Default: 30s."
            })
    String webSocketPing = "";

    @Option(
            names = "--buffered-bytes",
            paramLabel = "SIZE",
            description =
                    "Bytes that wait to be sent on one connection, 1k to 1g; with more it is closed. Default: 1m.")
    String bufferedBytes = "";

    @Option(
            names = "--transaction-bytes",
            paramLabel = "SIZE",
            description = "Memory for live transactions, 1m or more. Default: a quarter of the heap.")
    String transactionBytes = "";

    @Option(
            names = "--lingering-bytes",
            paramLabel = "SIZE",
            description = {
                "Memory for finished transactions that are kept to recognize retransmissions, in bytes or with k, m or g;",
                "1m to 32g. Default: a quarter of the heap."
            })
    String lingeringBytes = "";

    @Option(
            names = "--pending-requests",
            paramLabel = "N",
            description = {
                "Requests of the server itself that wait for their response, such as OPTIONS to gateways, 1 to 1000000.",
                "Default: 10000."
            })
    String pendingRequests = "";

    @Option(
            names = "--worker-threads",
            paramLabel = "N",
            description =
                    "Threads that wait for the database, 1 to 1000. Default: 8, or 32 with --storage write-through.")
    String workerThreads = "";

    /** Applies the options to the builder, and adds errors to {@code problems}. */
    void addTo(SipProxyBuilder builder, List<String> problems) {
        OptionReader reader = new OptionReader(problems);
        ParseLimits.Builder parse = ParseLimits.builder();
        reader.smallSize("--message-bytes", messageBytes, parse::messageBytes);
        reader.smallSize("--header-bytes", headerBytes, parse::headerLineBytes);
        reader.number("--headers", headers, parse::headers);
        reader.number("--list-elements", listElements, parse::listElements);
        try {
            builder.parseLimits(parse.build());
        } catch (IllegalArgumentException e) {
            problems.add(LibraryProblems.ofParseLimits(e));
        }
        StreamLimits.Builder streams = StreamLimits.builder();
        reader.number("--connections", connections, streams::connections);
        reader.number("--connections-per-source", connectionsPerSource, streams::connectionsPerSource);
        reader.duration("--first-message-timeout", firstMessageTimeout, streams::firstMessageTimeout);
        reader.duration("--idle-timeout", idleTimeout, streams::idleTimeout);
        reader.duration("--message-timeout", messageTimeout, streams::messageTimeout);
        reader.duration("--connect-timeout", connectTimeout, streams::connectTimeout);
        reader.duration("--websocket-ping", webSocketPing, streams::webSocketPing);
        reader.smallSize("--buffered-bytes", bufferedBytes, streams::bufferedBytes);
        reader.apply(() -> builder.streamLimits(streams.build()));
        reader.size("--transaction-bytes", transactionBytes, builder::transactionBytes);
        reader.size("--lingering-bytes", lingeringBytes, builder::lingeringBytes);
        reader.number("--pending-requests", pendingRequests, builder::pendingRequests);
        reader.number("--worker-threads", workerThreads, builder::workerThreads);
    }
}

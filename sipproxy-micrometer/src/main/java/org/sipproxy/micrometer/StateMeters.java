package org.sipproxy.micrometer;

import java.util.List;
import java.util.function.ToDoubleFunction;
import org.sipproxy.api.call.CallStatistics;
import org.sipproxy.api.status.ProxyStatistics;

/** The meters that are read from the proxy's own counters when the registry asks. */
final class StateMeters {

    /**
     * A meter.
     *
     * @param tag name and value of its tag; empty for none
     * @param isCounter true if the value only grows
     * @param unit base unit; empty for none
     */
    record Meter<T>(
            String name, String[] tag, boolean isCounter, String unit, String description, ToDoubleFunction<T> value) {}

    private static final String[] NO_TAG = {};
    private static final String CONNECTIONS = "connections";

    static final List<Meter<ProxyStatistics>> OF_PROXY = List.of(
            counter(
                    "sip.proxy.messages",
                    tag("kind", "request"),
                    "messages",
                    "Messages received, retransmissions included",
                    ProxyStatistics::requests),
            counter(
                    "sip.proxy.messages",
                    tag("kind", "response"),
                    "messages",
                    "Messages received, retransmissions included",
                    ProxyStatistics::responses),
            counter(
                    "sip.proxy.messages.malformed",
                    NO_TAG,
                    "messages",
                    "Messages that could not be parsed",
                    ProxyStatistics::malformed),
            counter(
                    "sip.proxy.messages.stray",
                    NO_TAG,
                    "messages",
                    "Responses that matched no transaction",
                    ProxyStatistics::strayResponses),
            counter(
                    "sip.proxy.messages.filtered",
                    NO_TAG,
                    "messages",
                    "Messages and connections that an arrival filter refused",
                    ProxyStatistics::filtered),
            counter(
                    "sip.proxy.retransmissions",
                    tag("direction", "received"),
                    "messages",
                    "Retransmissions",
                    ProxyStatistics::retransmissions),
            counter(
                    "sip.proxy.retransmissions",
                    tag("direction", "sent"),
                    "messages",
                    "Retransmissions",
                    ProxyStatistics::resent),
            counter(
                    "sip.proxy.overload",
                    tag("limit", "queue"),
                    "requests",
                    "Requests refused with 503, or dropped, because a limit was reached",
                    ProxyStatistics::overloaded),
            counter(
                    "sip.proxy.overload",
                    tag("limit", "memory"),
                    "requests",
                    "Requests refused with 503, or dropped, because a limit was reached",
                    ProxyStatistics::turnedAway),
            counter(
                    "sip.proxy.overload",
                    tag("limit", "delay"),
                    "requests",
                    "Requests refused with 503, or dropped, because a limit was reached",
                    s -> s.shed() + s.shedSilently()),
            counter(
                    "sip.proxy.receivers.delayed",
                    NO_TAG,
                    "messages",
                    "Messages that waited because their receiver was behind",
                    ProxyStatistics::delayed),
            gauge(
                    "sip.proxy.receivers.waiting",
                    NO_TAG,
                    "messages",
                    "Messages that wait for their receiver now",
                    ProxyStatistics::delayedNow),
            gauge(
                    "sip.proxy.queue",
                    NO_TAG,
                    "requests",
                    "Requests that wait for a worker thread",
                    ProxyStatistics::queued),
            gauge(
                    "sip.proxy.requests.unanswered",
                    NO_TAG,
                    "requests",
                    "Requests without a final response",
                    ProxyStatistics::unanswered),
            gauge(
                    "sip.proxy.transactions",
                    tag("kind", "server"),
                    "transactions",
                    "Transactions",
                    ProxyStatistics::serverTransactions),
            gauge(
                    "sip.proxy.transactions",
                    tag("kind", "client"),
                    "transactions",
                    "Transactions",
                    ProxyStatistics::clientTransactions),
            gauge(
                    "sip.proxy.transactions",
                    tag("kind", "lingering"),
                    "transactions",
                    "Transactions",
                    ProxyStatistics::lingeringTransactions),
            gauge(
                    "sip.proxy.transactions.memory",
                    NO_TAG,
                    "bytes",
                    "Estimated memory of the live transactions",
                    ProxyStatistics::transactionBytes),
            gauge(
                    "sip.proxy.transactions.memory.max",
                    NO_TAG,
                    "bytes",
                    "Limit of that memory",
                    ProxyStatistics::transactionBytesLimit),
            counter(
                    "sip.proxy.transactions.evicted",
                    NO_TAG,
                    "transactions",
                    "Lingering transactions that were evicted early because they reached their memory limit",
                    ProxyStatistics::lingeringEvictions),
            gauge("sip.proxy.connections", NO_TAG, CONNECTIONS, "Stream connections", ProxyStatistics::connections),
            gauge(
                    "sip.proxy.connections.unproven",
                    NO_TAG,
                    CONNECTIONS,
                    "Accepted connections on which no password was proved",
                    ProxyStatistics::unprovenConnections),
            counter(
                    "sip.proxy.connections.opened",
                    tag("by", "peer"),
                    CONNECTIONS,
                    "Connections that were opened",
                    ProxyStatistics::acceptedConnections),
            counter(
                    "sip.proxy.connections.opened",
                    tag("by", "proxy"),
                    CONNECTIONS,
                    "Connections that were opened",
                    ProxyStatistics::openedConnections),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "connect"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::failedConnects),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "handshake"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::failedHandshakes),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "refused"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::refusedConnections),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "evicted"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::evictedConnections),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "silent"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::silentConnections),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "slow"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::slowConnections),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "unresponsive"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::unresponsiveConnections),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "congested"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::congestedConnections),
            counter(
                    "sip.proxy.connections.failed",
                    tag("cause", "unframeable"),
                    CONNECTIONS,
                    "Connections that were not opened, or that the proxy closed",
                    ProxyStatistics::unframeableStreams),
            counter(
                    "sip.proxy.send.failures",
                    tag("transport", "udp"),
                    "messages",
                    "Messages that could not be sent",
                    ProxyStatistics::udpSendFailures),
            counter(
                    "sip.proxy.send.failures",
                    tag("transport", "stream"),
                    "messages",
                    "Messages that could not be sent",
                    ProxyStatistics::streamSendFailures),
            gauge("sip.proxy.sockets.lost", NO_TAG, "sockets", "UDP sockets lost", ProxyStatistics::lostUdpSockets),
            gauge(
                    "sip.proxy.sockets.batched",
                    NO_TAG,
                    "sockets",
                    "UDP sockets that share system calls among datagrams",
                    ProxyStatistics::batchedUdpSockets),
            gauge(
                    "sip.proxy.host.requests",
                    NO_TAG,
                    "requests",
                    "Requests of the host application that wait for their result",
                    ProxyStatistics::hostRequests),
            gauge(
                    "sip.proxy.thirdparty.calls",
                    NO_TAG,
                    "calls",
                    "Calls that the proxy has connected itself",
                    ProxyStatistics::thirdPartyCalls),
            counter(
                    "sip.proxy.thirdparty.calls.started",
                    NO_TAG,
                    "calls",
                    "Such calls that have started",
                    ProxyStatistics::thirdPartyCallsStarted),
            counter(
                    "sip.proxy.thirdparty.calls.refused",
                    NO_TAG,
                    "calls",
                    "Such calls that ended at once, because of their limit or because the proxy was draining",
                    ProxyStatistics::thirdPartyCallsRefused),
            counter(
                    "sip.proxy.host.requests.refused",
                    NO_TAG,
                    "requests",
                    "Requests of the host application that were not sent because a limit was reached",
                    ProxyStatistics::hostRequestsRefused),
            counter(
                    "sip.proxy.errors",
                    tag("kind", "memory"),
                    "errors",
                    "Errors that the proxy's threads survived, in this JVM",
                    ProxyStatistics::outOfMemoryErrors),
            counter(
                    "sip.proxy.errors",
                    tag("kind", "other"),
                    "errors",
                    "Errors that the proxy's threads survived, in this JVM",
                    now -> now.errors() - now.outOfMemoryErrors()),
            counter(
                    "sip.proxy.host.failures",
                    NO_TAG,
                    "",
                    "Calls into code of the host application that threw, in this JVM",
                    ProxyStatistics::hostFailures),
            counter(
                    "sip.proxy.receivers.stalled",
                    NO_TAG,
                    "messages",
                    "Messages that held their receiver thread for a second or longer",
                    ProxyStatistics::stalledReceivers));

    static final List<Meter<CallStatistics>> OF_CALLS = List.of(
            gauge("sip.proxy.calls", tag("state", "unanswered"), "calls", "Calls", CallStatistics::unanswered),
            gauge("sip.proxy.calls", tag("state", "answered"), "calls", "Calls", CallStatistics::answered),
            counter(
                    "sip.proxy.calls.refused",
                    tag("limit", "total"),
                    "calls",
                    "Calls that a limit refused",
                    CallStatistics::refusedInTotal),
            counter(
                    "sip.proxy.calls.refused",
                    tag("limit", "user"),
                    "calls",
                    "Calls that a limit refused",
                    CallStatistics::refusedForUser),
            counter(
                    "sip.proxy.calls.untracked",
                    NO_TAG,
                    "calls",
                    "Calls relayed without being tracked",
                    CallStatistics::untracked),
            counter(
                    "sip.proxy.calls.events.dropped",
                    NO_TAG,
                    "events",
                    "Events of calls that no listener got",
                    CallStatistics::droppedEvents),
            gauge(
                    "sip.proxy.calls.unwritten",
                    NO_TAG,
                    "calls",
                    "Calls whose database row is out of date",
                    CallStatistics::unwritten));

    private StateMeters() {}

    private static String[] tag(String name, String value) {
        return new String[] {name, value};
    }

    private static <T> Meter<T> counter(
            String name, String[] tag, String unit, String description, ToDoubleFunction<T> value) {
        return new Meter<>(name, tag, true, unit, description, value);
    }

    private static <T> Meter<T> gauge(
            String name, String[] tag, String unit, String description, ToDoubleFunction<T> value) {
        return new Meter<>(name, tag, false, unit, description, value);
    }
}

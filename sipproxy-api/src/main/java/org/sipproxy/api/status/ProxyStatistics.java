package org.sipproxy.api.status;

import org.sipproxy.annotation.Beta;

/**
 * Counters of a proxy since it started. They are read without stopping anything, so they may be slightly inconsistent
 * with each other.
 *
 * @param requests requests received, retransmissions included
 * @param responses responses received
 * @param retransmissions requests that were absorbed as retransmissions
 * @param resent requests and final responses that the proxy retransmitted because the next hop or the client was silent
 *     (RFC 3261 §17, timers A, E and G)
 * @param malformed messages that were refused or dropped because they could not be parsed
 * @param strayResponses responses that matched no transaction and were dropped
 * @param overloaded requests refused with 503 because the workers' queue was full
 * @param queued requests that wait for a worker now
 * @param serverTransactions server transactions in progress now
 * @param clientTransactions client transactions in progress now
 * @param lingeringTransactions transactions that are over and wait for retransmissions
 * @param lingeringEvictions lingering transactions that were evicted early because they reached their memory limit; see
 *     {@code SipProxyBuilder.lingeringBytes}
 * @param unanswered requests now waiting for a final response, those of the host application included
 * @param filtered messages and connections that a component's arrival filter refused
 * @param connections stream connections that are open, being opened or being closed
 * @param acceptedConnections connections that peers opened and that completed their handshakes
 * @param openedConnections connections that the proxy opened
 * @param failedConnects connections that the proxy could not open: the peer refused or did not respond, its certificate
 *     was not accepted, or a limit was reached
 * @param failedHandshakes accepted connections whose TLS or WebSocket handshake failed
 * @param unprovenConnections accepted connections, open now, on which no password was proved and no trusted peer sent
 * @param refusedConnections connections that peers opened and that were closed at once because of a limit or a filter
 * @param evictedConnections accepted connections without a proved password that were closed to make room for others
 * @param silentConnections accepted connections that were closed because no valid SIP message arrived in time
 * @param slowConnections connections that were closed because a message took too long to arrive
 * @param unresponsiveConnections WebSockets that were closed because their peer did not respond to a ping
 * @param congestedConnections connections that were closed because the peer did not read what was sent to it
 * @param unframeableStreams connections that were closed because the end of a message could not be found, such as
 *     without a Content-Length
 * @param stalledReceivers messages that held their receiver thread for one second or longer because a stage or listener
 *     blocked without declaring it; all other messages of that thread had to wait
 * @param transactionBytes estimated memory of the live transactions in bytes: the messages that they keep and their
 *     objects
 * @param transactionBytesLimit limit of {@code transactionBytes}; see {@code SipProxyBuilder.transactionBytes}
 * @param turnedAway requests that were refused with 503, or dropped, because the live transactions had reached their
 *     memory limit
 * @param udpSendFailures datagrams that could not be handed to the operating system
 * @param streamSendFailures messages that could not be sent on a stream connection, because it could not be opened or
 *     was closed
 * @param lostUdpSockets UDP sockets that are not open now because something closed them and their address cannot be
 *     bound again; nothing is received there. Always 0 on a healthy machine
 * @param batchedUdpSockets UDP sockets that receive and send several datagrams with one system call, on Linux with JDK
 *     22 or later and native access. 0 where each datagram costs one
 * @param delayed messages over UDP that had to wait because more arrived than their receiver could handle
 * @param delayedNow such messages that wait now
 * @param shed requests that got 503 because of such an overload; see {@code SipProxyBuilder.overloadTarget}
 * @param shedSilently messages that were dropped because of such an overload
 * @param hostRequests requests of {@code SipProxy.requests()} and of components that wait for their result now
 * @param hostRequestsRefused such requests that were not sent because too many were pending, or because the
 *     transactions had reached their memory limit
 * @param thirdPartyCalls calls of {@code RequestClient.connect} now, including those whose BYEs have no response yet
 * @param thirdPartyCallsStarted such calls that have started
 * @param thirdPartyCallsRefused such calls that ended at once, because of their limit or because the proxy was draining
 * @param hostFailures calls into code of the host application or of an add-on that threw. Each is logged, at most once
 *     per second and place. An add-on that reports a temporary outage does not count. Summed over all proxies in this
 *     JVM
 * @param errors Errors, such as OutOfMemoryError, that the proxy's threads caught and survived. Summed over all proxies
 *     in this JVM
 * @param outOfMemoryErrors how many of {@code errors} were OutOfMemoryErrors. Summed over all proxies in this JVM
 */
public record ProxyStatistics(
        long requests,
        long responses,
        long retransmissions,
        long resent,
        long malformed,
        long strayResponses,
        long overloaded,
        long queued,
        long serverTransactions,
        long clientTransactions,
        long lingeringTransactions,
        long lingeringEvictions,
        long unanswered,
        long filtered,
        long connections,
        long acceptedConnections,
        long openedConnections,
        long failedConnects,
        long failedHandshakes,
        long unprovenConnections,
        long refusedConnections,
        long evictedConnections,
        long silentConnections,
        long slowConnections,
        long unresponsiveConnections,
        long congestedConnections,
        long unframeableStreams,
        long stalledReceivers,
        long transactionBytes,
        long transactionBytesLimit,
        long turnedAway,
        long udpSendFailures,
        long streamSendFailures,
        long lostUdpSockets,
        long batchedUdpSockets,
        long delayed,
        long delayedNow,
        long shed,
        long shedSilently,
        long hostRequests,
        long hostRequestsRefused,
        long thirdPartyCalls,
        long thirdPartyCallsStarted,
        long thirdPartyCallsRefused,
        long hostFailures,
        long errors,
        long outOfMemoryErrors) {

    /** Statistics of a proxy that has not done anything, for tests. */
    public static final ProxyStatistics NONE = new ProxyStatistics(
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /** For the proxy: gets parameters in minor versions. */
    @Beta
    public ProxyStatistics {}
}

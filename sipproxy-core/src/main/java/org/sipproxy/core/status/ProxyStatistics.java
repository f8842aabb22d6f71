package org.sipproxy.core.status;


/**
 * What a proxy has done since it started; counts of messages, read without stopping anything, so they may be a few apart.
 *
 * @param requests requests received, retransmissions included
 * @param responses responses received
 * @param retransmissions requests that were absorbed as repetitions
 * @param resent requests and final responses that the proxy sent again, because the next hop or the client was silent (RFC 3261
 *     §17, timers A, E and G)
 * @param malformed messages that were refused or dropped because they could not be read
 * @param strayResponses responses that belong to no transaction, and were dropped
 * @param overloaded requests refused with 503 because the workers' queue was full
 * @param serverTransactions server transactions at work now
 * @param clientTransactions client transactions at work now
 * @param lingeringTransactions transactions that are over and wait for repetitions
 * @param lingeringEvictions how many of those left before their time, because a quarter of the heap was full of them
 * @param unanswered requests now waiting for a final response
 * @param filtered messages and connections that a component's arrival filter refused
 * @param connections stream connections that are open, being opened or being closed
 * @param failedHandshakes connections that peers opened and on which TLS or WebSocket came to nothing
 * @param unprovenConnections accepted connections, open now, on which no password was proved and no trusted peer sent
 * @param refusedConnections connections that peers opened and that were closed at once, because of a limit or a filter
 * @param evictedConnections accepted connections on which no password was proved, closed to make room for others
 * @param silentConnections accepted connections closed because no valid SIP message came in time
 * @param stalledReceivers messages that held the thread that received them for a second or longer, because a step or listener
 *     blocked without saying so; all else waited behind them
 * @param transactionBytes what the live transactions take now, in bytes: the messages that they keep and an estimate of their
 *     objects
 * @param transactionBytesLimit what they may take; see {@code SipProxyBuilder.transactionBytes}
 * @param turnedAway requests that got 503, or nothing, because the live transactions took all that they may
 * @param udpSendFailures datagrams that could not be handed to the operating system
 * @param lostUdpSockets UDP sockets that are not open now, because something closed them and their address cannot be bound again:
 *     nothing is received there. Always 0 on a healthy machine
 * @param hostFailures calls into code of the host application or of an add-on that threw; each is logged, at most once a second for
 *     each place. An add-on that reports a temporary outage does not count. Of all proxies in this JVM
 * @param errors Errors, such as OutOfMemoryError, that the proxy's threads caught and survived. Of all proxies in this JVM
 * @param outOfMemoryErrors those of them that were OutOfMemoryErrors. Of all proxies in this JVM
 */
public record ProxyStatistics(
        long requests,
        long responses,
        long retransmissions,
        long resent,
        long malformed,
        long strayResponses,
        long overloaded,
        long serverTransactions,
        long clientTransactions,
        long lingeringTransactions,
        long lingeringEvictions,
        long unanswered,
        long filtered,
        long connections,
        long failedHandshakes,
        long unprovenConnections,
        long refusedConnections,
        long evictedConnections,
        long silentConnections,
        long stalledReceivers,
        long transactionBytes,
        long transactionBytesLimit,
        long turnedAway,
        long udpSendFailures,
        long lostUdpSockets,
        long hostFailures,
        long errors,
        long outOfMemoryErrors) {}

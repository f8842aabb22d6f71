package org.sipproxy.server.operations;

import java.time.Duration;
import java.time.Instant;
import java.util.Map;

/**
 * The figures of a cockpit. Those that are not marked as "now" count since the start.
 *
 * @param at when they were read, on the wall clock
 * @param uptime how long the server has run
 * @param state the state of the proxy
 * @param health the health of the proxy
 * @param requests requests received, retransmissions included
 * @param responses responses received
 * @param retransmissions requests that were absorbed as retransmissions
 * @param malformed messages that could not be parsed
 * @param calls calls now; -1 if they are not tracked
 * @param answeredCalls calls now that were answered; -1 if they are not tracked
 * @param users addresses-of-record with bindings now
 * @param bindings bindings now
 * @param serverTransactions server transactions now
 * @param clientTransactions client transactions now
 * @param lingeringTransactions transactions that are over and wait for retransmissions now
 * @param transactionBytes memory of the live transactions now, in bytes
 * @param transactionBytesLimit its limit
 * @param queued requests that wait for a worker now
 * @param unanswered requests that wait for a final response now
 * @param connections stream connections now
 * @param overloaded requests refused because the workers' queue was full
 * @param filtered messages and connections that an access list or rate limit dropped
 * @param heapUsed heap in use now, in bytes
 * @param heapMax its limit, in bytes
 * @param refusals what was refused or dropped, by status and reason; challenges are not refusals
 * @param finalResponses final responses that the proxy sent, relayed ones included, by class, such as {@code 2xx}; empty
 *     if they are not counted
 */
public record KeyFigures(
        Instant at,
        Duration uptime,
        String state,
        String health,
        long requests,
        long responses,
        long retransmissions,
        long malformed,
        long calls,
        long answeredCalls,
        long users,
        long bindings,
        long serverTransactions,
        long clientTransactions,
        long lingeringTransactions,
        long transactionBytes,
        long transactionBytesLimit,
        long queued,
        long unanswered,
        long connections,
        long overloaded,
        long filtered,
        long heapUsed,
        long heapMax,
        Map<String, Long> refusals,
        Map<String, Long> finalResponses) {}

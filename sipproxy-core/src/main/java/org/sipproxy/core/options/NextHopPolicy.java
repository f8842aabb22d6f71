package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;

/**
 * Rules for trying the next hops of a request (RFC 3263 §4.3, RFC 3261 §18.1.1).
 *
 * @param largestUdpRequest the largest request in bytes that is sent over UDP at once. A larger one is sent over TCP if
 *     the next hop accepts a connection in time, and over UDP otherwise. 0 sends requests of any size over UDP. 0 to
 *     65,535. Default 1,300
 * @param tcpAttempt how long opening such a TCP connection may take. The limit also applies to a TCP connection to the
 *     contact of a phone whose own connection remains as the fallback. 1 ms to 60 s. Default 500 ms
 * @param failureMemory how long a next hop is tried after all others once it has failed. A next hop fails if it refuses
 *     a connection or does not respond within the transaction's time; any other response ends the failure. After a 503
 *     with Retry-After, the shorter of Retry-After and this duration applies; a 503 without Retry-After does not count.
 *     0 to 1 hour; 0 always tries the next hops in DNS order. Default 60 s
 */
public record NextHopPolicy(int largestUdpRequest, Duration tcpAttempt, Duration failureMemory) {

    private static final int LARGEST_DATAGRAM = 65_535;
    private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(60);
    private static final Duration LONGEST_MEMORY = Duration.ofHours(1);

    /** 1,300 bytes, 500 ms, 60 s. */
    public static final NextHopPolicy DEFAULT =
            new NextHopPolicy(1_300, Duration.ofMillis(500), Duration.ofSeconds(60));

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is out of its range
     */
    public NextHopPolicy {
        Objects.requireNonNull(tcpAttempt, "tcpAttempt");
        Objects.requireNonNull(failureMemory, "failureMemory");
        if (largestUdpRequest < 0 || largestUdpRequest > LARGEST_DATAGRAM) {
            throw new IllegalArgumentException(
                    "largestUdpRequest: " + largestUdpRequest + " (expected 0 to 65535 bytes)");
        }
        if (tcpAttempt.toMillis() < 1 || tcpAttempt.compareTo(LONGEST_ATTEMPT) > 0) {
            throw new IllegalArgumentException("tcpAttempt: " + tcpAttempt + " (expected 1 ms to 60 s)");
        }
        if (failureMemory.isNegative() || failureMemory.compareTo(LONGEST_MEMORY) > 0) {
            throw new IllegalArgumentException("failureMemory: " + failureMemory + " (expected 0 to 1 hour)");
        }
    }

    /** Returns a copy with another {@link #largestUdpRequest}. */
    public NextHopPolicy withLargestUdpRequest(int bytes) {
        return new NextHopPolicy(bytes, tcpAttempt, failureMemory);
    }

    /** Returns a copy with another {@link #tcpAttempt}. */
    public NextHopPolicy withTcpAttempt(Duration limit) {
        return new NextHopPolicy(largestUdpRequest, limit, failureMemory);
    }

    /** Returns a copy with another {@link #failureMemory}. */
    public NextHopPolicy withFailureMemory(Duration duration) {
        return new NextHopPolicy(largestUdpRequest, tcpAttempt, duration);
    }
}

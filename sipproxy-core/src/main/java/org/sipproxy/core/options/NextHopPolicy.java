package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;

/**
 * How the next hops of a request are tried (RFC 3263 §4.3, RFC 3261 §18.1.1).
 *
 * @param largestUdpRequest the largest request in bytes that is sent by UDP at once; a larger one is sent by TCP if the next hop
 *     accepts a connection in time, else by UDP. 0 sends requests of any size by UDP. 0 to 65,535. Default 1,300
 * @param tcpAttempt how long such a connection may take to be opened, and any other one over TCP to the contact of a phone whose
 *     own connection is left to be tried. 1 ms to 60 s. Default 500 ms
 * @param failureMemory how long a next hop is tried after all others once it has failed: it refused a connection or did not respond
 *     within the transaction's time. After a 503 with Retry-After it is that time, but not longer than this; a 503 without one does
 *     not count. Any other response ends it. 0 to 1 hour; 0 tries the next hops in the order of the DNS each time. Default 60 s
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

    /** Returns the same policy with another {@link #largestUdpRequest}. */
    public NextHopPolicy withLargestUdpRequest(int bytes) {
        return new NextHopPolicy(bytes, tcpAttempt, failureMemory);
    }

    /** Returns the same policy with another {@link #tcpAttempt}. */
    public NextHopPolicy withTcpAttempt(Duration limit) {
        return new NextHopPolicy(largestUdpRequest, limit, failureMemory);
    }

    /** Returns the same policy with another {@link #failureMemory}. */
    public NextHopPolicy withFailureMemory(Duration duration) {
        return new NextHopPolicy(largestUdpRequest, tcpAttempt, duration);
    }
}

package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

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
    private static final Duration SHORTEST_ATTEMPT = Duration.ofMillis(1);
    private static final Duration LONGEST_ATTEMPT = Duration.ofSeconds(60);
    private static final Duration LONGEST_MEMORY = Duration.ofHours(1);

    /** 1,300 bytes, 500 ms, 60 s. */
    public static final NextHopPolicy DEFAULT =
            new NextHopPolicy(1_300, Duration.ofMillis(500), Duration.ofSeconds(60));

    /**
     * Checks the values.
     *
     * @throws ConfigurationException if one is outside its range
     */
    public NextHopPolicy {
        Objects.requireNonNull(tcpAttempt, "tcpAttempt");
        Objects.requireNonNull(failureMemory, "failureMemory");
        OptionProblems problems = new OptionProblems("");
        problems.range("largestUdpRequest", largestUdpRequest, 0, LARGEST_DATAGRAM);
        problems.range("tcpAttempt", tcpAttempt, SHORTEST_ATTEMPT, LONGEST_ATTEMPT);
        problems.range("failureMemory", failureMemory, Duration.ZERO, LONGEST_MEMORY);
        problems.throwIfAny();
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

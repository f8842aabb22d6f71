package org.sipproxy.core.options;

import java.time.Duration;
import java.util.Objects;

/**
 * Timer values of RFC 3261 §17 and §16.6 for one proxy.
 *
 * @param t1 estimate of a round trip. 10 ms to 10 s. Default 500 ms
 * @param t2 longest interval between retransmissions of a non-INVITE request or an INVITE response. Default 4 s
 * @param t4 how long a message may stay in the network. Default 5 s
 * @param transactionTimeout Timers B, F and H. 1 s to 5 min. Default 32 s, which is 64*T1
 * @param ringTimeout Timer C, for an INVITE after a provisional response; RFC 3261 §16.6 step 11 requires more than 3
 *     minutes. 1 s to 1 hour. Default 3 min 1 s
 */
public record SipTimers(Duration t1, Duration t2, Duration t4, Duration transactionTimeout, Duration ringTimeout) {

    /** 500 ms, 4 s, 5 s, 32 s, 181 s. */
    public static final SipTimers DEFAULT = new SipTimers(
            Duration.ofMillis(500),
            Duration.ofSeconds(4),
            Duration.ofSeconds(5),
            Duration.ofSeconds(32),
            Duration.ofSeconds(181));

    /** Checks that nothing is null. {@code SipProxyBuilder.build()} checks all ranges together. */
    public SipTimers {
        Objects.requireNonNull(t1, "t1");
        Objects.requireNonNull(t2, "t2");
        Objects.requireNonNull(t4, "t4");
        Objects.requireNonNull(transactionTimeout, "transactionTimeout");
        Objects.requireNonNull(ringTimeout, "ringTimeout");
    }

    public SipTimers withT1(Duration value) {
        return new SipTimers(value, t2, t4, transactionTimeout, ringTimeout);
    }

    public SipTimers withTransactionTimeout(Duration value) {
        return new SipTimers(t1, t2, t4, value, ringTimeout);
    }

    public SipTimers withRingTimeout(Duration value) {
        return new SipTimers(t1, t2, t4, transactionTimeout, value);
    }
}

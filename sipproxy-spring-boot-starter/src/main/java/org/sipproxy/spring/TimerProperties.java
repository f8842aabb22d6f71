package org.sipproxy.spring;

import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.core.options.SipTimers;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Timers and next hops.
 *
 * @param transactionTimeout How long a request may remain without a response (Timers B and F).
 * @param ringTimeout How long a phone may ring (Timer C).
 * @param t1 First interval of retransmissions over UDP (T1).
 * @param t2 Longest interval of retransmissions (T2). Default 4s, or t1 if that is longer.
 * @param t4 How long a message may stay in the network (T4).
 * @param drainTime How long requests in progress may take when the proxy closes, before they get 503; 0 to 1h.
 * @param longestDialog How long requests of a dialog are accepted, 1h to 30d in whole hours.
 * @param largestUdpRequest Larger requests use TCP if the next hop accepts a connection, in bytes; 0 for always UDP.
 * @param tcpAttempt Time limit for opening that connection.
 * @param failedHopMemory How long a failed next hop is tried after the others; 0 for not at all.
 */
@ConfigurationProperties("sipproxy")
record TimerProperties(
        @DefaultValue("32s") Duration transactionTimeout,
        @DefaultValue("181s") Duration ringTimeout,
        @DefaultValue("500ms") Duration t1,
        @Nullable Duration t2,
        @DefaultValue("5s") Duration t4,
        @DefaultValue("2s") Duration drainTime,
        @DefaultValue("24h") Duration longestDialog,
        @DefaultValue("1300") int largestUdpRequest,
        @DefaultValue("500ms") Duration tcpAttempt,
        @DefaultValue("60s") Duration failedHopMemory) {

    void addTo(SipProxyBuilder builder, Problems problems) {
        SipTimers.Builder timers = SipTimers.builder();
        if (t2 != null) {
            timers.t2(t2);
        }
        problems.collect(() -> builder.timers(timers.transactionTimeout(transactionTimeout)
                .ringTimeout(ringTimeout)
                .t1(t1)
                .t4(t4)
                .build()));
        builder.drainTime(drainTime).longestDialog(longestDialog);
        problems.collect(() -> builder.nextHops(new NextHopPolicy(largestUdpRequest, tcpAttempt, failedHopMemory)));
    }
}

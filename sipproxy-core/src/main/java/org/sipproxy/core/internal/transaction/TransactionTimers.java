package org.sipproxy.core.internal.transaction;

import org.sipproxy.core.options.SipTimers;

/** Timer values of RFC 3261 §17, in nanoseconds. */
public record TransactionTimers(long t1, long t2, long t4, long timeout, long timerC) {

    public static TransactionTimers of(SipTimers timers) {
        return new TransactionTimers(
                timers.t1().toNanos(),
                timers.t2().toNanos(),
                timers.t4().toNanos(),
                timers.transactionTimeout().toNanos(),
                timers.ringTimeout().toNanos());
    }

    /** Returns 64*T1: Timers D, J, L and M over UDP. */
    public long linger() {
        return 64 * t1;
    }

    /** Returns when Timer E has grown to T2, the earliest moment for a 100 to a non-INVITE request (RFC 4320 §4.1). */
    public long timerEReachesT2() {
        long sum = 0;
        for (long interval = t1; interval < t2; interval *= 2) {
            sum += interval;
        }
        return Math.max(sum, t1);
    }
}

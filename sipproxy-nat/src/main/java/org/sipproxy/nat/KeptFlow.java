package org.sipproxy.nat;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;

/**
 * A flow that one or more clients registered over, and what is known of its health. Pinged as one, however many users are
 * behind it: it is one mapping of one NAT.
 */
final class KeptFlow {

    /** What tells flows apart: a client that is seen at two listening points may have two mappings. */
    record Key(InetSocketAddress remote, Endpoint endpoint) {

        static Key of(Flow flow) {
            return new Key(flow.remoteAddress(), flow.endpoint());
        }
    }

    private static final Client[] NOBODY = {};

    final Flow flow;
    /** Where it stands among all flows; names it in a ping's branch. */
    final int slot;

    /** Replaced as a whole under the lock of {@link KnownClients}. */
    volatile Client[] clients = NOBODY;

    /** When the client last sent something of its own accord, and how long after the time before; the proxy's time. */
    private volatile long spokeMillis;

    private volatile long gapMillis = Long.MAX_VALUE;
    /** When it last sent anything, answers to pings too. */
    private volatile long heardMillis;

    /** What the answer to the last ping must hold, 0 if no answer is due; written by the timer and by whoever gets the answer. */
    volatile long nonce;

    volatile long sentNanos;
    volatile int unanswered;
    volatile long roundTripNanos = -1;
    /** Its bindings are being removed. */
    volatile boolean leaving;

    KeptFlow(Flow flow, int slot, long nowMillis) {
        this.flow = flow;
        this.slot = slot;
        this.spokeMillis = nowMillis;
        this.heardMillis = nowMillis;
    }

    /** The client sent something of its own accord. */
    void spoke(long nowMillis) {
        if (nowMillis != spokeMillis) {
            gapMillis = nowMillis - spokeMillis;
            spokeMillis = nowMillis;
        }
        heardMillis = nowMillis;
        unanswered = 0;
        nonce = 0;
    }

    void answered(long nowMillis, long nanos) {
        heardMillis = nowMillis;
        roundTripNanos = nanos - sentNanos;
        unanswered = 0;
        nonce = 0;
    }

    long heardMillis() {
        return heardMillis;
    }

    /**
     * True if the client keeps the mapping open by itself: it has just spoken, or it did so within each of the last two
     * intervals, as one does that sends keepalives of its own.
     */
    boolean keepsItselfAlive(long nowMillis, long intervalMillis) {
        long age = nowMillis - spokeMillis;
        return age <= intervalMillis / 2 || (age < intervalMillis && gapMillis < intervalMillis);
    }
}

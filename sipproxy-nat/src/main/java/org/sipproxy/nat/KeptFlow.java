package org.sipproxy.nat;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;

/**
 * Flow over which one or more clients have registered, and its health. It is one NAT mapping, so it is pinged once,
 * however many users share it.
 */
final class KeptFlow {

    /** Identity of a flow. Includes the listening point, because a client seen at two of them may have two mappings. */
    record Key(InetSocketAddress remote, Endpoint endpoint) {

        static Key of(Flow flow) {
            return new Key(flow.remoteAddress(), flow.endpoint());
        }
    }

    private static final Client[] NO_CLIENTS = {};

    final Flow flow;
    /** Index in the slots of {@link KnownClients}; part of the branch of a ping. */
    final int slot;

    /** Copy-on-write, under the lock of {@link KnownClients}. */
    volatile Client[] clients = NO_CLIENTS;

    /** When the client last sent something unprompted, in the proxy's time. The next field is the gap before that. */
    private volatile long unpromptedMillis;

    private volatile long gapMillis = Long.MAX_VALUE;
    /** When anything was last received, including responses to pings. */
    private volatile long receivedMillis;

    /**
     * The nonce expected in the response to the last ping; 0 if none is due. Written by the timer and receiver threads.
     */
    volatile long nonce;

    volatile long sentNanos;
    volatile int unanswered;
    volatile long roundTripNanos = -1;
    /** True while its bindings are being removed. */
    volatile boolean leaving;

    KeptFlow(Flow flow, int slot, long nowMillis) {
        this.flow = flow;
        this.slot = slot;
        this.unpromptedMillis = nowMillis;
        this.receivedMillis = nowMillis;
    }

    /** Records that the client sent something unprompted. */
    void received(long nowMillis) {
        if (nowMillis != unpromptedMillis) {
            gapMillis = nowMillis - unpromptedMillis;
            unpromptedMillis = nowMillis;
        }
        receivedMillis = nowMillis;
        unanswered = 0;
        nonce = 0;
    }

    void answered(long nowMillis, long nanos) {
        receivedMillis = nowMillis;
        roundTripNanos = nanos - sentNanos;
        unanswered = 0;
        nonce = 0;
    }

    long receivedMillis() {
        return receivedMillis;
    }

    /**
     * Returns true if the client keeps the mapping open by itself: it sent something within the last half interval, or
     * within each of the last two intervals, as a client does that sends its own keepalives.
     */
    boolean keepsItselfAlive(long nowMillis, long intervalMillis) {
        long age = nowMillis - unpromptedMillis;
        return age <= intervalMillis / 2 || (age < intervalMillis && gapMillis < intervalMillis);
    }
}

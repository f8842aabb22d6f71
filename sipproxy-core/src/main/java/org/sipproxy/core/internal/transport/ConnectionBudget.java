package org.sipproxy.core.internal.transport;

import java.net.InetAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.sipproxy.core.StreamLimits;

/** Counts the open connections of one proxy against its limits. */
final class ConnectionBudget {

    private final int most;
    private final int mostPerAddress;
    private final AtomicInteger open = new AtomicInteger();
    private final ConcurrentMap<InetAddress, Integer> accepted = new ConcurrentHashMap<>();

    ConnectionBudget(StreamLimits limits) {
        most = limits.connections();
        mostPerAddress = limits.connectionsPerAddress();
    }

    /** Takes a place for a connection from {@code peer}; false if there is none. */
    boolean takeAccepted(InetAddress peer) {
        if (!take()) {
            return false;
        }
        int ofPeer = accepted.merge(peer, 1, Integer::sum);
        if (ofPeer > mostPerAddress) {
            releaseAccepted(peer);
            return false;
        }
        return true;
    }

    /** Takes a place for a connection that we open; false if there is none. */
    boolean take() {
        if (open.incrementAndGet() > most) {
            open.decrementAndGet();
            return false;
        }
        return true;
    }

    void releaseAccepted(InetAddress peer) {
        accepted.computeIfPresent(peer, (address, count) -> count == 1 ? null : count - 1);
        release();
    }

    void release() {
        open.decrementAndGet();
    }

    int open() {
        return open.get();
    }

    /** How many addresses have connections here: nothing may stay behind of those that left. */
    int addresses() {
        return accepted.size();
    }
}

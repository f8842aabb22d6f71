package org.sipproxy.core.internal.forwarding;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.sipproxy.core.internal.dns.NextHop;

/**
 * Next hops that failed recently, by transport, address and port (RFC 3263 §4.3). They are tried after the others, so a
 * wrong entry changes the order but never removes a route. Thread-safe.
 */
final class FailedHops {

    /** About 100 bytes each. If there are more, an arbitrary one is removed. */
    static final int MAX_HOPS = 10_000;

    /** Next hops with the time at which each is tried in its normal order again. */
    private final ConcurrentMap<NextHop, Long> until = new ConcurrentHashMap<>();

    private final LongSupplier nanoTime;
    private final long memoryNanos;

    /**
     * @param memoryNanos how long a failure counts; 0 to ignore failures
     */
    FailedHops(LongSupplier nanoTime, long memoryNanos) {
        this.nanoTime = nanoTime;
        this.memoryNanos = memoryNanos;
    }

    /** Notes that a next hop could not be sent to, or did not respond. */
    void failed(NextHop hop) {
        failed(hop, memoryNanos);
    }

    /**
     * Notes a failure that the next hop itself has limited to {@code nanos}. The time is capped, so that a hop cannot
     * exclude itself for longer than others.
     */
    void failed(NextHop hop, long nanos) {
        long counts = Math.min(nanos, memoryNanos);
        if (counts <= 0) {
            return;
        }
        if (until.size() >= MAX_HOPS && !until.containsKey(hop)) {
            makeRoom();
        }
        until.put(hop, nanoTime.getAsLong() + counts);
    }

    private void makeRoom() {
        long now = nanoTime.getAsLong();
        until.values().removeIf(end -> end - now <= 0);
        Iterator<NextHop> any = until.keySet().iterator();
        if (until.size() >= MAX_HOPS && any.hasNext()) {
            any.next();
            any.remove();
        }
    }

    /** Notes that a next hop has responded. */
    void responded(NextHop hop) {
        if (!until.isEmpty()) {
            until.remove(hop);
        }
    }

    /** Returns true if a next hop failed recently and has not responded since. */
    boolean contains(NextHop hop) {
        if (until.isEmpty()) {
            return false;
        }
        Long end = until.get(hop);
        if (end == null) {
            return false;
        }
        if (end - nanoTime.getAsLong() > 0) {
            return true;
        }
        until.remove(hop, end);
        return false;
    }

    int size() {
        return until.size();
    }

    /** Returns the same next hops with those that failed recently at the end. Both groups keep their order. */
    List<NextHop> last(List<NextHop> hops) {
        if (until.isEmpty() || hops.stream().noneMatch(this::contains)) {
            return hops;
        }
        List<NextHop> failed = hops.stream().filter(this::contains).toList();
        return Stream.concat(hops.stream().filter(hop -> !failed.contains(hop)), failed.stream())
                .toList();
    }
}

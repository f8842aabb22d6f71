package org.sipproxy.core.internal.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Order of requests of one Call-ID at stages that wait: while one request waits, later ones queue behind it. The queues
 * are bounded by the concurrency limits of the stages, which count queued requests too.
 */
final class StageLanes<T> {

    /** The requests that queue, by Call-ID hash. A key is present while a request holds the lane. */
    private final Map<Integer, Deque<T>> lanes = new HashMap<>();

    /** Returns true if the caller now holds the lane; otherwise {@code request} is queued. */
    synchronized boolean enter(int key, T request) {
        Deque<T> queue = lanes.get(key);
        if (queue == null) {
            lanes.put(key, new ArrayDeque<>(0));
            return true;
        }
        queue.add(request);
        return false;
    }

    /** Passes the lane on to the next request and returns it; null if none is queued. */
    synchronized @Nullable T leave(int key) {
        Deque<T> queue = lanes.get(key);
        T next = queue == null ? null : queue.poll();
        if (next == null) {
            lanes.remove(key);
        }
        return next;
    }

    /** Returns the number of lanes that are held. */
    synchronized int size() {
        return lanes.size();
    }
}

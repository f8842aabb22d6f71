package org.sipproxy.core.internal.engine;

import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Order of requests of one Call-ID at stages that wait: while one request waits, later ones queue behind it. The queues
 * are bounded by the concurrency limits of the stages, which count queued requests too.
 */
final class StageLanes<T> {

    /** The requests that queue, by Call-ID hash. A key is present while a request holds the lane. */
    private final Map<Integer, Set<T>> lanes = new HashMap<>();

    /** Returns true if the caller now holds the lane; otherwise {@code request} is queued. */
    synchronized boolean enter(int key, T request) {
        Set<T> queue = lanes.get(key);
        if (queue == null) {
            lanes.put(key, Set.of());
            return true;
        }
        if (queue.isEmpty()) {
            queue = new LinkedHashSet<>();
            lanes.put(key, queue);
        }
        queue.add(request);
        return false;
    }

    /** Passes the lane on to the next request and returns it; null if none is queued. */
    synchronized @Nullable T leave(int key) {
        Set<T> queue = lanes.get(key);
        if (queue == null || queue.isEmpty()) {
            lanes.remove(key);
            return null;
        }
        Iterator<T> first = queue.iterator();
        T next = first.next();
        first.remove();
        return next;
    }

    /** Removes a request that has got its response while it queued. Without effect if it does not queue. */
    synchronized void remove(int key, T request) {
        Set<T> queue = lanes.get(key);
        if (queue != null && !queue.isEmpty()) {
            queue.remove(request);
        }
    }

    /** Returns the number of requests that queue. */
    synchronized int queued() {
        return lanes.values().stream().mapToInt(Set::size).sum();
    }

    /** Returns the number of lanes that are held. */
    synchronized int size() {
        return lanes.size();
    }
}

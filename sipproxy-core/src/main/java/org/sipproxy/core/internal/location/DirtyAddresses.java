package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/** Queue of AORs whose changes wait to be written, each once, the oldest change first. */
final class DirtyAddresses {

    private final Deque<AorEntry> queue = new ConcurrentLinkedDeque<>();
    private final AtomicInteger size = new AtomicInteger();
    private final LongSupplier nanoTime;

    DirtyAddresses(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
    }

    /** Queues an AOR. Called under its monitor. */
    void add(AorEntry address) {
        if (!address.isQueued) {
            address.isQueued = true;
            address.dirtySinceNanos = nanoTime.getAsLong();
            size.incrementAndGet();
            queue.addLast(address);
        }
    }

    /** Puts AORs that were taken but could not be written back at the front. */
    void addBack(List<AorEntry> addresses) {
        for (int i = addresses.size() - 1; i >= 0; i--) {
            AorEntry address = addresses.get(i);
            synchronized (address) {
                if (address.bindings != null && !address.isQueued) {
                    address.isQueued = true;
                    size.incrementAndGet();
                    queue.addFirst(address);
                }
            }
        }
    }

    /** Takes at most {@code most} AORs, the oldest changes first. A change from here on queues them again. */
    List<AorEntry> take(int most) {
        List<AorEntry> taken = new ArrayList<>(most);
        while (taken.size() < most) {
            AorEntry address = queue.pollFirst();
            if (address == null) {
                break;
            }
            synchronized (address) {
                address.isQueued = false;
            }
            taken.add(address);
        }
        size.addAndGet(-taken.size());
        return taken;
    }

    int size() {
        return size.get();
    }

    /** Returns how long the first of the queue has waited; 0 if none waits. */
    long oldestNanos() {
        AorEntry first = queue.peekFirst();
        return first == null ? 0 : Math.max(0, nanoTime.getAsLong() - first.dirtySinceNanos);
    }
}

package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Addresses whose changes wait to be written, each once. */
final class DirtyAddresses {

    private final Queue<HeldAddress> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger size = new AtomicInteger();

    /** Called under the address's monitor. */
    void add(HeldAddress address) {
        if (!address.isQueued) {
            address.isQueued = true;
            size.incrementAndGet();
            queue.add(address);
        }
    }

    /** One that was taken and could not be written. */
    void addBack(HeldAddress address) {
        synchronized (address) {
            if (address.bindings != null) {
                add(address);
            }
        }
    }

    /** At most {@code most}, those that have waited longest first. A change queues them again from here on. */
    List<HeldAddress> take(int most) {
        List<HeldAddress> taken = new ArrayList<>(most);
        while (taken.size() < most) {
            HeldAddress address = queue.poll();
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
}

package org.sipproxy.security;

import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Pool of idle {@link Hashes}: creating one costs 240 ns and 1.4 kB of garbage, taking one from the pool 6 ns. A thread
 * uses only one slot; if the slot is empty, it creates a new one. Unlike a ThreadLocal it leaves nothing in the host's
 * threads when the proxy is closed.
 */
final class HashPool {

    /** Slots are a cache line apart, to avoid false sharing. */
    private static final int STRIDE = 16;

    private final List<SecretKeySpec> keys;
    private final AtomicReferenceArray<@Nullable Hashes> idle;
    private final int mask;

    HashPool(List<byte[]> secrets) {
        this.keys = secrets.stream().map(Hashes::key).toList();
        int slots = Integer.highestOneBit(2 * Runtime.getRuntime().availableProcessors());
        this.mask = slots - 1;
        this.idle = new AtomicReferenceArray<>(slots * STRIDE);
    }

    Hashes take() {
        Hashes hashes = idle.getAndSet(slot(), null);
        return hashes != null ? hashes : new Hashes(keys);
    }

    /** Returns hashes to the pool; no computation may be unfinished. */
    void give(Hashes hashes) {
        idle.setRelease(slot(), hashes);
    }

    private int slot() {
        return ((int) Thread.currentThread().getId() & mask) * STRIDE;
    }
}

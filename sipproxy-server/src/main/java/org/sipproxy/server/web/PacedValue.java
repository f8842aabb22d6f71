package org.sipproxy.server.web;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Value that all clients share until it is too old. The longer it takes to compute, the longer it is used, so that
 * reading it occupies at most a twentieth of one processor. Thread-safe.
 */
final class PacedValue<T> {

    private static final long SHORTEST_NANOS = 900_000_000L;
    private static final int SHARE = 20;

    private final Supplier<T> source;
    private @Nullable T value;
    private long freshUntil;

    PacedValue(Supplier<T> source) {
        this.source = source;
    }

    /** Returns the value, computed now or a moment ago. */
    synchronized T get() {
        T known = value;
        long began = System.nanoTime();
        if (known == null || began - freshUntil >= 0) {
            known = source.get();
            value = known;
            long now = System.nanoTime();
            freshUntil = now + Math.max(SHORTEST_NANOS, SHARE * (now - began));
        }
        return known;
    }
}

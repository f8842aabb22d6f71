package org.sipproxy.core.internal.location;

import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.core.internal.time.ProxyTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Base of the stores that load a database when they are opened and then read from memory. Writing is left to the
 * subclasses.
 */
abstract class LoadedStore implements ManagedLocationStore {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);

    final WatchedRepository repository;
    final MemoryLocationStore memory;
    final ProxyTime time;
    /** Used by the sweeping thread only. */
    private int stepsSeen;

    LoadedStore(WatchedRepository repository, MemoryLocationStore memory, ProxyTime time) {
        this.repository = repository;
        this.memory = memory;
        this.time = time;
    }

    @Override
    public void open() {
        long started = System.nanoTime();
        long[] count = new long[1];
        try {
            repository.forEach(now(), (aor, binding) -> {
                memory.restore(aor, binding);
                count[0]++;
            });
        } catch (LocationStoreException e) {
            throw new LocationStoreException(
                    e.kind(), "locationStore: the bindings cannot be read at the start: " + e.getMessage(), e);
        }
        LOG.info("{} read in {} ms", Quantity.of(count[0], "binding"), (System.nanoTime() - started) / 1_000_000);
    }

    final Instant now() {
        return time.now();
    }

    @Override
    public final List<Binding> lookup(Aor aor) {
        return memory.lookup(aor);
    }

    @Override
    public final void forEach(BiConsumer<Aor, List<Binding>> visitor) {
        memory.forEach(visitor);
    }

    @Override
    public final void addListener(LocationListener listener) {
        memory.addListener(listener);
    }

    /**
     * Runs the task if the wall clock was set since the task last succeeded, because the rows of live bindings then
     * have wrong times.
     */
    final void afterStep(Runnable rewriting) {
        int steps = time.steps();
        if (steps != stepsSeen) {
            rewriting.run();
            stepsSeen = steps;
        }
    }

    /**
     * Returns true if this process wrote the binding's row; another server's row has the times of that server's clock.
     */
    final boolean isOwn(Binding binding) {
        return binding.updatedAtMillis() >= time.startMillis();
    }

    /** Deletes the rows of this server that had expired by {@code endedAt}. */
    final void deleteExpired(Instant endedAt) {
        repository.deleteExpired(endedAt, true, (aor, binding) -> {}); // memory has published the event already
    }
}

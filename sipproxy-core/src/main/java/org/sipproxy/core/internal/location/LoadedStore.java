package org.sipproxy.core.internal.location;

import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.core.ProxyClock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A store that reads a database when it is opened, and answers from memory then. What it writes is its subclass's matter. */
abstract class LoadedStore implements OwnStore {

    private static final Logger LOG = LoggerFactory.getLogger(LoadedStore.class);

    final WatchedRepository repository;
    final MemoryLocationStore memory;
    final ProxyClock clock;

    LoadedStore(WatchedRepository repository, MemoryLocationStore memory, ProxyClock clock) {
        this.repository = repository;
        this.memory = memory;
        this.clock = clock;
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
        LOG.info("{} bindings read in {} ms", count[0], (System.nanoTime() - started) / 1_000_000);
    }

    final Instant now() {
        return Instant.ofEpochMilli(clock.currentTimeMillis());
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

    /** Deletes the rows of this server that have ended. */
    final void deleteExpired() {
        repository.deleteExpired(now(), true, (aor, binding) -> {}); // memory has told it when it happened
    }
}

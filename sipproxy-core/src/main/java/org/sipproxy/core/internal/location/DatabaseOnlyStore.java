package org.sipproxy.core.internal.location;

import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiConsumer;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationEvent.Kind;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.ProxyTime;

/**
 * Location store that keeps nothing in memory: each look-up reads rows, and each update reads and writes them in a
 * transaction.
 *
 * <p>Updates of one AOR wait for its lock here before they wait for the database. That keeps the events of an AOR in
 * the order of its changes, and prevents a busy AOR from occupying all connections.
 */
final class DatabaseOnlyStore implements ManagedLocationStore {

    private static final Aor NO_USER = new Aor("", "invalid");

    private final WatchedRepository repository;
    private final ProxyTime time;
    private final AddressLocks locks = new AddressLocks();
    private final LocationEvents events = new LocationEvents();
    private final PeriodicTask sweep;

    DatabaseOnlyStore(BindingRepository repository, ProxyTime time, ProxyThreads threads) {
        this.sweep = new PeriodicTask(threads, "location-sweep", WriteThroughStore.SWEEP_INTERVAL, this::sweep);
        this.repository = new WatchedRepository(repository, time);
        this.time = time;
    }

    /** Fails at start, not at the first call, if the database cannot be read. */
    @Override
    public void open() {
        try {
            repository.find(NO_USER, now());
        } catch (LocationStoreException e) {
            throw new LocationStoreException(
                    e.kind(), "locationStore: the bindings cannot be read at the start: " + e.getMessage(), e);
        }
        sweep.start();
        repository.whenAway(sweep::runSoon);
    }

    private Instant now() {
        return time.now();
    }

    @Override
    public List<Binding> lookup(Aor aor) {
        return repository.find(aor, now());
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        ReentrantLock lock = locks.lock(aor);
        try {
            Observed observed = new Observed(change);
            List<Binding> after = repository.update(aor, observed, now());
            if (after != observed.before && events.wantsAny()) {
                events.queueChange(aor, observed.before, after, change, time.millis());
            }
            return after;
        } finally {
            lock.unlock();
            events.deliver(aor);
        }
    }

    /** A change that remembers its latest input, because a transaction may be retried. */
    private static final class Observed implements BindingChange {

        private final BindingChange change;
        private List<Binding> before = List.of();

        Observed(BindingChange change) {
            this.change = change;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            before = current;
            return change.apply(current);
        }

        @Override
        public RemovalReason reasonOf(Binding removed) {
            return change.reasonOf(removed);
        }
    }

    /** Holds all bindings in memory while grouping them by AOR, because rows arrive in the order of their insertion. */
    @Override
    public void forEach(BiConsumer<Aor, List<Binding>> visitor) {
        Map<Aor, List<Binding>> all = new LinkedHashMap<>();
        repository.forEach(
                now(),
                (aor, binding) ->
                        all.computeIfAbsent(aor, a -> new ArrayList<>(1)).add(binding));
        all.forEach((aor, bindings) -> visitor.accept(aor, List.copyOf(bindings)));
    }

    /** Deletes expired rows of all servers and publishes their removal. */
    @Override
    public void sweep() {
        repository.deleteExpired(now(), false, (aor, binding) -> {
            if (events.wants(Kind.REMOVED)) {
                events.queue(LocationEvent.removed(aor, binding, RemovalReason.EXPIRED));
                events.deliver(aor);
            }
        });
    }

    @Override
    public void addListener(LocationListener listener) {
        events.addListener(Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public Blocking blocking() {
        return Blocking.ALWAYS;
    }

    @Override
    public StoreStatus status() {
        return repository.status();
    }

    @Override
    public void close() {
        sweep.close();
        events.removeListeners();
    }
}

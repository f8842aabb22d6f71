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
import org.sipproxy.core.internal.guard.PeriodicTask;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.ProxyTime;

/**
 * Location store that keeps no binding in memory: each look-up reads rows, and each update reads and writes them in a
 * transaction. It remembers the connections that clients of this process registered over.
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
    private final RegisteredFlows flows = new RegisteredFlows();
    private final PeriodicTask sweep;

    DatabaseOnlyStore(BindingRepository repository, ProxyTime time, ProxyThreads threads) {
        this.sweep = StoreTask.sweep(threads, this::sweep);
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
        return flows.addTo(repository.find(aor, now()));
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        ReentrantLock lock = locks.lock(aor);
        try {
            Observed observed = new Observed(change);
            List<Binding> rows = repository.update(aor, observed, now());
            if (rows == observed.rows) {
                return observed.before;
            }
            List<Binding> after = observed.withFlows(rows);
            flows.changed(observed.before, after);
            if (events.wantsAny()) {
                events.queueChange(aor, observed.before, after, change, time.millis());
            }
            return after;
        } finally {
            lock.unlock();
            events.deliver(aor);
        }
    }

    /**
     * A change that sees the connections of the rows, and remembers its latest input, because a transaction may be
     * retried. A row that is kept stays the same object, so that it is not written.
     */
    private final class Observed implements BindingChange {

        private final BindingChange change;
        private List<Binding> rows = List.of();
        private List<Binding> before = List.of();

        Observed(BindingChange change) {
            this.change = change;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            rows = current;
            before = flows.addTo(current);
            List<Binding> wanted = change.apply(before);
            if (wanted == before) {
                return current;
            }
            return before == rows ? wanted : exchanged(wanted, before, rows);
        }

        /** Returns the rows after the change with their connections; those that were kept as the change saw them. */
        List<Binding> withFlows(List<Binding> after) {
            return flows.addTo(before == rows ? after : exchanged(after, rows, before));
        }

        /** Returns the list with each element that is one of {@code from} replaced by its counterpart in {@code to}. */
        private static List<Binding> exchanged(List<Binding> list, List<Binding> from, List<Binding> to) {
            List<Binding> result = new ArrayList<>(list.size());
            for (Binding binding : list) {
                result.add(counterpart(binding, from, to));
            }
            return List.copyOf(result);
        }

        private static Binding counterpart(Binding binding, List<Binding> from, List<Binding> to) {
            for (int i = 0; i < from.size(); i++) {
                if (from.get(i) == binding) {
                    return to.get(i);
                }
            }
            return binding;
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
                        all.computeIfAbsent(aor, a -> new ArrayList<>(1)).add(flows.addTo(binding)));
        all.forEach((aor, bindings) -> visitor.accept(aor, List.copyOf(bindings)));
    }

    /** Deletes expired rows of all servers and publishes their removal. */
    @Override
    public void sweep() {
        repository.deleteExpired(now(), false, (aor, row) -> {
            Binding binding = flows.addTo(row);
            flows.removed(row);
            if (events.wants(Kind.REMOVED)) {
                events.queue(LocationEvent.removed(aor, binding, RemovalReason.EXPIRED));
                events.deliver(aor);
            }
        });
        flows.removeExpired(time.millis());
    }

    /** Returns the number of connections that are remembered. */
    int rememberedFlows() {
        return flows.size();
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

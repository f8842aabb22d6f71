package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.core.internal.guard.PeriodicTask;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;

/**
 * Location store that reads from memory. A change is committed before memory shows it and before the update returns.
 *
 * <p>Updates of one AOR wait for its lock while the database works. That lock is not the monitor of the AOR in memory,
 * so look-ups and the timer never wait for a database. Only an expiry can occur between the commit and the change in
 * memory, and memory omits expired bindings in any case.
 */
final class WriteThroughStore extends LoadedStore {

    private final AddressLocks locks = new AddressLocks();
    private final GroupCommit commits;
    private final PeriodicTask sweep;

    WriteThroughStore(BindingRepository repository, ProxyTime time, TimerWheel wheel, ProxyThreads threads) {
        super(new WatchedRepository(repository, time), MemoryLocationStore.ofObjects(time, wheel), time);
        this.sweep = StoreTask.sweep(threads, this::sweep);
        this.commits = new GroupCommit(this.repository);
    }

    @Override
    public void open() {
        super.open();
        sweep.start();
        repository.whenAway(sweep::runSoon);
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        ReentrantLock lock = locks.lock(aor);
        try {
            memory.requireOpen();
            List<Binding> current = memory.lookup(aor);
            List<Binding> wanted = change.apply(current);
            if (wanted == current) {
                return current;
            }
            List<Binding> after = List.copyOf(wanted);
            List<BindingWrite> writes = new ArrayList<>(2);
            Differences.add(writes, aor, current, after, time.millis());
            if (!writes.isEmpty()) {
                repository.failWhileAway();
                commits.write(writes);
            }
            return memory.updateQuietly(aor, new Committed(after, change));
        } finally {
            lock.unlock();
            memory.deliverEvents(aor); // with no lock held: a listener may change the store
        }
    }

    /** The result of a committed change, to be applied to memory. */
    private record Committed(List<Binding> after, BindingChange change) implements BindingChange {

        @Override
        public List<Binding> apply(List<Binding> current) {
            return after;
        }

        @Override
        public RemovalReason reasonOf(Binding removed) {
            return change.reasonOf(removed);
        }
    }

    @Override
    public void sweep() {
        afterStep(() -> memory.forEach((aor, bindings) -> rewrite(aor)));
        deleteExpired(now());
    }

    /** Writes the rows of an AOR again, with the times of its bindings on the current wall clock. */
    private void rewrite(Aor aor) {
        ReentrantLock lock = locks.lock(aor);
        try {
            List<BindingWrite> writes = memory.lookup(aor).stream()
                    .filter(this::isOwn)
                    .<BindingWrite>map(binding -> new BindingWrite.Put(aor, binding))
                    .toList();
            if (!writes.isEmpty()) {
                commits.write(writes);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public Blocking blocking() {
        return Blocking.UPDATES;
    }

    @Override
    public StoreStatus status() {
        return repository.status();
    }

    @Override
    public void close() {
        sweep.close();
        memory.close();
    }
}

package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.core.StoreStatus;
import org.sipproxy.core.internal.time.LogThrottle;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Memory answers, and the changes go to the database in batches: at the end of each interval, on demand, and when the store
 * is closed. What a batch that fails would have written waits for the next attempt, which writes what is true then.
 *
 * <p>An address that has changed is queued once, however often it changes before it is written; see {@link HeldAddress} for
 * what becomes of its bindings. One flush runs at a time.
 */
final class WriteBackStore extends LoadedStore {

    private static final Logger LOG = LoggerFactory.getLogger(WriteBackStore.class);

    /** Addresses in one transaction: enough to make its cost small, few enough to repeat it without regret. */
    private static final int BATCH = 2_000;

    /** How long {@link #close} tries to write what waits; the batch at work when it is over may take a little longer. */
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(10);

    private final DirtyAddresses dirty;
    private final LogThrottle refusals = new LogThrottle();
    /** Held by who flushes. */
    private final ReentrantLock flushing = new ReentrantLock();

    private final Repeated flush;
    private final Repeated sweep = new Repeated("sip-location-sweep", WriteThroughStore.SWEEP_INTERVAL, this::sweep);
    private volatile boolean closing;
    /** Guarded by this object's monitor. */
    private boolean closed;

    WriteBackStore(BindingRepository repository, Duration interval, ProxyTime time, TimerWheel wheel) {
        this(repository, interval, time, wheel, new DirtyAddresses());
    }

    private WriteBackStore(
            BindingRepository repository, Duration interval, ProxyTime time, TimerWheel wheel, DirtyAddresses dirty) {
        super(new WatchedRepository(repository, time), new MemoryLocationStore(time, wheel, dirty::add), time);
        this.dirty = dirty;
        this.flush = new Repeated("sip-location-flush", interval, () -> flushUntil(Long.MAX_VALUE));
    }

    @Override
    public void open() {
        super.open();
        flush.start();
        sweep.start();
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        return memory.update(aor, new Storable(aor, change));
    }

    /** Refuses, before memory takes it, what the database could never hold. */
    private final class Storable implements BindingChange {

        private final Aor aor;
        private final BindingChange change;

        Storable(Aor aor, BindingChange change) {
            this.aor = aor;
            this.change = change;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            List<Binding> wanted = change.apply(current);
            if (wanted != current) {
                for (Binding binding : wanted) {
                    if (!isIn(current, binding)) {
                        repository.check(aor, binding);
                    }
                }
            }
            return wanted;
        }

        private static boolean isIn(List<Binding> bindings, Binding binding) {
            for (Binding one : bindings) {
                if (one == binding) {
                    return true;
                }
            }
            return false;
        }

        @Override
        public RemovalReason reasonOf(Binding removed) {
            return change.reasonOf(removed);
        }
    }

    @Override
    public Blocking blocking() {
        return Blocking.NEVER;
    }

    @Override
    public StoreStatus status() {
        return repository.status(dirty.size());
    }

    @Override
    public void flush() {
        flushUntil(Long.MAX_VALUE);
    }

    /** Rows that have ended but that memory holds refreshed are written first, so that they do not go and come. */
    @Override
    public void sweep() {
        flushing.lock();
        try {
            afterStep(() -> memory.rewrite(this::isOwn));
            flush();
            deleteExpired();
        } finally {
            flushing.unlock();
        }
    }

    /** Writes what waits now; stops between two batches when the time is over, or the store is closed by another thread. */
    private void flushUntil(long limitNanos) {
        flushing.lock();
        try {
            int left = dirty.size();
            while (left > 0 && (limitNanos == Long.MAX_VALUE ? !closing : System.nanoTime() - limitNanos < 0)) {
                List<HeldAddress> batch = dirty.take(Math.min(left, BATCH));
                if (batch.isEmpty()) {
                    return;
                }
                left -= batch.size();
                write(batch);
            }
        } finally {
            flushing.unlock();
        }
    }

    /** In one transaction; if the database refuses something of it, in halves until what it refuses stands alone. */
    private void write(List<HeldAddress> addresses) {
        Deque<List<HeldAddress>> parts = new ArrayDeque<>();
        parts.push(addresses);
        try {
            while (!parts.isEmpty()) {
                List<HeldAddress> part = parts.peek();
                FlushBatch batch = FlushBatch.of(part, time.millis());
                try {
                    batch.writeTo(repository);
                    batch.written(memory);
                    parts.pop();
                } catch (LocationStoreException e) {
                    if (e.kind() != Kind.REFUSED) {
                        batch.mayBeWritten();
                        throw e;
                    }
                    parts.pop();
                    if (part.size() > 1) {
                        parts.push(new ArrayList<>(part.subList(part.size() / 2, part.size())));
                        parts.push(new ArrayList<>(part.subList(0, part.size() / 2)));
                    } else {
                        // not tried again before it changes: the same values would be refused again
                        refusals.warn(LOG, "bindings of " + part.get(0).aor + " stay in memory only, refused", e);
                    }
                }
            }
        } finally {
            parts.forEach(part -> part.forEach(dirty::addBack));
        }
    }

    /** Writes what waits, within a bound, and says what could not be written. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        closing = true;
        long limit = System.nanoTime() + CLOSE_LIMIT.toNanos();
        sweep.close(CLOSE_LIMIT);
        flush.close(left(limit));
        try {
            if (flushing.tryLock(Math.max(0, limit - System.nanoTime()), TimeUnit.NANOSECONDS)) {
                try {
                    flushUntil(limit);
                } finally {
                    flushing.unlock();
                }
            }
        } catch (LocationStoreException e) {
            LOG.debug("last flush failed: {}", e.getMessage()); // told by the watched repository, and below
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        if (dirty.size() > 0) {
            LOG.error(
                    "changes of {} addresses could not be written before the location store was closed", dirty.size());
        }
        memory.close();
    }

    private static Duration left(long limitNanos) {
        return Duration.ofNanos(Math.max(1, limitNanos - System.nanoTime()));
    }
}

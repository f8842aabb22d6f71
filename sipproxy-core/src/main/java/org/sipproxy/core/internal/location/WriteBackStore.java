package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.support.Quantity;
import org.sipproxy.core.internal.guard.PeriodicTask;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.time.TimerWheel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Location store in memory that writes changes to the database in batches: periodically, early enough that each change
 * is written within one interval, if the flush takes as long as earlier ones; on demand; and when the store is closed.
 * If a batch fails, its AORs wait for the next attempt, which writes their state at that time.
 *
 * <p>A changed AOR is queued once, however often it changes before it is written; see {@link AorEntry} for the state of
 * its bindings.
 */
final class WriteBackStore extends LoadedStore {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);

    /** How long the final flush may write nothing before it gives up. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    /** How long {@link #close} waits for a flush in progress. */
    private static final Duration RUNNING_FLUSH = Duration.ofSeconds(10);

    /** A change is late if it is older than two intervals plus this time. */
    private static final Duration LATE = Duration.ofSeconds(10);

    private static final int MOST_NAMED = 20;

    private final StoreMode.WriteBack mode;
    private final Duration patience;
    private final Flusher flusher;
    private final FailureLog late = new FailureLog(Duration.ofSeconds(60));
    private final PeriodicTask flush;
    private final PeriodicTask sweep;
    private final ProxyThreads threads;
    private final TimerWheel wheel;
    private final LateWatch lateWatch = new LateWatch();
    private volatile boolean closing;
    /** Number of AORs whose rows differed from memory when the store was closed; −1 before. */
    private volatile long lost = -1;
    /** Guarded by this object's monitor. */
    private boolean closed;

    WriteBackStore(StoreMode.WriteBack mode, ProxyTime time, TimerWheel wheel, ProxyThreads threads) {
        this(mode, time, wheel, threads, PATIENCE);
    }

    WriteBackStore(
            StoreMode.WriteBack mode, ProxyTime time, TimerWheel wheel, ProxyThreads threads, Duration patience) {
        this(mode, time, wheel, threads, patience, new DirtyAddresses(time::nanoTime));
    }

    private WriteBackStore(
            StoreMode.WriteBack mode,
            ProxyTime time,
            TimerWheel wheel,
            ProxyThreads threads,
            Duration patience,
            DirtyAddresses dirty) {
        super(
                new WatchedRepository(mode.repository(), time),
                MemoryLocationStore.withJournal(time, wheel, dirty::add),
                time);
        this.threads = threads;
        this.wheel = wheel;
        this.sweep = StoreTask.sweep(threads, this::sweep);
        this.mode = mode;
        this.patience = patience;
        this.flusher = new Flusher(dirty, repository, memory, time, threads);
        this.flush = StoreTask.every(mode.interval(), threads, "location-flush", this::flushInTime);
    }

    /** Warns also while a flush does not return. */
    private final class LateWatch extends Timer {

        @Override
        protected void fire() {
            warnIfLate();
            schedule();
        }

        void schedule() {
            if (!closing) {
                wheel.schedule(this, time.nanoTime(), LATE.toNanos());
            }
        }
    }

    @Override
    public void open() {
        super.open();
        lateWatch.schedule();
        flush.start();
        sweep.start();
        repository.whenAway(sweep::runSoon);
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        return memory.update(aor, new Storable(aor, change));
    }

    /** Refuses bindings that the database can never hold before memory accepts them. */
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
        return repository.status(lost < 0 ? flusher.waiting() : lost, Duration.ofNanos(flusher.oldestNanos()));
    }

    @Override
    public void flush() {
        flusher.flush(() -> !closing);
    }

    private void flushInTime() {
        try {
            flush();
        } finally {
            warnIfLate();
        }
    }

    private void warnIfLate() {
        Duration oldest = Duration.ofNanos(flusher.oldestNanos());
        if (oldest.compareTo(mode.interval().multipliedBy(2).plus(LATE)) > 0) {
            late.warn(
                    LOG,
                    "the database does not keep up: changes of " + Quantity.of(flusher.waiting(), "user")
                            + " wait, the oldest for " + oldest.toSeconds() + " s; a crash would lose them");
        }
    }

    /**
     * Writes expired rows whose bindings memory holds refreshed first, so that they are not deleted and inserted again.
     */
    @Override
    public void sweep() {
        Instant before = now();
        afterStep(() -> memory.rewrite(this::isOwn));
        flush();
        deleteExpired(before);
    }

    /** Writes the waiting changes as long as that makes progress, and logs what could not be written. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        closing = true;
        wheel.cancel(lateWatch);
        Deadline end = Deadline.in(mode.stopLimit());
        Deadline running =
                Deadline.in(mode.stopLimit().compareTo(RUNNING_FLUSH) < 0 ? mode.stopLimit() : RUNNING_FLUSH);
        sweep.close(running);
        flush.close(running);
        if (flusher.waiting() > 0) {
            new LastFlush(flusher, Duration.ofNanos(end.leftNanos()), patience, threads).run();
        }
        reportLost();
        memory.close();
    }

    private void reportLost() {
        List<Aor> named = new ArrayList<>();
        long[] count = new long[2];
        memory.forEachUnwritten((aor, writes) -> {
            count[0]++;
            count[1] += writes;
            if (named.size() < MOST_NAMED) {
                named.add(aor);
            }
        });
        lost = count[0];
        if (lost > 0) {
            LOG.error(
                    "{} changes of the bindings of {} users are not in the database and are lost: {}{}",
                    count[1],
                    count[0],
                    named,
                    count[0] > named.size() ? " and others" : "");
        }
    }
}

package org.sipproxy.core.internal.location;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.core.internal.time.Guard;

/**
 * Writes of many threads in one transaction, because a commit costs the same for one row as for a hundred.
 *
 * <p>A thread that finds no write in progress becomes the leader. It writes everything that has queued up, its own
 * writes first, notifies the other threads of the result, and hands the lead to the first thread that arrived
 * meanwhile. A single write therefore never waits, and under load each transaction takes what arrived during the
 * previous one. Does not need a thread or a timer.
 */
final class GroupCommit {

    /** Maximum number of writes in one transaction, so that no thread waits long for it. */
    private static final int MOST_WRITES = 500;

    private final WatchedRepository repository;
    private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
    private boolean isLed;
    /** Start of the transaction in progress. */
    private volatile long ledSinceNanos;

    GroupCommit(WatchedRepository repository) {
        this.repository = repository;
    }

    /**
     * Returns when the writes are committed, all or none of them.
     *
     * @throws LocationStoreException if they are not committed, whichever thread led
     */
    void write(List<BindingWrite> writes) {
        Waiting mine = new Waiting(writes);
        List<Waiting> batch = new ArrayList<>(); // now: a leader must not fail before it can hand over
        boolean lead;
        synchronized (queue) {
            queue.add(mine);
            lead = !isLed;
            if (lead) {
                isLed = true;
                ledSinceNanos = System.nanoTime();
            }
        }
        if (lead || isToLead(mine)) {
            lead(batch);
        }
        mine.throwIfFailed();
    }

    /**
     * Waits. Returns true if this thread is to lead, false if its writes are finished. Gives up if the previous
     * transaction takes longer than the repository allows: then the database counts as down, and threads whose writes
     * are in no transaction fail.
     */
    private boolean isToLead(Waiting mine) {
        while (mine.isQueued()) {
            long left = repository.timeout().toNanos() - (System.nanoTime() - ledSinceNanos);
            if (left > 0 && !RequestDeadline.hasPassed()) {
                mine.await(TimeUnit.MILLISECONDS.toNanos(RequestDeadline.within(left / 1_000_000 + 1)));
            } else if (withdraws(mine)) {
                if (left <= 0) {
                    repository.overdue();
                }
                mine.failed(new LocationStoreException(
                        Kind.UNREACHABLE, "the previous transactions take too long", new TimeoutException()));
                return false;
            } else {
                mine.await(Long.MAX_VALUE);
            }
        }
        return mine.leads();
    }

    /** Returns false if the writes are in the transaction in progress, or the thread has just been made the leader. */
    private boolean withdraws(Waiting mine) {
        synchronized (queue) {
            return mine.isQueued() && queue.remove(mine); // a thread that was made the leader has to lead
        }
    }

    private void lead(List<Waiting> batch) {
        try {
            take(batch);
            commit(batch);
        } catch (Throwable e) { // followers must not wait forever, nor take a failure for a success
            Guard.count(e);
            for (int i = 0; i < batch.size(); i++) { // by index: an iterator needs memory
                batch.get(i).failed(e);
            }
        } finally {
            handOver(); // the next transaction may start while this one's threads wake
            for (int i = 0; i < batch.size(); i++) {
                batch.get(i).wake();
            }
        }
    }

    private void take(List<Waiting> batch) {
        int writes = 0;
        synchronized (queue) {
            for (Waiting w = queue.peek();
                    w != null && (batch.isEmpty() || writes + w.writes.size() <= MOST_WRITES);
                    w = queue.peek()) {
                batch.add(w);
                queue.remove();
                writes += w.writes.size();
            }
        }
    }

    private void commit(List<Waiting> batch) {
        if (batch.size() == 1) {
            repository.write(batch.get(0).writes);
            return;
        }
        List<BindingWrite> all = new ArrayList<>();
        batch.forEach(w -> all.addAll(w.writes));
        try {
            repository.write(all);
        } catch (LocationStoreException e) {
            if (e.kind() == Kind.UNREACHABLE) {
                throw e;
            }
            commitEach(batch); // one of them caused the failure; it fails alone
        }
    }

    private void commitEach(List<Waiting> batch) {
        for (Waiting w : batch) {
            try {
                repository.write(w.writes);
            } catch (LocationStoreException e) {
                w.failed(e);
            }
        }
    }

    private void handOver() {
        Waiting next;
        synchronized (queue) {
            next = queue.peek();
            isLed = next != null;
            ledSinceNanos = System.nanoTime();
            if (next != null) {
                next.appoint(); // under the lock: it can no longer withdraw
            }
        }
        if (next != null) {
            next.unpark();
        }
    }

    /** The writes of one thread. */
    private static final class Waiting {

        private enum State {
            QUEUED,
            LEADING,
            DONE
        }

        final List<BindingWrite> writes;
        private final Thread thread = Thread.currentThread();
        /** Written before the state. */
        private @Nullable Throwable failure;

        private volatile State state = State.QUEUED;
        /** Used by its own thread only. */
        private boolean interrupted;

        Waiting(List<BindingWrite> writes) {
            this.writes = writes;
        }

        boolean isQueued() {
            return state == State.QUEUED;
        }

        boolean leads() {
            return state == State.LEADING;
        }

        /** Waits for a change of the state, at most this long; may return early. */
        void await(long nanos) {
            LockSupport.parkNanos(this, nanos);
            if (Thread.interrupted()) {
                interrupted = true;
            }
        }

        void appoint() {
            state = State.LEADING;
        }

        void unpark() {
            LockSupport.unpark(thread);
        }

        void failed(Throwable cause) {
            failure = cause;
        }

        void wake() {
            state = State.DONE;
            if (thread != Thread.currentThread()) {
                LockSupport.unpark(thread);
            }
        }

        void throwIfFailed() {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            Throwable cause = failure;
            if (cause instanceof LocationStoreException e) {
                throw e.forFollower();
            }
            if (cause != null) {
                throw new LocationStoreException("writing bindings failed: " + cause, cause);
            }
        }
    }
}

package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.HostCall;
import org.sipproxy.core.internal.guard.HostFailedException;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.time.ProxyTime;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repository wrapper that tracks the state of the database and logs one line when it goes down and one when it is back.
 *
 * <p>While the database cannot be reached, only one thread at a time may try; other threads fail at once. A connect or
 * a statement may take seconds to fail and would otherwise take all workers away from requests that need no database.
 * The first attempt that succeeds admits all threads again.
 */
final class WatchedRepository implements BindingRepository {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);

    private record Failure(LocationStoreException cause, long atMillis) {}

    private static final Duration OTHERWISE = Duration.ofSeconds(10);

    private final BindingRepository repository;
    private final HostCall host;
    private final ProxyTime time;
    private final FailureLog failures = new FailureLog();
    private final FailureLog refusals = new FailureLog(Duration.ofSeconds(10));
    private final AtomicBoolean trying = new AtomicBoolean();

    /** The failure since which the database is down; null while it responds. Written under this object's monitor. */
    private volatile @Nullable Failure away;

    private volatile long awaySinceNanos;
    private volatile @Nullable Failure last;
    private volatile long lastWriteMillis = -1;

    /** Called when the database goes down, so that a background task can retry without a request waiting for it. */
    private volatile Runnable whenAway = () -> {};

    WatchedRepository(BindingRepository repository, ProxyTime time) {
        this.repository = new WallClockRows(repository, time);
        BindingRepository ofHost = repository instanceof NodeRows shared ? shared.ofHost() : repository;
        this.host = new HostCall("binding repository " + ofHost.getClass().getName());
        this.time = time;
    }

    void whenAway(Runnable task) {
        whenAway = task;
    }

    @Override
    public List<Binding> find(Aor aor, Instant now) {
        return run(() -> repository.find(aor, now));
    }

    @Override
    public void forEach(Instant now, BiConsumer<Aor, Binding> visitor) {
        run(() -> {
            repository.forEach(now, visitor);
            return true;
        });
    }

    @Override
    public void check(Aor aor, Binding binding) {
        try {
            repository.check(aor, binding);
        } catch (LocationStoreException e) {
            throw e;
        } catch (Throwable e) {
            host.failed(e);
            throw new HostFailedException(e);
        }
    }

    @Override
    public void write(List<BindingWrite> writes) {
        run(() -> {
            repository.write(writes);
            return true;
        });
        lastWriteMillis = time.wallMillis();
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change, Instant now) {
        Watched watched = new Watched(change);
        List<Binding> after = run(() -> {
            try {
                return repository.update(aor, watched, now);
            } catch (RuntimeException | Error e) {
                if (watched.thrown == e) {
                    return null; // the repository did not fail
                }
                throw e;
            }
        });
        if (after == null) {
            throw watched.failure();
        }
        lastWriteMillis = time.wallMillis();
        return after;
    }

    /** A change whose exception is passed to the caller, because it says nothing about the repository. */
    private static final class Watched implements BindingChange {

        private final BindingChange change;
        private @Nullable Throwable thrown;

        Watched(BindingChange change) {
            this.change = change;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            try {
                return change.apply(current);
            } catch (Throwable e) {
                thrown = e;
                throw e;
            }
        }

        @Override
        public RemovalReason reasonOf(Binding removed) {
            return change.reasonOf(removed);
        }

        RuntimeException failure() {
            if (thrown instanceof Error error) {
                throw error;
            }
            return (RuntimeException) Objects.requireNonNull(thrown, "thrown");
        }
    }

    @Override
    public void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {
        run(() -> {
            repository.deleteExpired(endedAt, ofThisServerOnly, removed);
            return true;
        });
    }

    /** Returns true from the moment when the database could not be reached until an operation succeeds again. */
    boolean isAway() {
        return away != null;
    }

    /** Returns the status of a store in which no change waits. */
    StoreStatus status() {
        return status(0, Duration.ZERO);
    }

    StoreStatus status(long waiting, Duration oldest) {
        Failure f = last;
        long written = lastWriteMillis;
        Optional<String> outage = away == null ? outage() : Optional.empty();
        return new StoreStatus(
                away == null && outage.isEmpty(),
                waiting,
                oldest,
                written < 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(written)),
                outage.or(() -> Optional.ofNullable(f).map(failure -> text(failure.cause()))),
                outage.map(now -> Instant.ofEpochMilli(time.wallMillis()))
                        .or(() -> Optional.ofNullable(f).map(failure -> Instant.ofEpochMilli(failure.atMillis()))));
    }

    @Override
    public Optional<String> outage() {
        try {
            return Objects.requireNonNull(repository.outage(), "outage() returned null");
        } catch (Throwable e) {
            host.failed(e);
            return Optional.empty();
        }
    }

    private <T extends @Nullable Object> T run(Supplier<T> work) {
        Failure known = away;
        if (known == null) {
            return attempt(work);
        }
        if (!trying.compareAndSet(false, true)) {
            throw stillAway(known);
        }
        try {
            return attempt(work);
        } finally {
            trying.set(false);
        }
    }

    /** Fails fast while the database is down, so that callers do not queue first. */
    void failWhileAway() {
        Failure known = away;
        if (known != null && trying.get()) {
            throw stillAway(known);
        }
    }

    @Override
    public Duration timeout() {
        try {
            return repository.timeout();
        } catch (Throwable e) {
            host.failed(e);
            return OTHERWISE;
        }
    }

    /**
     * Treats the database as down because an operation in progress exceeds its time limit, although nothing has failed
     * yet.
     */
    void overdue() {
        failed(new LocationStoreException(
                Kind.UNREACHABLE, "no response for " + timeout().toSeconds() + " s", new TimeoutException()));
    }

    private static LocationStoreException stillAway(Failure known) {
        return new LocationStoreException(
                Kind.UNREACHABLE, "the database does not respond: " + text(known.cause()), known.cause());
    }

    private <T extends @Nullable Object> T attempt(Supplier<T> work) {
        long startedNanos = System.nanoTime();
        try {
            T result = work.get();
            if (away != null) {
                back(startedNanos);
            }
            return result;
        } catch (LocationStoreException e) {
            failed(e);
            throw e;
        } catch (Throwable e) { // from a driver, or a defect of the repository
            host.failed(e);
            LocationStoreException failure = new LocationStoreException("the repository failed: " + e, e);
            failed(failure);
            throw failure;
        }
    }

    private void failed(LocationStoreException cause) {
        if (cause.kind() == Kind.REFUSED) {
            refusals.info(LOG, "location database refused a binding", cause); // the client's fault, which gets a 400
            return;
        }
        Failure failure = new Failure(cause, time.wallMillis());
        last = failure;
        if (cause.kind() != Kind.UNREACHABLE) {
            failures.warn(LOG, "location database failed", cause);
            return;
        }
        synchronized (this) {
            if (away != null) {
                return;
            }
            awaySinceNanos = System.nanoTime();
            away = failure;
        }
        whenAway.run();
        LOG.error("location database does not respond, retrying until it does: {}", text(cause));
    }

    /**
     * An operation that began before the database went down says nothing about its present state, even if it succeeds
     * now.
     */
    private synchronized void back(long startedNanos) {
        if (away != null && startedNanos - awaySinceNanos > 0) {
            away = null;
            LOG.warn(
                    "location database responds again, after {} s",
                    (System.nanoTime() - awaySinceNanos) / 1_000_000_000L);
        }
    }

    private static String text(LocationStoreException e) {
        return String.valueOf(e.getMessage());
    }
}

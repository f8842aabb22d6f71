package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.LocationStoreException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the database behind a {@link DataSource} answers. All that use the same data source share one, so what one of them finds
 * out, the others need not wait for: after a failure it is open and every use of {@link #dataSource} fails at once.
 *
 * <p>While it is open, a thread of its own probes the database: at once, and then once a second for as long as somebody asks. So no
 * request is the one that waits to see whether the database is back.
 */
final class CircuitBreaker {

    private static final Logger LOG = LoggerFactory.getLogger(CircuitBreaker.class);

    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int VALID_SECONDS = 1;

    /** Weak values: a breaker refers to its data source. */
    private static final Cache<DataSource, CircuitBreaker> SHARED =
            Caffeine.newBuilder().weakKeys().weakValues().build();

    private static final Executor PROBES = probes();

    private final DataSource real;
    private final DataSource guarded;
    private final Executor executor;
    private final LongSupplier nanoTime;
    private final AtomicBoolean probing = new AtomicBoolean();
    private volatile boolean open;
    /** Written before {@link #open}. */
    private volatile long openSince;

    private volatile long nextProbe;

    CircuitBreaker(DataSource dataSource, Executor executor, LongSupplier nanoTime) {
        this.real = dataSource;
        this.guarded = new GuardedDataSource(this, dataSource);
        this.executor = executor;
        this.nanoTime = nanoTime;
    }

    /** The one of this data source. */
    static CircuitBreaker of(DataSource dataSource) {
        return SHARED.get(dataSource, key -> new CircuitBreaker(key, PROBES, System::nanoTime));
    }

    private static Executor probes() {
        return new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), task -> {
            Thread thread = new Thread(task, "sipproxy-database-probe");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** The data source, whose connections are refused at once while the breaker is open. */
    DataSource dataSource() {
        return guarded;
    }

    /** True since a failure and until a probe succeeds. Never waits; starts a probe if one is due. */
    boolean isOpen() {
        if (open && nanoTime.getAsLong() - nextProbe >= 0) {
            probeLater();
        }
        return open;
    }

    /** How long it has been open; zero if it is not. */
    long openNanos() {
        return open ? nanoTime.getAsLong() - openSince : 0;
    }

    /** Reports a failed use of the database. It opens if the database could not be reached. */
    void failed(Throwable failure) {
        if (isOutage(failure)) {
            open(failure);
        }
    }

    /** A pool that has no connection to give may say so without a state. */
    static boolean isOutage(Throwable failure) {
        for (@Nullable Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLTransientConnectionException) {
                return true;
            }
        }
        return SqlStates.kindOf(failure) == LocationStoreException.Kind.UNREACHABLE;
    }

    private void open(Throwable failure) {
        synchronized (this) {
            if (open) {
                return;
            }
            openSince = nanoTime.getAsLong();
            nextProbe = openSince;
            open = true;
        }
        LOG.warn("the database does not answer; it is left alone until a probe succeeds: {}", SqlStates.text(failure));
        probeLater();
    }

    private void probeLater() {
        if (probing.compareAndSet(false, true)) {
            try {
                executor.execute(this::probe);
            } catch (RuntimeException | Error e) { // no thread to be had
                probing.set(false);
                throw e;
            }
        }
    }

    private void probe() {
        try (Connection connection = real.getConnection()) {
            if (connection.isValid(VALID_SECONDS)) {
                close();
            }
        } catch (SQLException | RuntimeException e) {
            LOG.debug("the database still does not answer: {}", SqlStates.text(e));
        } finally {
            nextProbe = nanoTime.getAsLong() + PAUSE_NANOS;
            probing.set(false);
        }
    }

    private void close() {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(openNanos());
        open = false;
        LOG.info("the database answers again, after {} s", seconds);
    }
}

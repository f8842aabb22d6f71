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
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Circuit breaker of the database behind a {@link DataSource}. All users of one data source share a breaker, so that
 * one failure spares the others the wait: it opens the breaker, and every use of {@link #dataSource} fails at once
 * while it is open.
 *
 * <p>While the breaker is open, a separate thread probes the database: at once, and then once a second as long as
 * {@link #isOpen} is called. No request waits for a probe.
 */
final class CircuitBreaker {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

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

    /** Returns the breaker of a data source. */
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

    /** Returns the data source, whose connections are refused at once while the breaker is open. */
    DataSource dataSource() {
        return guarded;
    }

    /** Returns true from a failure until a probe succeeds. Never waits; starts a probe if one is due. */
    boolean isOpen() {
        if (open && nanoTime.getAsLong() - nextProbe >= 0) {
            probeLater();
        }
        return open;
    }

    /** Returns how long the breaker has been open; 0 if it is closed. */
    long openNanos() {
        return open ? nanoTime.getAsLong() - openSince : 0;
    }

    /** Reports a failed use of the database. Opens the breaker if the database could not be reached. */
    void failed(Throwable failure) {
        if (isOutage(failure)) {
            open(failure);
        }
    }

    /** Returns true if the database could not be reached. A pool without a free connection may report no SQLSTATE. */
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
        LOG.warn("the database does not respond; it is not used until a probe succeeds: {}", SqlStates.text(failure));
        probeLater();
    }

    private void probeLater() {
        if (probing.compareAndSet(false, true)) {
            try {
                executor.execute(this::probe);
            } catch (RuntimeException | Error e) { // no thread available
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
            LOG.debug("the database still does not respond: {}", SqlStates.text(e));
        } finally {
            nextProbe = nanoTime.getAsLong() + PAUSE_NANOS;
            probing.set(false);
        }
    }

    private void close() {
        long seconds = TimeUnit.NANOSECONDS.toSeconds(openNanos());
        open = false;
        LOG.info("the database responds again, after {} s", seconds);
    }
}

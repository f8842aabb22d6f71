package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
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
 * <p>While the breaker is open, a separate thread probes the database: at once, and then once a second. So a recovery
 * does not cost a request, even if only requests use the database. While no proxy uses it, a probe is due only when
 * {@link #isOpen} is called. No request waits for a probe. {@link #connected} closes it, too.
 */
final class CircuitBreaker {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final long PAUSE_NANOS = Duration.ofSeconds(1).toNanos();
    private static final int VALID_SECONDS = 1;
    private static final String PROBE = "database-probe";

    /** Weak values: a breaker refers to its data source. */
    private static final Cache<DataSource, CircuitBreaker> SHARED = Caffeine.newBuilder()
            .weakKeys()
            .weakValues()
            .executor(Runnable::run)
            .build();

    private final DataSource real;
    private final DataSource guarded;
    private final Executor outsideProxies;
    /** Those of the running proxies that use the database, the first one in use. */
    private final List<Executor> ofProxies = new CopyOnWriteArrayList<>();

    private final LongSupplier nanoTime;
    private final AtomicBoolean probing = new AtomicBoolean();
    private volatile boolean open;
    /** Written before {@link #open}. */
    private volatile long openSince;

    private volatile long nextProbe;
    /** True if the failure to start a probe has been logged since the breaker opened. */
    private volatile boolean unprobed;

    /** Why the breaker is open. */
    private volatile String why = "";

    CircuitBreaker(DataSource dataSource, Executor outsideProxies, LongSupplier nanoTime) {
        this.real = dataSource;
        this.guarded = new GuardedDataSource(this, dataSource);
        this.outsideProxies = outsideProxies;
        this.nanoTime = nanoTime;
    }

    /** Returns the breaker of a data source. */
    static CircuitBreaker of(DataSource dataSource) {
        return SHARED.get(
                dataSource, key -> new CircuitBreaker(key, ThreadSource.DAEMONS.executor(PROBE), System::nanoTime));
    }

    /**
     * Probes on threads of a proxy until the result is closed. If several proxies use the database, the first one's are
     * used; if there is none, daemons.
     */
    Use probeOn(ThreadSource proxy) {
        Executor executor = proxy.executor(PROBE);
        ofProxies.add(executor);
        return () -> {
            ofProxies.remove(executor);
            synchronized (ofProxies) {
                ofProxies.notifyAll(); // a probe that pauses on its threads ends
            }
        };
    }

    /** Use of a proxy's threads, from its start to its end. */
    @FunctionalInterface
    interface Use extends AutoCloseable {

        @Override
        void close();
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

    /** Returns why the breaker is open; empty if it is closed. Never waits; starts a probe if one is due. */
    Optional<String> outage() {
        return isOpen() ? Optional.of(why) : Optional.empty();
    }

    /**
     * Reports a connection that was lost: the database may be away, or only the connection. Probes the database on
     * another thread, and opens the breaker if it cannot be reached.
     */
    void lostConnection() {
        if (!open) {
            probeLater();
        }
    }

    /**
     * Reports a connection that works and was not opened through {@link #dataSource}. Closes the breaker: without
     * requests nothing else would, and the first one would then fail.
     */
    void connected() {
        close();
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
            unprobed = false;
            why = DatabaseProblem.text(real, failure);
            open = true;
        }
        LOG.warn("the database does not respond; it is not used until a probe succeeds: {}", why);
        probeLater();
    }

    private void probeLater() {
        if (probing.compareAndSet(false, true)) {
            try {
                Executor executor = executor();
                executor.execute(() -> probeUntilClosed(executor));
            } catch (RuntimeException | Error e) {
                nextProbe = nanoTime.getAsLong() + PAUSE_NANOS;
                probing.set(false);
                notProbed(e);
            }
        }
    }

    private Executor executor() {
        Iterator<Executor> all = ofProxies.iterator(); // not get(0): the list may become empty meanwhile
        return all.hasNext() ? all.next() : outsideProxies;
    }

    /** Logs the first failure to start a thread during an outage. */
    private void notProbed(Throwable failure) {
        if (!unprobed) {
            unprobed = true;
            LOG.warn("no thread for a probe of the database; trying again each second: {}", failure.toString());
        }
    }

    /** Probes until the breaker is closed, or the proxy whose threads it uses ends. Outside proxies it probes once. */
    private void probeUntilClosed(Executor executor) {
        try {
            do {
                probe();
            } while (open && pause(executor));
        } finally {
            probing.set(false);
        }
        if (open && !ofProxies.isEmpty()) {
            probeLater(); // opened again meanwhile, or there is another proxy
        }
    }

    /** Returns true after a pause if the proxy still uses the database. */
    private boolean pause(Executor executor) {
        synchronized (ofProxies) {
            if (ofProxies.contains(executor)) {
                try {
                    TimeUnit.NANOSECONDS.timedWait(ofProxies, PAUSE_NANOS);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                    return false;
                }
            }
            return ofProxies.contains(executor);
        }
    }

    private void probe() {
        try (Connection connection = real.getConnection()) {
            if (open && connection.isValid(VALID_SECONDS)) {
                close();
            }
        } catch (SQLException | RuntimeException e) {
            failed(e);
            LOG.debug("the database still does not respond: {}", SqlStates.text(e));
        } finally {
            nextProbe = nanoTime.getAsLong() + PAUSE_NANOS;
        }
    }

    private void close() {
        long seconds;
        synchronized (this) {
            if (!open) {
                return;
            }
            seconds = TimeUnit.NANOSECONDS.toSeconds(openNanos());
            open = false;
        }
        LOG.info("the database responds again, after {} s", seconds);
    }
}

package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Listener for changes of subscribers, on a connection of its own; it keeps the cache's watch while it receives them.
 *
 * <p>The watch is renewed several times within the time that an unwatched entry may live, and only after a round trip
 * on that connection has succeeded and found the triggers in place. It therefore ends if the connection hangs, if a
 * trigger is dropped or disabled, or if a connection pooler in between swallows notifications.
 */
final class SubscriberListener implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.AUTHENTICATION);

    private static final String ALL_SUBSCRIBERS = "*";
    private static final int RECEIVE_MILLIS = 200;
    private static final long PROBE_NANOS = Duration.ofSeconds(2).toNanos();
    private static final int NETWORK_TIMEOUT_MILLIS = 2_000;
    private static final long FIRST_PAUSE_MILLIS = 100;
    private static final long LONGEST_PAUSE_MILLIS = 5_000;

    private final DataSource dataSource;
    private final CredentialCache cache;
    private final CircuitBreaker breaker;
    /** Null outside a proxy. */
    private final @Nullable RemovedSubscribers removed;

    private final LongSupplier nanoTime;
    private final Thread thread;
    private volatile boolean closed;

    /** The state that was logged last: each state is logged once. Used by the listener's thread. */
    private State logged = State.NONE;

    private enum State {
        NONE,
        WATCHING,
        NOT_RECEIVING,
        WITHOUT_TRIGGER
    }

    SubscriberListener(
            DataSource dataSource,
            CredentialCache cache,
            CircuitBreaker breaker,
            @Nullable RemovedSubscribers removed,
            LongSupplier nanoTime,
            ThreadSource threads) {
        this.removed = removed;
        this.dataSource = dataSource;
        this.cache = cache;
        this.breaker = breaker;
        this.nanoTime = nanoTime;
        this.thread = threads.newThread("subscriber-listener", this::run);
    }

    void start() {
        thread.start();
    }

    private void run() {
        long pause = FIRST_PAUSE_MILLIS;
        while (!closed) {
            try {
                if (connectAndListen()) {
                    pause = FIRST_PAUSE_MILLIS;
                }
            } catch (Throwable e) {
                // OutOfMemoryError, raised again while the first one was logged; only close() ends this thread
            }
            pause(pause + ThreadLocalRandom.current().nextLong(pause));
            pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
        }
    }

    private boolean connectAndListen() {
        try (Connection connection = dataSource.getConnection()) {
            return listen(connection);
        } catch (Throwable e) {
            log(State.NOT_RECEIVING, reason(e));
            return false;
        } finally {
            cache.endWatch();
        }
    }

    /** Listens until closed or until the connection fails; returns true if notifications came through. */
    private boolean listen(Connection connection) throws SQLException {
        PGConnection postgres = connection.unwrap(PGConnection.class);
        int networkTimeout = connection.getNetworkTimeout();
        boolean autoCommit = connection.getAutoCommit();
        boolean receives = false;
        connection.setNetworkTimeout(Runnable::run, NETWORK_TIMEOUT_MILLIS);
        connection.setAutoCommit(true);
        try {
            execute(connection, "LISTEN " + SubscriberChanges.CHANNEL);
            breaker.connected();
            receives = receivesNotifications(postgres);
            if (receives) {
                watch(connection, postgres);
            } else {
                log(
                        State.NOT_RECEIVING,
                        "notifications do not arrive; a connection pooler in between must use session pooling");
            }
            execute(connection, "UNLISTEN " + SubscriberChanges.CHANNEL);
            connection.setAutoCommit(autoCommit);
            connection.setNetworkTimeout(Runnable::run, networkTimeout);
            return receives;
        } catch (SQLException e) {
            log(State.NOT_RECEIVING, reason(e));
            if (!closed) {
                breaker.lostConnection();
            }
            connection.abort(Runnable::run); // a pool must not reuse it: it may still listen
            return receives;
        }
    }

    /** Sends a notification to itself over another connection: if it arrives, those of others arrive too. */
    private boolean receivesNotifications(PGConnection postgres) throws SQLException {
        String token = "?" + UUID.randomUUID();
        try (Connection other = dataSource.getConnection();
                PreparedStatement notify = other.prepareStatement("SELECT pg_notify(?, ?)")) {
            notify.setString(1, SubscriberChanges.CHANNEL);
            notify.setString(2, token);
            notify.execute();
            if (!other.getAutoCommit()) {
                other.commit();
            }
        }
        long deadline = nanoTime.getAsLong() + PROBE_NANOS;
        while (!closed && nanoTime.getAsLong() - deadline < 0) {
            for (PGNotification notification : orNone(postgres.getNotifications(RECEIVE_MILLIS))) {
                if (notification.getParameter().equals(token)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void watch(Connection connection, PGConnection postgres) throws SQLException {
        boolean watching = false;
        try (PreparedStatement trigger = connection.prepareStatement(SubscriberChanges.TRIGGER_STATE)) {
            while (!closed) {
                long at = nanoTime.getAsLong();
                boolean hasTrigger = isTrue(trigger);
                if (hasTrigger && !watching) {
                    cache.beginWatch();
                    at = nanoTime.getAsLong();
                } else if (!hasTrigger && watching) {
                    cache.endWatch();
                }
                watching = hasTrigger;
                apply(postgres.getNotifications()); // what came with the response is older than the watch
                if (watching) {
                    cache.renewWatch(at);
                }
                log(watching ? State.WATCHING : State.WITHOUT_TRIGGER, "");
                apply(postgres.getNotifications(RECEIVE_MILLIS));
                if (removed != null) {
                    removed.process(connection, nanoTime.getAsLong());
                }
            }
        }
    }

    private void apply(PGNotification @Nullable [] notifications) {
        for (PGNotification notification : orNone(notifications)) {
            String changed = notification.getParameter();
            int at = changed.lastIndexOf('@');
            if (changed.equals(ALL_SUBSCRIBERS)) {
                cache.invalidateAll();
            } else if (at >= 0) {
                CredentialCache.Key key = new CredentialCache.Key(changed.substring(0, at), changed.substring(at + 1));
                cache.invalidate(key);
                if (removed != null) {
                    removed.changed(key);
                }
            }
        }
    }

    private static PGNotification[] orNone(PGNotification @Nullable [] notifications) {
        return notifications == null ? new PGNotification[0] : notifications;
    }

    private static boolean isTrue(PreparedStatement query) throws SQLException {
        try (ResultSet row = query.executeQuery()) {
            return row.next() && row.getBoolean(1);
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void log(State state, String why) {
        if (state == logged || closed) {
            return;
        }
        logged = state;
        switch (state) {
            case WATCHING -> LOG.info("receives changes of subscribers");
            case WITHOUT_TRIGGER ->
                LOG.warn("table subscriber has no trigger that reports changes, so credentials are cached for one"
                        + " second only; add it with KamailioSchema.addSubscriberNotifications or the launcher's db"
                        + " create");
            case NOT_RECEIVING ->
                LOG.warn(
                        "changes of subscribers are not received, so credentials are cached for one second only;"
                                + " trying again: {}",
                        why);
            case NONE -> throw new IllegalArgumentException("NONE is not logged");
        }
    }

    private String reason(Throwable e) {
        return DatabaseProblem.text(dataSource, e);
    }

    private void pause(long millis) {
        try {
            if (!closed) {
                TimeUnit.MILLISECONDS.sleep(millis);
            }
        } catch (InterruptedException e) {
            LOG.debug("woken to close");
        }
    }

    /** Ends the thread and returns the connection. Takes a few seconds at most. */
    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(2L * NETWORK_TIMEOUT_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}

package org.sipproxy.jdbc;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HostName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removal of the bindings of subscribers that are no longer in the table, from the store of a running proxy in any
 * mode. It is notified of changed rows and queries which of them still exist.
 *
 * <p>A REGISTER whose password was verified before its subscriber was removed may be written afterwards. Each removed
 * subscriber is therefore checked again two seconds later. Used by the listener's thread only.
 */
final class RemovedSubscribers {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.AUTHENTICATION);

    private static final long RECHECK_NANOS = Duration.ofSeconds(2).toNanos();

    /** Maximum number of names in one query. */
    private static final int BATCH = 1_000;

    /** If more rows change at once, the rest is not checked. */
    private static final int MAX_PENDING = 100_000;

    private static final String EXISTING = "SELECT username, domain FROM subscriber WHERE "
            + Subscribers.lower("username") + " = ANY(?) AND domain = ANY(?)";

    /** The reason is that of each change, {@code ADMIN}. */
    private static final BindingChange REMOVE_ALL = current -> current.isEmpty() ? current : List.of();

    private record Recheck(CredentialCache.Key key, long dueNanos) {}

    private final ProxyRuntime proxy;
    private final Set<CredentialCache.Key> changed = new LinkedHashSet<>();
    private final Deque<Recheck> rechecks = new ArrayDeque<>();

    RemovedSubscribers(ProxyRuntime proxy) {
        this.proxy = proxy;
    }

    /** Adds a changed row. */
    void changed(CredentialCache.Key key) {
        if (changed.size() < MAX_PENDING) {
            changed.add(key);
        }
    }

    /** Processes the changed rows, on the listener's connection. */
    void process(Connection connection, long nowNanos) throws SQLException {
        while (!rechecks.isEmpty() && rechecks.peek().dueNanos() - nowNanos <= 0) {
            remove(absent(connection, List.of(rechecks.poll().key())));
        }
        while (!changed.isEmpty()) {
            List<CredentialCache.Key> batch = changed.stream().limit(BATCH).toList();
            List<CredentialCache.Key> absent = absent(connection, batch);
            remove(absent);
            batch.forEach(changed::remove);
            for (CredentialCache.Key key : absent) {
                if (rechecks.size() < MAX_PENDING) {
                    rechecks.add(new Recheck(key, nowNanos + RECHECK_NANOS));
                }
            }
        }
    }

    /**
     * Returns the keys without a row of that name. If the spelling in lower case differs, it is returned too if no row
     * has any spelling of it.
     */
    private static List<CredentialCache.Key> absent(Connection connection, List<CredentialCache.Key> keys)
            throws SQLException {
        Set<CredentialCache.Key> existing = new HashSet<>();
        try (PreparedStatement select = connection.prepareStatement(EXISTING)) {
            Array users = connection.createArrayOf(
                    "text", keys.stream().map(key -> lower(key).username()).toArray());
            Array domains = connection.createArrayOf(
                    "text",
                    keys.stream().map(CredentialCache.Key::domain).distinct().toArray());
            select.setArray(1, users);
            select.setArray(2, domains);
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    CredentialCache.Key key = new CredentialCache.Key(rows.getString(1), rows.getString(2));
                    existing.add(key);
                    existing.add(lower(key));
                }
            }
        }
        List<CredentialCache.Key> absent = new ArrayList<>();
        for (CredentialCache.Key key : keys) {
            for (CredentialCache.Key spelling :
                    Stream.of(key, lower(key)).distinct().toList()) {
                if (!existing.contains(spelling)) {
                    absent.add(spelling);
                }
            }
        }
        return absent;
    }

    private static CredentialCache.Key lower(CredentialCache.Key key) {
        return new CredentialCache.Key(UserCase.INSENSITIVE.canonical(key.username()), key.domain());
    }

    private void remove(List<CredentialCache.Key> absent) {
        LocationStore store = proxy.locationStore();
        for (CredentialCache.Key key : absent) {
            Aor aor = new Aor(key.username(), HostName.normal(key.domain()));
            if (!proxy.domains().contains(aor.domain())) {
                continue;
            }
            try {
                if (!store.lookup(aor).isEmpty()) {
                    store.update(aor, REMOVE_ALL);
                    LOG.info("bindings of {} removed, because the subscriber was removed", aor);
                }
            } catch (RuntimeException e) {
                LOG.warn(
                        "bindings of {} stay until they expire, although the subscriber was removed: {}",
                        aor,
                        e.toString());
            }
        }
    }
}

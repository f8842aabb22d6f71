package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import javax.sql.DataSource;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.message.HostName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bindings as rows of Kamailio's table {@code location} (version 9), so that a Kamailio and this library may serve one
 * database. Hand it to a {@link org.sipproxy.api.location.StoreMode}.
 *
 * <p>Times are stored in whole seconds: a binding read back ends up to a second before the one that was granted. Columns
 * {@code expires} and {@code last_modified} may be {@code TIMESTAMP} or {@code BIGINT} (epoch seconds); which of them is
 * found out by the first access.
 *
 * <p>Rows of others are read as they are: a permanent one (expiry 0, or 1970) never ends, a far date counts as 2106, an
 * unknown socket is kept and ignored by routing. Rows without a domain are of {@link Builder#defaultDomain}. A row that lacks
 * what a binding needs is skipped; each such row is logged once, at WARN, at most 20 a minute.
 *
 * <p>A binding that the columns cannot hold, because a text is too long, has a NUL, or a character that the database's encoding
 * lacks, is refused before the database is asked. A User-Agent is cut and cleaned instead. An address that no row can hold has no
 * bindings.
 *
 * <p>A connection is held for one transaction. Nothing is opened by {@link Builder#build()}; the DataSource stays the host's
 * to close. Give it a pool with a connect timeout of a few seconds, so that a database that is away is noticed soon.
 */
public final class JdbcBindingRepository implements BindingRepository {

    private static final Logger LOG = LoggerFactory.getLogger(JdbcBindingRepository.class);

    private static final int PAGE = 2_000;
    private static final int ATTEMPTS = 4;
    private static final long LONGEST_WORTH_REPEATING_NANOS = 1_000_000_000L;

    private final CircuitBreaker breaker;
    private final Jdbi jdbi;
    private final LocationLayout layout;
    private final int timeoutSeconds;
    private final RowProblems problems;
    /** Found out by the first access. */
    private volatile @Nullable LocationTable table;
    /** True after the database has refused a value: its columns may have changed since they were looked at. */
    private volatile boolean mayHaveChanged;
    /** Off once the database has said that it has none. */
    private volatile boolean advisoryLocks;

    private JdbcBindingRepository(Builder builder) {
        this.breaker = CircuitBreaker.of(builder.dataSource);
        this.jdbi = QuietJdbi.over(breaker.dataSource());
        this.layout = new LocationLayout(builder.zone, builder.defaultDomain, builder.serverId);
        this.timeoutSeconds = (int) ((builder.statementTimeout.toMillis() + 999) / 1000);
        this.advisoryLocks = builder.advisoryLocks;
        this.problems = new RowProblemLog(builder.log);
    }

    /** A repository of the rows that {@code dataSource} leads to. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    /** The statement timeout and the second until the connection is given up. */
    @Override
    public Duration timeout() {
        return Duration.ofSeconds(timeoutSeconds + 1L);
    }

    @Override
    public List<Binding> find(Aor aor, Instant now) {
        try {
            return run("reading the bindings of " + aor, session -> session.find(aor, now));
        } catch (LocationStoreException e) {
            if (SqlStates.isUnrepresentable(e)) {
                return List.of(); // a row of this user cannot exist
            }
            throw e;
        }
    }

    /** Says nothing before the first access to the table, which shows its columns. */
    @Override
    public void check(Aor aor, Binding binding) {
        LocationTable known = table;
        if (known != null) {
            known.check(aor, binding);
        }
    }

    @Override
    public void forEach(Instant now, BiConsumer<Aor, Binding> visitor) {
        RowReader reader = new RowReader(layout, problems);
        long[] after = {Long.MIN_VALUE};
        while (run("reading bindings", session -> {
                    after[0] = session.page(after[0], PAGE, now, reader);
                    return reader.drainTo(visitor);
                })
                == PAGE) {
            // the next page begins behind the last row of this one
        }
    }

    @Override
    public void write(List<BindingWrite> writes) {
        if (!writes.isEmpty()) {
            LocationBatch batch = LocationBatch.of(writes, layout);
            run("writing " + writes.size() + " bindings", session -> {
                session.write(batch);
                return true;
            });
        }
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change, Instant now) {
        return run("updating the bindings of " + aor, session -> {
            session.begin();
            List<Binding> current = session.findAndLock(aor, now, advisoryLocks);
            List<Binding> wanted = change.apply(current);
            if (wanted == current) {
                session.rollback();
                return current;
            }
            List<Binding> after = List.copyOf(wanted);
            session.writeInTransaction(LocationBatch.of(differences(aor, current, after, now), layout));
            session.commitOnce();
            return unexpired(after, now);
        });
    }

    private static List<BindingWrite> differences(Aor aor, List<Binding> before, List<Binding> after, Instant now) {
        List<BindingWrite> writes = new ArrayList<>(2);
        for (Binding old : before) {
            if (after.stream().noneMatch(b -> b.id().equals(old.id()))) {
                writes.add(new BindingWrite.Delete(aor, old.id()));
            }
        }
        for (Binding binding : after) {
            if (before.stream().noneMatch(b -> b == binding)) {
                writes.add(
                        binding.isExpiredAt(now)
                                ? new BindingWrite.Delete(aor, binding.id())
                                : new BindingWrite.Put(aor, binding));
            }
        }
        return writes;
    }

    private static List<Binding> unexpired(List<Binding> bindings, Instant now) {
        return bindings.stream().noneMatch(b -> b.isExpiredAt(now))
                ? bindings
                : bindings.stream().filter(b -> !b.isExpiredAt(now)).toList();
    }

    @Override
    public void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {
        RowReader reader = new RowReader(layout, problems);
        while (true) {
            long deleted =
                    run("deleting expired bindings", s -> s.deleteExpired(endedAt, ofThisServerOnly, PAGE, reader));
            reader.drainTo(removed); // after the commit, with the connection given back
            if (deleted < PAGE) {
                return;
            }
        }
    }

    private interface Work<T> {
        T in(LocationSession session) throws SQLException;
    }

    /**
     * With a connection; again if the database says that two transactions got in each other's way, or if the connection turns
     * out to be one that the database has cut.
     */
    private <T> T run(String what, Work<T> work) {
        for (int attempt = 1; ; attempt++) {
            long started = System.nanoTime();
            try {
                return jdbi.withHandle(handle -> inSession(handle.getConnection(), work));
            } catch (SQLException | JdbiException e) {
                if (advisoryLocks && SqlStates.isUnsupported(e)) {
                    advisoryLocks = false;
                    LOG.info("the database has no advisory locks; bindings are updated under row locks alone");
                } else if (attempt == ATTEMPTS || !(SqlStates.isConflict(e) || wasCut(e, started))) {
                    breaker.failed(e);
                    LocationStoreException.Kind kind = SqlStates.kindOf(e);
                    if (kind == LocationStoreException.Kind.REFUSED) {
                        mayHaveChanged = true; // check() should have refused it
                    }
                    throw new LocationStoreException(kind, what + " failed: " + SqlStates.text(e), e);
                }
            }
        }
    }

    private <T> T inSession(Connection connection, Work<T> work) throws SQLException {
        LocationTable known = table;
        if (known == null || mayHaveChanged) {
            mayHaveChanged = false;
            known = LocationTable.inspect(connection, layout);
            table = known;
        }
        try (LocationSession session = new LocationSession(connection, known, problems, timeoutSeconds)) {
            return work.in(session);
        }
    }

    /**
     * A pool may hand out connections that have been cut since they were last used, when the database was restarted for example.
     * Nothing is tried again that has taken long, could not connect at all, or may have been committed and is not the same
     * when it is repeated.
     */
    private static boolean wasCut(Exception e, long startedNanos) {
        return SqlStates.isCut(e)
                && !(e instanceof ConnectionException)
                && !(e instanceof CommitFailedException)
                && System.nanoTime() - startedNanos < LONGEST_WORTH_REPEATING_NANOS;
    }

    /** Options of a {@link JdbcBindingRepository}. */
    public static final class Builder {

        private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
        private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(5);

        private final DataSource dataSource;
        private ZoneId zone = ZoneOffset.UTC;
        private @Nullable String defaultDomain;
        private int serverId;
        private Duration statementTimeout = Duration.ofSeconds(5);
        private boolean advisoryLocks = true;
        private Logger log = LOG;

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * The zone whose wall-clock time stands in {@code TIMESTAMP} columns: that of the Kamailio that shares them. Default
         * UTC; without meaning for {@code BIGINT} columns. In a zone with summer time, bindings are an hour off for an hour in
         * autumn.
         */
        public Builder databaseZone(ZoneId value) {
            this.zone = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * The domain of rows that hold none, as a Kamailio with {@code use_domain=0} writes them, in any case of its letters. Such a
         * row is read as a binding of its user at this domain, and stays without a domain when it is written again. New rows hold
         * their domain, which such a Kamailio ignores. Default: none; rows without a domain are skipped.
         */
        public Builder defaultDomain(String domain) {
            this.defaultDomain = Objects.requireNonNull(domain, "domain");
            return this;
        }

        /**
         * What the column {@code server_id} says of rows that are written here; servers that keep bindings in memory delete only
         * expired rows of their own number. Not negative; default 0.
         */
        public Builder serverId(int value) {
            this.serverId = value;
            return this;
        }

        /**
         * How long the database may take for one statement before it is given up and counted as failed; 1 s to 5 min, default
         * 5 s. A second later the connection is given up too; that needs a {@code cancelSignalTimeout} of 1 s in the URL or properties of
         * pgjdbc, whose default of 10 s is added otherwise when a server does not react at all.
         */
        public Builder statementTimeout(Duration value) {
            this.statementTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * False to do without {@code pg_advisory_xact_lock} in {@link JdbcBindingRepository#update}. Without it, two updates of an
         * address that has no rows yet do not see each other: both are kept, but a limit of contacts may be passed. Default true;
         * turned off by itself if the database has no such function.
         */
        public Builder advisoryLocks(boolean value) {
            this.advisoryLocks = value;
            return this;
        }

        Builder log(Logger logger) {
            this.log = logger;
            return this;
        }

        /**
         * Checks the options; opens nothing.
         *
         * @throws IllegalArgumentException with every problem found, a line each
         */
        public JdbcBindingRepository build() {
            List<String> problems = new ArrayList<>();
            if (serverId < 0) {
                problems.add("serverId: " + serverId + " (expected 0 or more)");
            }
            if (defaultDomain != null && defaultDomain.isBlank()) {
                problems.add("defaultDomain: empty; name a domain, such as example.org, or omit it");
            }
            if (statementTimeout.compareTo(SHORTEST_TIMEOUT) < 0 || statementTimeout.compareTo(LONGEST_TIMEOUT) > 0) {
                problems.add("statementTimeout: " + statementTimeout + " (expected 1 s to 5 min)");
            }
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException(String.join("\n", problems));
            }
            if (defaultDomain != null) {
                defaultDomain = HostName.normal(defaultDomain.strip());
            }
            return new JdbcBindingRepository(this);
        }
    }
}

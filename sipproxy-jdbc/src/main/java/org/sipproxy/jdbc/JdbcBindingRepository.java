package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiConsumer;
import javax.sql.DataSource;
import org.jdbi.v3.core.JdbiException;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.HostName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Repository of bindings in Kamailio's table {@code location} (version 9), so that a Kamailio and this library can
 * serve one database. Pass it to a {@link org.sipproxy.api.location.StoreMode}, which adds it to the proxy as a
 * component.
 *
 * <p>Times are stored in whole seconds: a binding that is read back ends up to one second before the granted expiry.
 * The columns {@code expires} and {@code last_modified} may be {@code TIMESTAMP} or {@code BIGINT} (epoch seconds); the
 * first access finds out which.
 *
 * <p>Rows written by other software are read as they are. A permanent row (expiry 0, or 1970) never expires, a later
 * date than 2106 counts as 2106, and an unknown socket is kept and ignored by routing. Rows without a domain belong to
 * {@link Builder#defaultDomain}. A row that lacks a required value is skipped and logged once, at WARN, at most 20 a
 * minute.
 *
 * <p>A binding that the columns cannot hold is refused before the database is accessed: a text is too long, has a NUL,
 * or has a character that the database's encoding lacks. A User-Agent is cut and cleaned instead. An AOR that no row
 * can hold has no bindings.
 *
 * <p>A connection is held for one transaction. {@link Builder#build()} does not open a connection, and the host
 * application closes the DataSource. Use a pool with a connect timeout of a few seconds, so that an unreachable
 * database is noticed soon.
 */
public final class JdbcBindingRepository implements BindingRepository, ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);

    private static final int PAGE = 2_000;
    private static final int ATTEMPTS = 4;
    private static final long LONGEST_WORTH_REPEATING_NANOS = 1_000_000_000L;

    private final CircuitBreaker breaker;
    private final QuietJdbi jdbi;
    private final DatabaseCalls calls = new DatabaseCalls();
    private final LocationLayout layout;
    private final int timeoutSeconds;
    private final RowProblems problems;
    /** Null until the first access. */
    private volatile @Nullable LocationTable table;
    /** True after the database has refused a value: its columns may have changed since they were inspected. */
    private volatile boolean mayHaveChanged;
    /** False once the database has reported that it has no such function. */
    private volatile boolean advisoryLocks;

    /** One for each running proxy: proxies of one JVM may share a repository. */
    private final Deque<CircuitBreaker.Use> probes = new ArrayDeque<>();

    private JdbcBindingRepository(Builder builder) {
        this.breaker = CircuitBreaker.of(builder.dataSource);
        this.jdbi = QuietJdbi.over("location table", breaker.dataSource());
        this.layout = new LocationLayout(builder.zone, builder.defaultDomain, builder.serverId);
        this.timeoutSeconds = (int) ((builder.statementTimeout.toMillis() + 999) / 1000);
        this.advisoryLocks = builder.advisoryLocks;
        this.problems = new RowProblemLog(builder.log);
    }

    /** Returns a builder for a repository of the rows in {@code dataSource}. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public void install(ComponentHooks hooks) {}

    /** Probes a database that does not respond on threads of the proxy, otherwise on daemons of the JDK. */
    @Override
    public synchronized void start(ProxyRuntime proxy) {
        probes.push(breaker.probeOn(proxy::newThread));
        calls.begin(proxy);
    }

    /** Ends the use of the proxy's threads. The repository can be used further. */
    @Override
    public synchronized void close() {
        if (!probes.isEmpty()) {
            probes.removeLast().close();
            calls.end();
        }
    }

    /** Returns the statement timeout plus one second, after which the connection is given up. */
    @Override
    public Duration timeout() {
        return Duration.ofSeconds(timeoutSeconds + 1L);
    }

    /** Known from a connection that was lost or refused, of any component that uses the same data source. */
    @Override
    public Optional<String> outage() {
        return breaker.outage();
    }

    @Override
    public List<Binding> find(Aor aor, Instant now) {
        try {
            return run("bindings.read", "reading the bindings of " + aor, session -> session.find(aor, now));
        } catch (LocationStoreException e) {
            if (SqlStates.isUnrepresentable(e)) {
                return List.of(); // such a row cannot exist
            }
            throw e;
        }
    }

    /**
     * Checks that a row can hold the binding. Does nothing before the first access to the table, which shows its
     * columns.
     */
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
        while (run("bindings.read_all", "reading bindings", session -> {
                    after[0] = session.page(after[0], PAGE, now, reader);
                    return reader.drainTo(visitor);
                })
                == PAGE) {
            // the next page begins after the last row of this one
        }
    }

    @Override
    public void write(List<BindingWrite> writes) {
        if (!writes.isEmpty()) {
            LocationBatch batch = LocationBatch.of(writes, layout);
            run("bindings.write", "writing " + writes.size() + " bindings", session -> {
                session.write(batch);
                return true;
            });
        }
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change, Instant now) {
        return run("bindings.update", "updating the bindings of " + aor, session -> {
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
            long deleted = run(
                    "bindings.delete_expired",
                    "deleting expired bindings",
                    s -> s.deleteExpired(endedAt, ofThisServerOnly, PAGE, reader));
            reader.drainTo(removed); // after the commit, with the connection returned
            if (deleted < PAGE) {
                return;
            }
        }
    }

    private interface Work<T> {
        T in(LocationSession session) throws SQLException;
    }

    private <T> T run(String name, String what, Work<T> work) {
        return calls.run(name, () -> run(what, work));
    }

    /**
     * Runs work with a connection. Repeats it if two transactions conflict, or if the database had closed the
     * connection.
     */
    private <T> T run(String what, Work<T> work) {
        for (int attempt = 1; ; attempt++) {
            long started = System.nanoTime();
            try {
                return jdbi.withHandle(handle -> inSession(handle.getConnection(), work));
            } catch (SQLException | JdbiException e) {
                if (advisoryLocks && SqlStates.isUnsupported(e)) {
                    advisoryLocks = false;
                    LOG.info("the database has no advisory locks; bindings are updated under row locks only");
                } else if (attempt == ATTEMPTS || !(SqlStates.isConflict(e) || wasClosed(e, started))) {
                    breaker.failed(e);
                    LocationStoreException.Kind kind = SqlStates.kindOf(e);
                    if (kind == LocationStoreException.Kind.REFUSED) {
                        mayHaveChanged = true; // check() should have rejected it
                    }
                    throw new LocationStoreException(
                            kind, what + " failed: " + DatabaseProblem.text(breaker.dataSource(), e), e);
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
     * Returns whether to repeat after a closed connection. A pool may return connections that were closed since their
     * last use, for example by a restart of the database. Work that could not connect at all, or may have been committed
     * and is not idempotent, is not repeated; nor is work that took long, unless the server closed the connection.
     */
    private static boolean wasClosed(Exception e, long startedNanos) {
        return SqlStates.isConnectionClosed(e)
                && !SqlStates.isWithoutConnection(e)
                && !(e instanceof CommitFailedException)
                && (SqlStates.isClosedByServer(e) || System.nanoTime() - startedNanos < LONGEST_WORTH_REPEATING_NANOS);
    }

    /** Options of a {@link JdbcBindingRepository}. */
    public static final class Builder {

        private static final Duration SHORTEST_TIMEOUT = Duration.ofSeconds(1);
        private static final Duration LONGEST_TIMEOUT = Duration.ofMinutes(5);

        private final DataSource dataSource;
        private final OptionProblems problems = new OptionProblems("location table");
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
         * Sets the zone whose wall-clock time {@code TIMESTAMP} columns hold: that of the Kamailio that shares them.
         * Default UTC. Ignored for {@code BIGINT} columns. In a zone with summer time, bindings are off by an hour for
         * one hour in autumn.
         */
        public Builder databaseZone(ZoneId value) {
            problems.once("databaseZone");
            this.zone = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets the domain of rows without one, as a Kamailio with {@code use_domain=0} writes them; case-insensitive.
         * Such a row is read as a binding of its user at this domain, and stays without a domain when it is written
         * again. New rows hold their domain, which such a Kamailio ignores. Default: none; rows without a domain are
         * skipped.
         */
        public Builder defaultDomain(String domain) {
            problems.once("defaultDomain");
            this.defaultDomain = Objects.requireNonNull(domain, "domain");
            return this;
        }

        /**
         * Sets the {@code server_id} of rows that are written here, 0 or more. Default 0. Servers that keep bindings in
         * memory delete only expired rows with their own number.
         */
        public Builder serverId(int value) {
            problems.once("serverId");
            this.serverId = value;
            return this;
        }

        /**
         * Sets how long a statement may take before it counts as failed, 1 s to 5 min. Default 5 s. One second later
         * the connection is given up too. This needs a {@code cancelSignalTimeout} of 1 s in the URL or properties of
         * pgjdbc, whose default adds 10 s if a server does not react at all.
         */
        public Builder statementTimeout(Duration value) {
            problems.once("statementTimeout");
            this.statementTimeout = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Sets whether {@link JdbcBindingRepository#update} uses {@code pg_advisory_xact_lock}. Without it, two
         * concurrent updates of an AOR without rows do not see each other: both are kept, but a limit of contacts may
         * be exceeded. Default true; turned off automatically if the database has no such function.
         */
        public Builder advisoryLocks(boolean value) {
            problems.once("advisoryLocks");
            this.advisoryLocks = value;
            return this;
        }

        Builder log(Logger logger) {
            this.log = logger;
            return this;
        }

        /**
         * Checks the options. Does not open a connection.
         *
         * @throws ConfigurationException if an option is outside its range or given twice
         */
        public JdbcBindingRepository build() {
            OptionProblems found = problems.copy();
            if (serverId < 0) {
                found.add("serverId", Integer.toString(serverId), "expected 0 or more");
            }
            if (defaultDomain != null && defaultDomain.isBlank()) {
                found.add("defaultDomain", "", "empty", "name a domain, such as example.org, or omit it");
            }
            found.range("statementTimeout", statementTimeout, SHORTEST_TIMEOUT, LONGEST_TIMEOUT);
            found.throwIfAny();
            if (defaultDomain != null) {
                defaultDomain = HostName.normal(defaultDomain.strip());
            }
            return new JdbcBindingRepository(this);
        }
    }
}

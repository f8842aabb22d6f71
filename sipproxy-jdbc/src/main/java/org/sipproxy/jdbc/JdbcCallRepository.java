package org.sipproxy.jdbc;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.SipParseException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answered calls in the table {@code sipproxy_call}, which {@link KamailioSchema#create} creates, so that a proxy
 * tracks them after a restart. It is not Kamailio's table {@code dialog}: a Kamailio reads all rows of that one when it
 * starts, and would end calls that it does not route.
 *
 * <pre>{@code
 * builder.calls(CallSettings.DEFAULT).callRepository(JdbcCallRepository.of(dataSource))
 * }</pre>
 *
 * <p>Several proxies may share the table if their {@link Builder#serverId} differs. A call whose texts do not fit the
 * columns is not stored and logged, at WARN. Rows of a proxy that did not start for a week after the end of their calls
 * are deleted.
 *
 * <p>The proxy does not start if the table is missing or may not be used; it does start if the database cannot be
 * reached. The host application closes the data source, after the proxy. Used by one thread, one connection at a time.
 */
public final class JdbcCallRepository implements CallRepository, ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final Duration ABANDONED = Duration.ofDays(7);
    private static final int STATEMENT_SECONDS = 30;

    private final CircuitBreaker breaker;
    private final QuietJdbi jdbi;
    private final DatabaseCalls reports = new DatabaseCalls();
    private final int serverId;
    private final RowProblems problems = new RowProblemLog(LOG);
    /** True once the database's encoding has lacked a character. */
    private volatile boolean inAscii;

    /** One for each running proxy. */
    private final Deque<CircuitBreaker.Use> probes = new ArrayDeque<>();

    private JdbcCallRepository(Builder builder) {
        this.breaker = CircuitBreaker.of(builder.dataSource);
        this.jdbi = QuietJdbi.over("calls", breaker.dataSource());
        this.serverId = builder.serverId;
    }

    /** Returns a repository with all defaults. */
    public static JdbcCallRepository of(DataSource dataSource) {
        return builder(dataSource).build();
    }

    /** Returns a builder for a repository of the rows in {@code dataSource}. */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public String name() {
        return "calls";
    }

    @Override
    public void install(ComponentHooks hooks) {}

    /**
     * Checks that the table can be used.
     *
     * @throws IllegalStateException if the table or a column is missing, or the role may not read and write the table
     */
    @Override
    public synchronized void start(ProxyRuntime proxy) {
        probes.push(breaker.probeOn(proxy::newThread));
        reports.begin(proxy);
        problem().ifPresent(why -> {
            throw new IllegalStateException(why);
        });
    }

    /**
     * Returns why the table cannot be used, with the remedy; empty if it can be, or if the database cannot be reached,
     * because the proxy reads the calls when it responds. Blocks.
     */
    public Optional<String> problem() {
        try {
            List<String> lacking = jdbi.withHandle(
                    handle -> handle.createQuery("SELECT p FROM UNNEST(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'])"
                                    + " AS p WHERE NOT has_table_privilege('" + CallTable.NAME + "', p)")
                            .setQueryTimeout(STATEMENT_SECONDS)
                            .mapTo(String.class)
                            .list());
            String privileges = String.join(", ", lacking);
            return lacking.isEmpty()
                    ? missingColumns()
                    : Optional.of("callRepository: the role has no " + privileges + " on table " + CallTable.NAME
                            + "; grant it with the launcher's db grants, or GRANT " + privileges);
        } catch (JdbiException e) {
            if (SqlStates.of(e).equals("42P01")) {
                return Optional.of("callRepository: the database has no table " + CallTable.NAME
                        + "; create it with KamailioSchema.createAll or the launcher's db create");
            }
            breaker.failed(e);
            return Optional.empty();
        }
    }

    private Optional<String> missingColumns() {
        Set<String> missing = jdbi.withHandle(CallTable::missingColumns);
        return missing.isEmpty()
                ? Optional.empty()
                : Optional.of("callRepository: table " + CallTable.NAME + " has no column " + String.join(", ", missing)
                        + "; drop the table, and create it with KamailioSchema.createAll or the launcher's db create");
    }

    @Override
    public synchronized void close() {
        if (!probes.isEmpty()) {
            probes.removeLast().close();
            reports.end();
        }
    }

    @Override
    public List<StoredCall> findAll() {
        return run("calls.read_all", "reading the calls", handle -> {
            handle.createUpdate("DELETE FROM " + CallTable.NAME + " WHERE timeout < now() - CAST(:age AS interval)")
                    .bind("age", ABANDONED.toString())
                    .setQueryTimeout(STATEMENT_SECONDS)
                    .execute();
            return CallTable.read(handle, serverId, problems);
        });
    }

    @Override
    public void write(Collection<StoredCall> changed, Collection<StoredCall.Key> ended) {
        List<StoredCall> rows = new ArrayList<>(changed.size());
        for (StoredCall call : changed) {
            String column = CallTable.unfit(call);
            if (column == null) {
                rows.add(call);
            } else {
                problems.found(CallTable.NAME, name(call), "not stored: its text does not fit column " + column);
            }
        }
        try {
            write("writing " + rows.size() + " calls", rows, ended);
        } catch (JdbiException e) {
            if (SqlStates.kindOf(e) != LocationStoreException.Kind.REFUSED) {
                throw e;
            }
            writeEach(rows, ended);
        }
    }

    private static String name(StoredCall call) {
        return "Call-ID " + SipParseException.excerpt(call.key().callId());
    }

    private void write(String what, List<StoredCall> rows, Collection<StoredCall.Key> ended) {
        try {
            writeAll(what, rows, ended);
        } catch (JdbiException e) {
            if (inAscii || !SqlStates.isUnrepresentable(e)) {
                throw e;
            }
            inAscii = true;
            writeAll(what, rows, ended);
        }
    }

    private void writeAll(String what, List<StoredCall> given, Collection<StoredCall.Key> ended) {
        List<StoredCall> rows = inAscii ? given.stream().filter(this::fitsAscii).toList() : given;
        Collection<StoredCall.Key> stored =
                inAscii ? ended.stream().filter(CallTable::isInAscii).toList() : ended;
        run(
                "calls.write",
                what,
                handle -> handle.inTransaction(transaction -> {
                    if (!stored.isEmpty()) {
                        CallTable.delete(transaction, serverId, stored);
                    }
                    if (!rows.isEmpty()) {
                        CallTable.put(transaction, serverId, rows, inAscii);
                    }
                    return true;
                }));
    }

    private boolean fitsAscii(StoredCall call) {
        String column = CallTable.unfitForAscii(call);
        if (column != null) {
            problems.found(
                    CallTable.NAME,
                    name(call),
                    "not stored: the database's encoding lacks a character of column " + column + "; UTF8 has all");
        }
        return column == null;
    }

    /** The database has refused a value: finds the row, so that the others are written. */
    private void writeEach(List<StoredCall> rows, Collection<StoredCall.Key> ended) {
        write("deleting ended calls", List.of(), ended);
        for (StoredCall row : rows) {
            try {
                write("writing a call", List.of(row), List.of());
            } catch (JdbiException e) {
                if (SqlStates.kindOf(e) != LocationStoreException.Kind.REFUSED) {
                    throw e;
                }
                problems.found(CallTable.NAME, name(row), "not stored: " + SqlStates.text(e));
            }
        }
    }

    private <T> T run(String name, String what, Function<Handle, T> work) {
        try {
            return reports.run(name, () -> jdbi.withHandle(work::apply));
        } catch (JdbiException e) {
            breaker.failed(e);
            if (CircuitBreaker.isOutage(e)) {
                throw new TemporarilyUnavailableException(
                        what + " failed: " + DatabaseProblem.text(breaker.dataSource(), e), 1, e);
            }
            throw e;
        }
    }

    /** Options of a {@link JdbcCallRepository}. */
    public static final class Builder {

        private final DataSource dataSource;
        private final OptionProblems problems = new OptionProblems("call repository");
        private int serverId;

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * Sets the number of this proxy among those with the same table, 0 or more. Default 0. A proxy reads only the
         * calls with its own number.
         */
        public Builder serverId(int value) {
            problems.once("serverId");
            this.serverId = value;
            return this;
        }

        /**
         * Checks the options. Does not open a connection.
         *
         * @throws ConfigurationException if an option is outside its range or given twice
         */
        public JdbcCallRepository build() {
            OptionProblems found = problems.copy();
            if (serverId < 0) {
                found.add("serverId", Integer.toString(serverId), "expected 0 or more");
            }
            found.throwIfAny();
            return new JdbcCallRepository(this);
        }
    }
}

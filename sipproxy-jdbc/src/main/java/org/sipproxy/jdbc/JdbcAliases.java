package org.sipproxy.jdbc;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Aliases of users, from Kamailio's table {@code dbaliases}: a request outside a dialog to
 * {@code alias_username@alias_domain} goes to {@code username@domain}, like {@code alias_db_lookup} with
 * {@code use_domain=1}. The Request-URI becomes {@code sip:username@domain}, without port and parameters; the To header
 * stays. Of several rows for one alias the first one counts, and an alias of an alias is not looked up. REGISTER is not
 * affected. If users are case-insensitive, rows are found by {@code alias_username} in lower case.
 *
 * <p>A user longer than {@value #LONGEST_USER} characters has no alias, and neither has a user whom the database's
 * encoding cannot represent. Results are cached, including that a user has no alias; a request whose result is cached
 * needs no worker. While the database does not respond, the latest result is used, or the request continues as if there
 * were no alias, so that users can always be called by their own names.
 *
 * <p>A component: {@code SipProxy.builder().component(JdbcAliases.of(dataSource))}.
 */
public final class JdbcAliases implements ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private static final int STATEMENT_SECONDS = 5;

    /**
     * Longest user of an alias that is looked up, in characters; Kamailio's column holds 64. Longer ones are not
     * cached, so that the cache is bounded in bytes too.
     */
    private static final int LONGEST_USER = 255;

    /** How long a result is kept after its life, for use while the database does not respond. */
    private static final Duration OUTAGE_LIFE = Duration.ofMinutes(10);

    /** Name that is not an alias (RFC 2606). */
    private static final Aor ABSENT = new Aor("absent", "invalid");

    /** Target of an alias, if there is one, and the time when it was read. */
    private record Result(Optional<Aor> target, long readNanos) {

        static final Result NONE = new Result(Optional.empty(), 0);
    }

    private final CircuitBreaker breaker;
    private final DatabaseCalls calls = new DatabaseCalls();
    private final QuietJdbi jdbi;
    private final RowProblems problems = new RowProblemLog(LOG);
    private final long lifeNanos;
    private final Ticker ticker;
    private final Cache<Aor, Result> results;
    private final AtomicBoolean failing = new AtomicBoolean();

    private CircuitBreaker.@Nullable Use probes;

    private JdbcAliases(CircuitBreaker breaker, Duration life, int cacheSize, Ticker ticker) {
        this.breaker = breaker;
        this.jdbi = QuietJdbi.over("aliases", breaker.dataSource());
        this.lifeNanos = life.toNanos();
        this.ticker = ticker;
        this.results = Caffeine.newBuilder()
                .maximumSize(cacheSize)
                .expireAfterWrite(life.plus(OUTAGE_LIFE))
                .ticker(ticker)
                .executor(Runnable::run)
                .build();
    }

    /**
     * Returns the aliases in a database, with the defaults: a result is valid for one minute, and 10,000 results are
     * kept.
     */
    public static JdbcAliases of(DataSource dataSource) {
        return of(dataSource, Duration.ofMinutes(1), 10_000);
    }

    /**
     * Returns the aliases in a database. The host application closes the data source.
     *
     * @param life how long a result is valid, which is also the longest delay until a change takes effect; 1 s to 1 day
     * @param cacheSize how many results are kept, 1 to 10,000,000
     * @throws IllegalArgumentException if a value is outside its range
     */
    public static JdbcAliases of(DataSource dataSource, Duration life, int cacheSize) {
        return of(dataSource, life, cacheSize, Ticker.systemTicker());
    }

    static JdbcAliases of(DataSource dataSource, Duration life, int cacheSize, Ticker ticker) {
        if (life.compareTo(Duration.ofSeconds(1)) < 0 || life.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("life: " + life + " (expected 1 s to 1 day)");
        }
        if (cacheSize < 1 || cacheSize > 10_000_000) {
            throw new IllegalArgumentException("cacheSize: " + cacheSize + " (expected 1 to 10000000)");
        }
        return new JdbcAliases(
                CircuitBreaker.of(Objects.requireNonNull(dataSource, "dataSource")), life, cacheSize, ticker);
    }

    @Override
    public String name() {
        return "aliases";
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.beforeRouting(new Stage());
    }

    /** Reads the table once, so that a missing table is logged at the start and not at the first call. */
    @Override
    public void start(ProxyRuntime proxy) {
        probes = breaker.probeOn(proxy::newThread);
        calls.begin(proxy);
        try {
            select(ABSENT);
        } catch (RuntimeException e) {
            failed(e);
        }
    }

    @Override
    public void close() {
        if (probes != null) {
            probes.close();
            probes = null;
            calls.end();
        }
    }

    /** Clears the cache, so that every change in the table takes effect at once. */
    public void reload() {
        results.invalidateAll();
    }

    private final class Stage implements RequestStage {

        @Override
        public String name() {
            return "aliases";
        }

        @Override
        public boolean isRehearsable() {
            return true; // a look-up that fills the cache
        }

        @Override
        public boolean isRepeatable() {
            return true; // it reads only, and edits this copy of the request
        }

        @Override
        public Verdict handle(StageContext context) throws SipParseException {
            Aor alias = alias(context);
            if (alias != null) {
                Result known = known(alias);
                use(context, known != null ? known.target() : read(alias));
            }
            return Verdict.proceed();
        }

        @Override
        public Verdict handleAtOnce(StageContext context) throws SipParseException {
            Aor alias = alias(context);
            if (alias != null) {
                Result known = known(alias);
                if (known == null) {
                    throw new NeedsWorkerException();
                }
                use(context, known.target());
            }
            return Verdict.proceed();
        }

        private void use(StageContext context, Optional<Aor> target) throws SipParseException {
            if (target.isPresent()) {
                if (context.isRehearsal()) {
                    context.note("alias of", target.get().toString());
                }
                context.replace(context.request()
                        .withRequestUri(SipUri.parse(target.get().toString())));
            }
        }
    }

    /** Returns the called user if the domain is served here; null otherwise. */
    private static @Nullable Aor alias(StageContext context) throws SipParseException {
        SipRequest request = context.request();
        if (request.method() == Method.REGISTER) {
            return null;
        }
        SipUri uri = request.requestUri();
        if (!uri.hasUser() || uri.user().length() > LONGEST_USER) {
            return null;
        }
        String user = uri.user();
        if (!Aor.isUser(user)) {
            return null;
        }
        return context.domainOf(uri)
                .map(domain -> new Aor(context.userCase().canonical(user), domain))
                .orElse(null);
    }

    /**
     * Returns the result to use without a query: while the database does not respond, an old result or none. Null if a
     * query is needed.
     */
    private @Nullable Result known(Aor alias) {
        Result result = results.getIfPresent(alias);
        if (result != null && ticker.read() - result.readNanos() < lifeNanos) {
            return result;
        }
        if (!breaker.isOpen()) {
            return null;
        }
        return result != null ? result : Result.NONE;
    }

    private Optional<Aor> read(Aor alias) {
        try {
            Result read = calls.run("aliases.read", () -> select(alias));
            results.put(alias, read);
            if (failing.compareAndSet(true, false)) {
                LOG.info("aliases: the database responds again");
            }
            return read.target();
        } catch (RuntimeException e) {
            if (SqlStates.isUnrepresentable(e)) {
                results.put(alias, new Result(Optional.empty(), ticker.read())); // concerns this user only
                return Optional.empty();
            }
            failed(e);
            Result old = results.getIfPresent(alias);
            return old == null ? Optional.empty() : old.target();
        }
    }

    private void failed(RuntimeException e) {
        breaker.failed(e);
        if (failing.compareAndSet(false, true)) {
            LOG.error(
                    "aliases: table dbaliases cannot be read, calls to aliases fail: {}",
                    DatabaseProblem.text(breaker.dataSource(), e));
        }
    }

    private Result select(Aor alias) {
        List<Optional<Aor>> rows =
                jdbi.withHandle(handle -> handle.createQuery("SELECT " + RowText.bytesOf("username", "domain")
                                + ", id FROM dbaliases WHERE alias_username = :user AND alias_domain = :domain"
                                + " ORDER BY id LIMIT 1")
                        .setQueryTimeout(STATEMENT_SECONDS)
                        .bind("user", alias.user())
                        .bind("domain", alias.domain())
                        .map((row, context) -> target(row.getLong(3), RowText.orEmpty(row, 1), RowText.orEmpty(row, 2)))
                        .list());
        return new Result(rows.isEmpty() ? Optional.empty() : rows.get(0), ticker.read());
    }

    /** Returns the target of a row; empty if it cannot form a Request-URI. */
    private Optional<Aor> target(long id, String username, String domain) {
        Aor target = new Aor(username, domain.strip().toLowerCase(Locale.ROOT));
        try {
            SipUri uri = SipUri.parse(target.toString());
            if (uri.hasUser() && uri.host().equals(target.domain()) && !RowText.isDamaged(username)) {
                return Optional.of(target);
            }
        } catch (SipParseException e) {
            LOG.debug("alias of row {} cannot be parsed: {}", id, e.getMessage());
        }
        problems.found(
                "dbaliases",
                "id " + id,
                "skipped: \"" + SipParseException.excerpt(target.toString()) + "\" is not an address");
        return Optional.empty();
    }
}

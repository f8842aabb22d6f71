package org.sipproxy.jdbc;

import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;
import java.util.function.ToIntFunction;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.auth.CredentialStore;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Credential store of the table {@code subscriber}, whose rows {@link Subscribers}, kamctl or a web page write. Pass it
 * to the digest authentication and, so that it receives changes, to the builder as a component:
 *
 * <pre>{@code
 * JdbcCredentials users = JdbcCredentials.builder(dataSource).build();
 * SipProxy.builder()
 *         .authentication(DigestAuthentication.builder().credentials(users).build())
 *         .component(users)
 * }</pre>
 *
 * <p>Rows are cached. A changed or removed subscriber is refused within one second on every proxy: the trigger of
 * {@link KamailioSchema#addSubscriberNotifications} notifies each proxy over a dedicated connection. Without the
 * trigger, or while that connection is down, nothing is cached for longer than one second. With the trigger, the
 * bindings of a removed subscriber are removed within that second too, on every proxy that uses these credentials.
 *
 * <p>While the database does not respond, its subscribers cannot change. A subscriber whose cached row was covered by
 * the trigger when the outage began may therefore continue to register and call, for {@link Builder#outageGrace}. All
 * other requests, and those with a wrong password, are rejected with 503.
 *
 * <p>The digest user name may be {@code user} or {@code user@domain}; the row is that of the user and the realm.
 * Thread-safe. {@link #find} blocks unless the subscriber is cached; {@link #withoutWaiting} never does.
 */
public final class JdbcCredentials implements CredentialStore, ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.AUTHENTICATION);

    /** Width of Kamailio's columns: a longer name does not exist. */
    private static final int MAX_NAME = 64;

    private final DataSource dataSource;
    private final boolean plainPasswords;
    private final boolean sha256;
    private final SubscriberRows rows;
    private final CredentialCache cache;
    private final LookupGate gate;
    private final LookupThreads lookupThreads = new LookupThreads();
    private final LookupQueue queue;
    private final CircuitBreaker breaker;
    private final long graceNanos;
    private final LongSupplier nanoTime;
    private final LongAdder lookups = new LongAdder();
    private final DatabaseCalls calls = new DatabaseCalls();
    /** False once the database has reported that it does not support the query of a batch. */
    private volatile boolean batches = true;

    private @Nullable SubscriberListener listener;
    private CircuitBreaker.@Nullable Use probes;

    private JdbcCredentials(Builder builder) {
        this.dataSource = builder.dataSource;
        this.plainPasswords = builder.plainPasswords;
        this.sha256 = builder.sha256;
        this.cache = new CredentialCache(
                new CredentialCache.CacheLimits(
                        builder.cacheSize,
                        builder.cacheLife,
                        builder.unknownCacheSize,
                        builder.unknownCacheLife,
                        !builder.outageGrace.isZero()),
                builder.nanoTime);
        this.gate = new LookupGate(builder.lookupsAtOnce, builder.unknownPerSecond, builder.nanoTime);
        this.queue = new LookupQueue(builder.lookupsAtOnce, this::read, cache::fail, lookupThreads);
        this.breaker = CircuitBreaker.of(builder.dataSource);
        this.graceNanos = builder.outageGrace.toNanos();
        this.nanoTime = builder.nanoTime;
        this.rows = new SubscriberRows(breaker.dataSource(), plainPasswords, sha256, new RowProblemLog(builder.log));
    }

    /**
     * Returns a builder for the credentials of a database. The host application closes the data source, after this
     * object.
     */
    public static Builder builder(DataSource dataSource) {
        return new Builder(dataSource);
    }

    @Override
    public Optional<Credential> find(String username, String realm) {
        CredentialCache.Key key = key(username, realm);
        return key == null ? Optional.empty() : credential(key, username, find(key));
    }

    /** Returns the credential for the form of the digest user name: the key is the whole name if that has no domain. */
    private static Optional<Credential> credential(CredentialCache.Key key, String username, Credentials found) {
        return key.username().length() == username.length() ? found.bare() : found.qualified();
    }

    /**
     * True if {@code subscriber} has the name in another case. For a subscriber with capital letters the result is read
     * and cached with the row; for a name without a row the database is queried each time.
     */
    @Override
    public boolean hasOtherSpelling(String username, String realm) {
        CredentialCache.Key key = key(username, realm);
        if (key == null) {
            return false;
        }
        Credentials found = find(key);
        return found == Credentials.NONE ? lookUpOne(() -> rows.hasOtherSpelling(key), false) : found.otherSpelling();
    }

    /** Queries the database. Returns false if it does not respond, because it may have credentials. */
    @Override
    public boolean isEmpty() {
        try {
            return rows.isEmpty();
        } catch (SQLException | RuntimeException e) {
            LOG.debug("subscribers not counted: {}", e.toString());
            return false;
        }
    }

    @Override
    public CredentialStore withoutWaiting() {
        return new Cached();
    }

    /** True unless the database does not respond. */
    @Override
    public boolean isCurrent() {
        return !breaker.isOpen();
    }

    private Credentials find(CredentialCache.Key key) {
        Credentials fresh = cache.fresh(key);
        if (fresh != null) {
            return fresh;
        }
        try {
            refuseInOutage();
            gate.refuseIfFlooded();
            return queue.await(cache.read(key, queue::add));
        } catch (TemporarilyUnavailableException e) {
            Credentials remembered = remembered(key);
            if (remembered == null) {
                throw e;
            }
            return remembered;
        }
    }

    private @Nullable Credentials remembered(CredentialCache.Key key) {
        return breaker.isOpen() && breaker.openNanos() < graceNanos ? cache.remembered(key) : null;
    }

    /** Credential store that uses cached rows only and never waits for the database. */
    private final class Cached implements CredentialStore {

        @Override
        public Optional<Credential> find(String username, String realm) {
            CredentialCache.Key key = key(username, realm);
            return key == null ? Optional.empty() : credential(key, username, known(key));
        }

        @Override
        public boolean hasOtherSpelling(String username, String realm) {
            CredentialCache.Key key = key(username, realm);
            if (key == null) {
                return false;
            }
            Credentials found = known(key);
            if (found == Credentials.NONE) {
                throw notKnown();
            }
            return found.otherSpelling();
        }

        private Credentials known(CredentialCache.Key key) {
            Credentials found = cache.fresh(key);
            if (found == null) {
                found = remembered(key);
            }
            if (found == null) {
                RuntimeException notKnown = notKnown();
                readAhead(key);
                throw notKnown;
            }
            return found;
        }

        /** During an outage a worker would fail at once too, so none is used. */
        private RuntimeException notKnown() {
            return breaker.isOpen() ? outage() : new NeedsWorkerException();
        }

        /** Starts to read the row, together with those of other requests, while this request waits for a worker. */
        private void readAhead(CredentialCache.Key key) {
            if (!breaker.isOpen() && !gate.isFlooded() && queue.hasRoom()) {
                cache.read(key, queue::add);
            }
        }

        @Override
        public boolean mayBlock() {
            return false;
        }

        @Override
        public boolean isCurrent() {
            return JdbcCredentials.this.isCurrent();
        }
    }

    private static TemporarilyUnavailableException outage() {
        return new TemporarilyUnavailableException("the database of the subscribers does not respond", 5, null);
    }

    /** Returns the key of the row that a digest user name refers to; null if it cannot exist. */
    private static CredentialCache.@Nullable Key key(String username, String realm) {
        int at = username.lastIndexOf('@');
        if (at >= 0
                && !username.regionMatches(at + 1, realm, 0, Math.max(realm.length(), username.length() - at - 1))) {
            return null; // its HA1 would belong to the other realm
        }
        String user = at < 0 ? username : username.substring(0, at);
        return isName(user) && isName(realm) ? new CredentialCache.Key(user, realm) : null;
    }

    private static boolean isName(String text) {
        return !text.isEmpty() && text.length() <= 2 * MAX_NAME && ColumnText.isStorable(text);
    }

    /** Completes all of the reads. Called by threads of the queue. */
    private void read(List<CredentialCache.Read> reads) {
        reads.forEach(cache::begin);
        if (reads.size() == 1 || !batches || !readTogether(reads)) {
            reads.forEach(this::readAlone);
        }
    }

    /**
     * Reads all with one query. Returns false if each must be read alone, because a value of one would fail the others.
     */
    private boolean readTogether(List<CredentialCache.Read> reads) {
        try {
            List<CredentialCache.Key> keys =
                    reads.stream().map(CredentialCache.Read::key).toList();
            Credentials[] found = lookUp(() -> rows.find(keys), LookupGate::unknownOf);
            for (int i = 0; i < found.length; i++) {
                cache.end(reads.get(i), found[i]);
            }
            return true;
        } catch (TemporarilyUnavailableException e) {
            reads.forEach(read -> cache.fail(read, e));
            return true;
        } catch (SQLException | RuntimeException e) {
            if (SqlStates.isUnsupportedStatement(e)) {
                batches = false;
                LOG.info("the database does not support look-ups of several subscribers at once; each is read alone");
            } else {
                LOG.debug("subscribers are read one by one: {}", SqlStates.text(e));
            }
            return false;
        }
    }

    private void readAlone(CredentialCache.Read read) {
        try {
            cache.end(read, lookUpOne(() -> rows.find(read.key()), Credentials.NONE));
        } catch (RuntimeException | Error e) {
            cache.fail(read, e);
        }
    }

    private interface Lookup<T> {
        T run() throws SQLException;
    }

    /** Queries one name. Returns {@code none} for a name that the database's encoding cannot represent too. */
    private <T> T lookUpOne(Lookup<T> lookup, T none) {
        try {
            return lookUp(
                    () -> {
                        try {
                            return lookup.run();
                        } catch (SQLException e) {
                            if (SqlStates.isUnrepresentable(e)) {
                                return none;
                            }
                            throw e;
                        }
                    },
                    found -> found.equals(none) ? 1 : 0);
        } catch (SQLException e) {
            throw unavailable(e);
        }
    }

    /**
     * Queries the database.
     *
     * @throws TemporarilyUnavailableException if it does not respond, or may not be queried now
     */
    private <T> T lookUp(Lookup<T> lookup, ToIntFunction<T> unknown) throws SQLException {
        refuseInOutage();
        gate.enter();
        int unknownUsers = 0;
        try {
            lookups.increment();
            T found = calls.run("subscribers.read", lookup::run);
            unknownUsers = unknown.applyAsInt(found);
            return found;
        } catch (SQLException e) {
            breaker.failed(e);
            if (CircuitBreaker.isOutage(e)) {
                throw unavailable(e);
            }
            throw e;
        } finally {
            gate.leave(unknownUsers);
        }
    }

    private void refuseInOutage() {
        if (breaker.isOpen()) {
            throw outage();
        }
    }

    private TemporarilyUnavailableException unavailable(SQLException e) {
        return new TemporarilyUnavailableException(
                "subscriber cannot be looked up: " + DatabaseProblem.text(dataSource, e), 5, e);
    }

    @Override
    public void install(ComponentHooks hooks) {}

    /**
     * Checks the table and starts to listen for changes.
     *
     * @throws IllegalStateException if the table does not have the required version and columns
     * @throws org.jdbi.v3.core.JdbiException if the database cannot be reached
     */
    @Override
    public synchronized void start(ProxyRuntime proxy) {
        listen(new RemovedSubscribers(proxy), proxy::newThread);
        lookupThreads.use(proxy::newThread);
        probes = breaker.probeOn(proxy::newThread);
        calls.begin(proxy);
    }

    /**
     * Does what {@link #start} does, for a host application that uses the credentials outside a proxy, or one object
     * for several proxies. Bindings of removed subscribers stay then, and all threads are daemons of the JDK.
     *
     * @throws IllegalStateException if the table does not have the required version and columns, or this object listens
     *     already
     */
    public void listen() {
        listen(null, ThreadSource.DAEMONS);
    }

    private synchronized void listen(@Nullable RemovedSubscribers removed, ThreadSource threads) {
        if (listener != null) {
            throw new IllegalStateException("credentials: already listening; use one object for each proxy");
        }
        List<String> problems = new ArrayList<>();
        KamailioSchema schema = KamailioSchema.of("credentials", dataSource);
        schema.verify().stream()
                .filter(mismatch -> mismatch.table().equals("subscriber"))
                .map(mismatch -> "credentials: " + mismatch)
                .forEach(problems::add);
        if (problems.isEmpty() && !schema.mayRead("subscriber")) {
            problems.add("credentials: the role may not read table subscriber; GRANT SELECT ON subscriber to it, or"
                    + " use DatabaseRoles or the launcher's db grants");
        }
        if (problems.isEmpty() && sha256 && !schema.hasSha256Column()) {
            problems.add("credentials: table subscriber: no column " + Subscriber.SHA256_COLUMN
                    + "; KamailioSchema.addSha256Column creates it");
        }
        if (!problems.isEmpty()) {
            throw new IllegalStateException(String.join("\n", problems));
        }
        listener = new SubscriberListener(dataSource, cache, breaker, removed, nanoTime, threads);
        listener.start();
    }

    /** Returns MD5, which every row has; SHA-256 too with its column; all algorithms if passwords are read. */
    @Override
    public Set<DigestAlgorithm> algorithms() {
        if (plainPasswords) {
            return EnumSet.allOf(DigestAlgorithm.class);
        }
        return sha256 ? EnumSet.of(DigestAlgorithm.SHA_256, DigestAlgorithm.MD5) : EnumSet.of(DigestAlgorithm.MD5);
    }

    /** True while changes are received, so that entries live as long as configured. */
    public boolean isListening() {
        return cache.isWatched();
    }

    /** Returns the number of queries since this object was built; one query may look up several subscribers. */
    public long lookups() {
        return lookups.sum();
    }

    /** Returns the approximate number of cached subscribers. */
    public long cached() {
        return cache.size();
    }

    /** Stops listening, returns the connection and ends the threads. */
    @Override
    public synchronized void close() {
        if (listener != null) {
            listener.close();
            listener = null;
        }
        lookupThreads.release();
        if (probes != null) {
            probes.close();
            probes = null;
            calls.end();
        }
    }

    @Override
    public String toString() {
        return "JdbcCredentials[table subscriber, " + cached() + " users cached]";
    }

    /** Options of {@link JdbcCredentials}. */
    public static final class Builder {

        private static final Duration MIN_LIFE = Duration.ofSeconds(1);
        private static final Duration MAX_LIFE = Duration.ofHours(1);
        private static final Duration MAX_GRACE = Duration.ofHours(24);

        private final DataSource dataSource;
        private boolean plainPasswords;
        private boolean sha256;
        private int cacheSize = 100_000;
        private Duration cacheLife = Duration.ofMinutes(1);
        private int unknownCacheSize = 10_000;
        private Duration unknownCacheLife = Duration.ofSeconds(10);
        private Duration outageGrace = Duration.ofHours(1);
        private int lookupsAtOnce = 4;
        private int unknownPerSecond = 1_000;
        private LongSupplier nanoTime = System::nanoTime;
        private Logger log = LOG;

        private final OptionProblems problems = new OptionProblems("credentials");

        private Builder(DataSource dataSource) {
            this.dataSource = Objects.requireNonNull(dataSource, "dataSource");
        }

        /**
         * Uses the column {@code password} where it is not empty, like a Kamailio with {@code calculate_ha1=yes}: all
         * HA1s are computed and the password is discarded. Where it is empty, the stored hashes are used. A subscriber
         * whose {@code ha1} is not the hash of the password is logged at WARN. Default: stored hashes only.
         */
        public Builder plainPasswords() {
            problems.once("plainPasswords");
            plainPasswords = true;
            return this;
        }

        /**
         * Reads the SHA-256 HA1 from the column {@code ha1_sha256}, which must exist, and offers SHA-256 to all users.
         * Use it when every subscriber has that hash ({@link Subscribers#allHaveSha256}). Default: the column is not
         * read.
         */
        public Builder sha256Column() {
            problems.once("sha256Column");
            sha256 = true;
            return this;
        }

        /** Sets the maximum number of cached subscribers, 1 to 10,000,000. Default 100,000. */
        public Builder cacheSize(int cacheSize) {
            problems.once("cacheSize");
            this.cacheSize = cacheSize;
            return this;
        }

        /** Sets how long an entry is used at most while changes are received, 1 s to 1 h. Default 1 min. */
        public Builder cacheLife(Duration cacheLife) {
            problems.once("cacheLife");
            this.cacheLife = Objects.requireNonNull(cacheLife, "cacheLife");
            return this;
        }

        /** Sets the maximum number of cached names that do not exist, 1 to 10,000,000. Default 10,000. */
        public Builder unknownCacheSize(int unknownCacheSize) {
            problems.once("unknownCacheSize");
            this.unknownCacheSize = unknownCacheSize;
            return this;
        }

        /** Sets how long a name counts as unknown while changes are received, 1 s to 1 h. Default 10 s. */
        public Builder unknownCacheLife(Duration unknownCacheLife) {
            problems.once("unknownCacheLife");
            this.unknownCacheLife = Objects.requireNonNull(unknownCacheLife, "unknownCacheLife");
            return this;
        }

        /**
         * Sets how long passwords that were known at the start of an outage are still accepted, 0 to 24 h. Default 1 h.
         * 0 accepts no password whose row would have to be read again. Needs the trigger.
         */
        public Builder outageGrace(Duration outageGrace) {
            problems.once("outageGrace");
            this.outageGrace = Objects.requireNonNull(outageGrace, "outageGrace");
            return this;
        }

        /**
         * Sets the maximum number of concurrent queries, 1 to 1,000; it should be below the number of connections in
         * the data source. Default 4. Further look-ups wait two seconds at most, and the next query reads up to 100 of
         * them.
         */
        public Builder lookupsAtOnce(int lookupsAtOnce) {
            problems.once("lookupsAtOnce");
            this.lookupsAtOnce = lookupsAtOnce;
            return this;
        }

        /**
         * Sets how many look-ups a second may find no subscriber, 1 to 1,000,000. Default 1,000. Above that rate,
         * requests of users who are not cached are rejected with 503, so that invented names do not load the database.
         */
        public Builder unknownPerSecond(int unknownPerSecond) {
            problems.once("unknownPerSecond");
            this.unknownPerSecond = unknownPerSecond;
            return this;
        }

        Builder log(Logger logger) {
            this.log = logger;
            return this;
        }

        Builder nanoTime(LongSupplier nanoTime) {
            this.nanoTime = nanoTime;
            return this;
        }

        /**
         * Returns the credentials. Does not open a connection.
         *
         * @throws ConfigurationException if an option is outside its range or given twice
         */
        public JdbcCredentials build() {
            OptionProblems found = problems.copy();
            found.range("cacheSize", cacheSize, 1, 10_000_000);
            found.range("unknownCacheSize", unknownCacheSize, 1, 10_000_000);
            found.range("lookupsAtOnce", lookupsAtOnce, 1, 1_000);
            found.range("unknownPerSecond", unknownPerSecond, 1, 1_000_000);
            found.range("cacheLife", cacheLife, MIN_LIFE, MAX_LIFE);
            found.range("unknownCacheLife", unknownCacheLife, MIN_LIFE, MAX_LIFE);
            found.range("outageGrace", outageGrace, Duration.ZERO, MAX_GRACE);
            found.throwIfAny();
            return new JdbcCredentials(this);
        }
    }
}

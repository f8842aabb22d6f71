package org.sipproxy.server;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import javax.sql.DataSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.jdbc.DatabaseWait;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.SchemaMismatch;
import org.sipproxy.jdbc.SubscriberException;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.server.database.DatabaseUnreachableException;
import org.sipproxy.server.database.EmbeddedDatabase;

/** Open database: a connection pool, and the server if it is embedded. */
final class Database implements AutoCloseable {

    /**
     * For look-ups, write-back, accounting and the listener; more connections are not faster with PostgreSQL on a small
     * machine.
     */
    static final int POOL_OF_A_PROXY = 10;

    static final int POOL_OF_A_COMMAND = 2;

    private static final long CONNECT_MILLIS = 3_000;
    private static final long VALIDATION_MILLIS = 1_000;

    private final HikariDataSource pool;
    private final Optional<EmbeddedDatabase> server;
    private final boolean lasts;
    private final DatabaseOptions options;

    private Database(HikariDataSource pool, Optional<EmbeddedDatabase> server, boolean lasts, DatabaseOptions options) {
        this.options = options;
        this.pool = pool;
        this.server = server;
        this.lasts = lasts;
    }

    /**
     * Connects to the database; starts the embedded server first if it is configured.
     *
     * @throws DatabaseUnreachableException if the server cannot be started or reached
     */
    static Database open(DatabaseOptions options, int connections) {
        if (!options.isEmbedded()) {
            await(options);
            try {
                return new Database(
                        pool(options.url, options.user, options.password(), connections),
                        Optional.empty(),
                        true,
                        options);
            } catch (RuntimeException e) {
                throw new DatabaseUnreachableException(DatabaseFault.text(e, options), e);
            }
        }
        EmbeddedDatabase server = EmbeddedDatabase.start(options.directory());
        try {
            return new Database(
                    pool(server.url(), EmbeddedDatabase.USER, server.password(), connections),
                    Optional.of(server),
                    options.directory().isPresent(),
                    options);
        } catch (RuntimeException e) {
            server.close();
            throw new DatabaseUnreachableException(DatabaseFault.text(e, options), e);
        }
    }

    /** Waits for a server that is starting. What is wrong with it after that is reported by the pool. */
    private static void await(DatabaseOptions options) {
        if (options.waitLimit().isZero()) {
            return;
        }
        PGSimpleDataSource probe = new PGSimpleDataSource();
        try {
            probe.setURL(options.url);
        } catch (IllegalArgumentException e) {
            return;
        }
        if (!options.user.isEmpty()) {
            probe.setUser(options.user);
        }
        probe.setPassword(options.password());
        probe.setConnectTimeout((int) TimeUnit.MILLISECONDS.toSeconds(CONNECT_MILLIS));
        DatabaseWait.untilReachable(probe, options.waitLimit());
    }

    private static HikariDataSource pool(String url, String user, String password, int connections) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("sipproxy");
        config.setJdbcUrl(url);
        if (!user.isEmpty()) {
            config.setUsername(user);
        }
        if (!password.isEmpty()) {
            config.setPassword(password);
        }
        config.setMaximumPoolSize(connections);
        config.setMinimumIdle(Math.min(2, connections));
        config.setConnectionTimeout(CONNECT_MILLIS);
        config.setValidationTimeout(VALIDATION_MILLIS);
        config.setInitializationFailTimeout(1);
        config.addDataSourceProperty("ApplicationName", "sipproxy");
        config.addDataSourceProperty("connectTimeout", "3");
        config.addDataSourceProperty("socketTimeout", "30");
        config.addDataSourceProperty("cancelSignalTimeout", "1"); // a frozen server does not respond to a cancel either
        config.addDataSourceProperty("tcpKeepAlive", "true");
        return new HikariDataSource(config);
    }

    /** Returns the connection pool. Closed by {@link #close}. */
    DataSource dataSource() {
        return pool;
    }

    boolean isEmbedded() {
        return server.isPresent();
    }

    /** Returns false if the data are removed when the program ends. */
    boolean lasts() {
        return lasts;
    }

    /** Returns the text for a failure of this database, on one line. */
    String explain(Throwable failure) {
        return DatabaseFault.text(failure, options);
    }

    /** Returns the JDBC URL. */
    String url() {
        return pool.getJdbcUrl();
    }

    /** Creates the tables of an embedded database, and adds the subscribers of the command line. */
    void furnish(List<String> domains, List<NamedSubscriber> named) {
        KamailioSchema schema = KamailioSchema.on(pool);
        schema.createAll();
        schema.addSha256Column();
        List<SchemaMismatch> mismatches = schema.verify();
        if (!mismatches.isEmpty()) {
            throw new IllegalStateException("--database: " + mismatches.get(0));
        }
        Subscribers subscribers = Subscribers.in(pool);
        for (String domain : domains) {
            for (NamedSubscriber one : named) {
                try {
                    subscribers.add(one.user(), domain, one.password());
                } catch (SubscriberException e) {
                    if (e.reason() != SubscriberException.Reason.EXISTS) {
                        throw e;
                    }
                    subscribers.changePassword(one.user(), domain, one.password());
                }
            }
        }
    }

    /** Returns the credential store of the subscribers, which is also a component of the proxy. */
    JdbcCredentials credentials(Consumer<JdbcCredentials.Builder> options) {
        JdbcCredentials.Builder builder = JdbcCredentials.builder(pool);
        options.accept(builder);
        if (Subscribers.in(pool).allHaveSha256()) {
            builder.sha256Column();
        }
        return builder.build();
    }

    @Override
    public void close() {
        pool.close();
        server.ifPresent(EmbeddedDatabase::close);
    }
}

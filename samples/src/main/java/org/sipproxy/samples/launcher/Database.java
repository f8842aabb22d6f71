package org.sipproxy.samples.launcher;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.SchemaMismatch;
import org.sipproxy.jdbc.SubscriberException;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.samples.database.DatabaseUnreachableException;
import org.sipproxy.samples.database.EmbeddedDatabase;

/** An open database: pooled connections to it, and the server too if it is one of our own. */
final class Database implements AutoCloseable {

    /** Look-ups, write-back, accounting and one that listens; PostgreSQL does no more with more on a small machine. */
    static final int POOL_OF_A_PROXY = 10;

    static final int POOL_OF_A_COMMAND = 2;

    private static final long CONNECT_MILLIS = 3_000;
    private static final Set<String> NEEDED = Set.of("version", "subscriber", "location");

    private final HikariDataSource pool;
    private final Optional<EmbeddedDatabase> server;

    private Database(HikariDataSource pool, Optional<EmbeddedDatabase> server) {
        this.pool = pool;
        this.server = server;
    }

    /**
     * Connects, after starting the embedded server if that is wanted.
     *
     * @throws DatabaseUnreachableException if that fails
     */
    static Database open(DatabaseOptions options, int connections) {
        if (!options.isEmbedded()) {
            return new Database(pool(options.url, options.user, options.password(), connections), Optional.empty());
        }
        EmbeddedDatabase server = EmbeddedDatabase.start(options.directory());
        try {
            return new Database(
                    pool(server.url(), EmbeddedDatabase.USER, server.password(), connections), Optional.of(server));
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
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
        config.setInitializationFailTimeout(1);
        config.addDataSourceProperty("ApplicationName", "sipproxy");
        config.addDataSourceProperty("connectTimeout", "3");
        config.addDataSourceProperty("socketTimeout", "30");
        config.addDataSourceProperty("tcpKeepAlive", "true");
        try {
            return new HikariDataSource(config);
        } catch (RuntimeException e) {
            throw new DatabaseUnreachableException(innermost(e), e);
        }
    }

    private static String innermost(Throwable e) {
        Throwable last = e;
        for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
            last = cause instanceof SQLException || cause.getCause() == null ? cause : last;
            if (cause instanceof SQLException) {
                break;
            }
        }
        String message = last.getMessage();
        return message == null ? last.toString() : message.lines().findFirst().orElse("");
    }

    /** Connections for whatever needs the database. Closed by {@link #close}. */
    DataSource dataSource() {
        return pool;
    }

    boolean isEmbedded() {
        return server.isPresent();
    }

    /** Where it is, for a human and for psql. */
    String url() {
        return pool.getJdbcUrl();
    }

    /** Why a proxy could not work with it; empty if it can. */
    List<String> problems() {
        return KamailioSchema.on(pool).verify().stream()
                .filter(mismatch -> NEEDED.contains(mismatch.table()))
                .map(mismatch -> "--database-url: " + mismatch
                        + (mismatch.isMissing() ? " with: java -jar sipproxy.jar db create" : ""))
                .toList();
    }

    /** Makes the tables of an embedded database, and puts the subscribers into it that the command line names. */
    void furnish(List<String> domains, List<ProxyOptions.NamedSubscriber> named) {
        KamailioSchema schema = KamailioSchema.on(pool);
        schema.create();
        schema.addSubscriberNotifications();
        schema.addSubscriberNameIndex();
        schema.addAccountingColumns();
        schema.addSha256Column();
        List<SchemaMismatch> mismatches = schema.verify();
        if (!mismatches.isEmpty()) {
            throw new IllegalStateException("--database: " + mismatches.get(0));
        }
        Subscribers subscribers = Subscribers.in(pool);
        for (String domain : domains) {
            for (ProxyOptions.NamedSubscriber one : named) {
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

    /** The subscribers' credentials. Also a component of the proxy. */
    JdbcCredentials credentials(KamailioOptions kamailio) {
        JdbcCredentials.Builder builder = JdbcCredentials.builder(pool);
        kamailio.addTo(builder);
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

package org.sipproxy.jdbc;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Locale;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * Database for one test class on a real PostgreSQL:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final PostgresFixture postgres = PostgresFixture.withSchema();
 * }</pre>
 *
 * <p>All classes of a JVM share one server, which comes from Maven artefacts.
 * {@code -Dsipproxy.test.postgres=testcontainers} uses a container instead, and
 * {@code -Dsipproxy.test.postgres=jdbc:postgresql://host/db?user=…&password=…} an existing server, with a role that may
 * create databases. Outside JUnit, {@link #open} and {@link #close} do the same.
 */
public final class PostgresFixture implements BeforeAllCallback, AfterAllCallback, AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final boolean schema;
    private String name = "";

    private PostgresFixture(boolean schema) {
        this.schema = schema;
    }

    /** Returns an empty database. */
    public static PostgresFixture empty() {
        return new PostgresFixture(false);
    }

    /** Returns a database with Kamailio's tables. */
    public static PostgresFixture withSchema() {
        return new PostgresFixture(true);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        open();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        close();
    }

    /** Creates the database. */
    public PostgresFixture open() {
        name = String.format(
                Locale.ROOT,
                "sipproxy_%d_%x_%d",
                ProcessHandle.current().pid(),
                ThreadLocalRandom.current().nextInt(),
                COUNT.incrementAndGet());
        execute(Server.ADMIN, "CREATE DATABASE " + name);
        if (schema) {
            KamailioSchema.on(dataSource()).create();
        }
        return this;
    }

    /** Drops the database, even if there are connections to it. */
    @Override
    public void close() {
        execute(Server.ADMIN, "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    /** Returns a data source for the owner of the database; not pooled. */
    public DataSource dataSource() {
        return dataSource(Server.ADMIN.getUser(), Server.ADMIN.getPassword());
    }

    /** Returns a data source for another role. */
    public DataSource dataSource(String user, String password) {
        return pgDataSource(user, password);
    }

    /** Returns {@code jdbc:postgresql://host:port/database}, without the user. */
    public String url() {
        PGSimpleDataSource of = pgDataSource(user(), password());
        return "jdbc:postgresql://" + of.getServerNames()[0] + ":" + of.getPortNumbers()[0] + "/" + name;
    }

    /** Returns the owner's role. */
    public String user() {
        return Server.ADMIN.getUser();
    }

    /** Returns the owner's password. */
    public String password() {
        return Server.ADMIN.getPassword();
    }

    /** Returns the name of the database. */
    public String databaseName() {
        return name;
    }

    /** Runs one or more statements, separated by semicolons. */
    public void execute(String sql) {
        execute(dataSource(), sql);
    }

    private PGSimpleDataSource pgDataSource(String user, String password) {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setURL(Server.ADMIN.getURL());
        dataSource.setDatabaseName(name);
        dataSource.setUser(user);
        dataSource.setPassword(password);
        return dataSource;
    }

    private static void execute(DataSource dataSource, String sql) {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new IllegalStateException(e.getMessage() + " in " + sql, e);
        }
    }

    /** Server that the first use starts and that ends with the JVM. */
    private static final class Server {

        static final PGSimpleDataSource ADMIN = start(System.getProperty("sipproxy.test.postgres", "embedded"));

        private static PGSimpleDataSource start(String kind) {
            if (kind.startsWith("jdbc:")) {
                PGSimpleDataSource dataSource = new PGSimpleDataSource();
                dataSource.setURL(kind);
                return dataSource;
            }
            return switch (kind) {
                case "embedded" -> embedded();
                case "testcontainers" -> PostgresContainer.start();
                default ->
                    throw new IllegalArgumentException("sipproxy.test.postgres: \"" + kind
                            + "\" (expected embedded, testcontainers, or jdbc:postgresql://…)");
            };
        }

        private static PGSimpleDataSource embedded() {
            // durability after a power failure does not matter here, and the tests wait less
            PostgresServer server = PostgresServer.launch(
                    "fsync",
                    "off",
                    "synchronous_commit",
                    "off",
                    "full_page_writes",
                    "off",
                    "shared_buffers",
                    "64MB",
                    "max_connections",
                    "200");
            Runtime.getRuntime().addShutdownHook(new Thread(server::close, "stop PostgreSQL"));
            return server.dataSource("postgres");
        }
    }
}

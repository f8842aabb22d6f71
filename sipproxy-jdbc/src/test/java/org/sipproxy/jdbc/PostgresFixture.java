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
 * A database of a test class's own on a real PostgreSQL:
 *
 * <pre>{@code
 * @RegisterExtension
 * static final PostgresFixture postgres = PostgresFixture.withSchema();
 * }</pre>
 *
 * <p>The server is one for the JVM and comes from Maven artefacts. {@code -Dsipproxy.test.postgres=testcontainers} takes a
 * container instead, and {@code -Dsipproxy.test.postgres=jdbc:postgresql://host/db?user=…&password=…} a server that is
 * there, with a role that may create databases. Outside JUnit {@link #open} and {@link #close} do the same.
 */
public final class PostgresFixture implements BeforeAllCallback, AfterAllCallback, AutoCloseable {

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final boolean schema;
    private String name = "";

    private PostgresFixture(boolean schema) {
        this.schema = schema;
    }

    /** An empty database. */
    public static PostgresFixture empty() {
        return new PostgresFixture(false);
    }

    /** A database with Kamailio's tables. */
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

    /** Drops the database, whoever is still connected. */
    @Override
    public void close() {
        execute(Server.ADMIN, "DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
    }

    /** Connections to the database as its owner; not pooled. */
    public DataSource dataSource() {
        return dataSource(Server.ADMIN.getUser(), Server.ADMIN.getPassword());
    }

    /** Connections to the database as another role. */
    public DataSource dataSource(String user, String password) {
        return pgDataSource(user, password);
    }

    /** As {@code jdbc:postgresql://host:port/database}, without the user. */
    public String url() {
        PGSimpleDataSource of = pgDataSource(user(), password());
        return "jdbc:postgresql://" + of.getServerNames()[0] + ":" + of.getPortNumbers()[0] + "/" + name;
    }

    /** The owner's role. */
    public String user() {
        return Server.ADMIN.getUser();
    }

    /** The owner's password. */
    public String password() {
        return Server.ADMIN.getPassword();
    }

    /** The database. */
    public String databaseName() {
        return name;
    }

    /** Runs one statement or several, separated by semicolons. */
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

    /** Started by the first use, ended with the JVM. */
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
            // what is lost in a power failure is no matter here, and the tests wait less
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

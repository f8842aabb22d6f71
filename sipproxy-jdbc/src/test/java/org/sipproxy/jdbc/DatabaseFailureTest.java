package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.net.InetSocketAddress;
import java.sql.Connection;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.testkit.Phone;

/**
 * Responses of running proxies, and their recovery, when the database is stopped, slow, cut off or refuses the
 * password.
 */
class DatabaseFailureTest {

    private static PostgresServer server;
    private static DataSource database;

    private final List<AutoCloseable> opened = new ArrayList<>();

    @BeforeAll
    static void startServer() {
        server = PostgresServer.launch("fsync", "off");
        database = server.createDatabase("failing");
        KamailioSchema.on(database).create();
    }

    @AfterAll
    static void stopServer() {
        server.close();
    }

    @BeforeEach
    void empty() throws Exception {
        execute("DELETE FROM location");
    }

    @AfterEach
    void close() throws Exception {
        for (int i = opened.size() - 1; i >= 0; i--) {
            opened.get(i).close();
        }
    }

    @Test
    void writeThroughServesFromMemoryAndRefusesChangesWhileTheDatabaseIsStopped() throws SipParseException {
        SipProxy proxy = start(StoreMode::writeThrough, "postgres");
        Phone alice = phone("alice", proxy);
        assertThat(registered(alice)).isEqualTo(200);

        server.stop();
        try {
            assertRefusedForNow(register(alice));
            assertThat(registered(phone("bob", proxy))).isEqualTo(500);
            assertReached(proxy, alice);
            assertThat(proxy.storeStatus().databaseAnswers()).isFalse();
        } finally {
            server.start();
        }

        SipResponse accepted =
                await().atMost(Duration.ofSeconds(10)).until(() -> register(alice), SipResponse::isSuccess);
        assertThat(proxy.storeStatus().databaseAnswers()).isTrue();
        assertThat(proxy.storeStatus().lastError()).isPresent();
        assertThat(rows()).containsExactly("alice|" + accepted.cseq().number());
    }

    @Test
    void databaseOnlyRefusesWhatItCannotKnowWhileTheDatabaseIsStopped() {
        SipProxy proxy = start(StoreMode::databaseOnly, "postgres");
        Phone alice = phone("alice", proxy);
        assertThat(registered(alice)).isEqualTo(200);
        assertReached(proxy, alice);

        server.stop();
        try {
            assertRefusedForNow(register(alice));
            SipResponse refused = phone("caller", proxy).message("alice", "hello");
            assertThat(refused.statusCode()).isEqualTo(503);
            assertThat(refused.header(HeaderName.RETRY_AFTER)).isPresent();
        } finally {
            server.start();
        }

        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(registered(alice)).isEqualTo(200));
        assertReached(proxy, alice);
    }

    @Test
    void writeBackServesAndCatchesUp() {
        SipProxy proxy = start(r -> StoreMode.writeBack(r, Duration.ofMillis(200)), "postgres");
        Phone alice = phone("alice", proxy);

        server.stop();
        try {
            assertThat(registered(alice)).isEqualTo(200);
            assertReached(proxy, alice);
            await().until(() -> !proxy.storeStatus().databaseAnswers());
            assertThat(proxy.storeStatus().waiting()).isOne();
            assertThat(registered(alice)).isEqualTo(200);
        } finally {
            server.start();
        }

        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(rows()).containsExactly("alice|2"));
        assertThat(proxy.storeStatus().waiting()).isZero();
    }

    @Test
    void aProxyWithoutTrafficIsNotReadyWhileTheDatabaseIsStopped() {
        DataSource pool = pool("postgres");
        SipProxy proxy = proxy(StoreMode::writeThrough, pool)
                .component(JdbcCredentials.builder(pool).build()) // its connection is lost
                .build();
        opened.add(proxy);
        proxy.start();
        assertThat(proxy.health().isReady()).isTrue();

        server.stop();
        try {
            await().until(() -> !proxy.health().isReady());
            assertThat(proxy.health().problems())
                    .singleElement()
                    .asString()
                    .startsWith("the location database does not respond: ")
                    .contains("127.0.0.1");
        } finally {
            server.start();
        }

        await().until(() -> proxy.health().isReady());
    }

    @Test
    void underLoadEveryAcknowledgedBindingSurvivesStopsAndCuts() throws Exception {
        SipProxy proxy = start(StoreMode::writeThrough, "postgres");
        RegisterLoad load = new RegisterLoad(address(proxy), 8, Duration.ofSeconds(5));
        try (load) {
            await().until(() -> load.answers(200) > 200);
            for (int i = 0; i < 20; i++) {
                execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        + "WHERE datname = current_database() AND pid <> pg_backend_pid()");
                int before = load.answers(200);
                await().atMost(Duration.ofSeconds(10)).until(() -> load.answers(200) > before);
            }
            server.stop();
            try {
                await().until(() -> load.answers(500) > 50);
            } finally {
                server.start();
            }
            int before = load.answers(200);
            await().atMost(Duration.ofSeconds(10)).until(() -> load.answers(200) > before + 200);
        }

        assertThat(load.answers()).containsOnlyKeys(200, 500); // every request got a response
        Map<String, Long> promised = load.acknowledgedBefore(System.nanoTime());
        assertThat(promised).isNotEmpty();
        promised.forEach((user, cseq) -> assertThat(
                        Rows.of(database, "SELECT max(cseq) FROM location WHERE username = '" + user + "'"))
                .as(user)
                .satisfies(row -> assertThat(Long.parseLong(row.get(0))).isGreaterThanOrEqualTo(cseq)));
        assertThat(opened.stream().filter(HikariDataSource.class::isInstance))
                .allSatisfy(pool -> assertThat(
                                ((HikariDataSource) pool).getHikariPoolMXBean().getActiveConnections())
                        .as("connections not returned")
                        .isZero());
    }

    @Test
    void slowDatabaseTimesOutAndIsUsedAgainWhenItIsFast() throws Exception {
        SipProxy proxy = start(StoreMode::writeThrough, "postgres");
        Phone alice = phone("alice", proxy);
        execute("CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS "
                + "'BEGIN PERFORM pg_sleep(60); RETURN NEW; END'");
        execute("CREATE TRIGGER slow BEFORE INSERT ON location FOR EACH ROW EXECUTE FUNCTION slowly()");
        try {
            assertRefusedForNow(register(alice)); // after the time limit of one second
        } finally {
            execute("DROP TRIGGER slow ON location");
            execute("DROP FUNCTION slowly()");
        }

        assertThat(registered(alice)).isEqualTo(200);
        assertThat(rows()).containsExactly("alice|2");
    }

    @Test
    void lockedRowsOfOneAorDoNotDelayOtherAors() throws Exception {
        SipProxy proxy = start(StoreMode::databaseOnly, "postgres");
        Phone alice = phone("alice", proxy);
        assertThat(registered(alice)).isEqualTo(200);
        try (Connection holder = database.getConnection();
                Statement statement = holder.createStatement()) {
            holder.setAutoCommit(false);
            statement.execute("SELECT * FROM location WHERE username = 'alice' FOR UPDATE");

            assertThat(registered(alice)).isEqualTo(500);
            assertThat(registered(phone("bob", proxy))).isEqualTo(200);
            assertReached(proxy, alice);
            holder.rollback();
        }
        assertThat(registered(alice)).isEqualTo(200);
    }

    @Test
    void wrongPasswordPreventsTheStartButLaterOnlyWrites() throws Exception {
        execute("DROP ROLE IF EXISTS phonebook");
        execute("CREATE ROLE phonebook LOGIN PASSWORD 'right' IN ROLE pg_read_all_data, pg_write_all_data");
        assertThatThrownBy(() -> start(StoreMode::writeThrough, "nobody"))
                .isInstanceOf(LocationStoreException.class)
                .hasMessageContaining("locationStore: the bindings cannot be read at the start")
                .hasMessageContaining("nobody");

        SipProxy proxy = start(StoreMode::writeThrough, "phonebook");
        Phone alice = phone("alice", proxy);
        assertThat(registered(alice)).isEqualTo(200);
        execute("ALTER ROLE phonebook NOLOGIN");
        execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'phonebook'");
        await().untilAsserted(() -> assertThat(registered(alice)).isEqualTo(500));
        assertReached(proxy, alice);

        execute("ALTER ROLE phonebook LOGIN");
        await().atMost(Duration.ofSeconds(10))
                .untilAsserted(() -> assertThat(registered(alice)).isEqualTo(200));
    }

    // ---- helpers

    private void assertReached(SipProxy proxy, Phone callee) {
        assertThat(phone("caller", proxy).message(callee.user(), "hello").statusCode())
                .isEqualTo(200);
        callee.awaitRequest("MESSAGE");
    }

    private static SipResponse register(Phone phone) {
        return phone.tryRegister(Phone.DEFAULT_EXPIRES, parts -> {});
    }

    private static int registered(Phone phone) {
        return register(phone).statusCode();
    }

    private static void assertRefusedForNow(SipResponse response) {
        assertThat(response.statusCode()).isEqualTo(500);
        assertThat(response.header(HeaderName.RETRY_AFTER)).isPresent();
    }

    private Phone phone(String user, SipProxy proxy) {
        Phone phone = Phone.builder(user).proxy(address(proxy)).open();
        opened.add(phone);
        return phone;
    }

    private static InetSocketAddress address(SipProxy proxy) {
        return new InetSocketAddress("127.0.0.1", proxy.boundEndpoints().get(0).port());
    }

    private SipProxy start(Function<BindingRepository, StoreMode> mode, String user) {
        HikariDataSource pool = pool(user);
        SipProxy proxy = proxy(mode, pool).build();
        opened.add(proxy);
        proxy.start();
        return proxy;
    }

    private HikariDataSource pool(String user) {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:postgresql://127.0.0.1:" + server.port() + "/failing");
        config.setUsername(user);
        config.setPassword(user.equals("phonebook") ? "right" : "postgres");
        config.setMaximumPoolSize(3);
        config.setConnectionTimeout(1_000);
        config.setInitializationFailTimeout(-1);
        HikariDataSource pool = new HikariDataSource(config);
        opened.add(pool);
        return pool;
    }

    private static SipProxyBuilder proxy(Function<BindingRepository, StoreMode> mode, DataSource pool) {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .locationStore(mode.apply(JdbcBindingRepository.builder(pool)
                        .statementTimeout(Duration.ofSeconds(1))
                        .build()));
    }

    private static List<String> rows() {
        return Rows.of(database, "SELECT username, cseq FROM location ORDER BY id");
    }

    private static void execute(String sql) throws Exception {
        try (Connection connection = database.getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}

package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.sipproxy.jdbc.AccountingScene.invite;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import javax.sql.DataSource;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Rows whose database fails, hangs or is full. */
@Timeout(60)
class AccountingFailureTest {

    private static final Duration SOON = Duration.ofSeconds(15);

    private static PostgresServer server;
    private static DataSource database;

    @BeforeAll
    static void start() {
        server = PostgresServer.launch("fsync", "off", "synchronous_commit", "on");
        database = server.createDatabase("accounting");
        KamailioSchema.on(database).create();
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @BeforeEach
    void emptyTables() {
        Jdbi.create(database).useHandle(handle -> handle.execute("TRUNCATE acc, missed_calls, acc_cdrs"));
    }

    private static List<String> callIds() {
        return Jdbi.create(database)
                .withHandle(handle -> handle.createQuery("SELECT callid FROM acc ORDER BY id")
                        .mapTo(String.class)
                        .list());
    }

    @Test
    void rowsWaitUntilTheDatabaseIsBack() {
        try (AccountingScene scene =
                AccountingScene.start(JdbcAccounting.builder(database).flushInterval(Duration.ofMillis(20)))) {
            scene.completed(invite("before").build());
            await().atMost(SOON).until(() -> scene.status().written() == 1);

            server.kill();
            for (int i = 0; i < 2_000; i++) {
                scene.completed(invite("during" + i).build());
            }
            await().atMost(SOON).until(() -> scene.status().lastError().isPresent());
            assertThat(scene.status().queued()).isEqualTo(2_000);
            assertThat(scene.status().lastError()).get().asString().contains("database accounting on 127.0.0.1:");

            server.start();
            await().atMost(SOON).until(() -> scene.status().written() == 2_001);
            assertThat(scene.status().lastError()).isEmpty();
            assertThat(scene.status().dropped()).isZero();
            assertThat(callIds()).hasSize(2_001).doesNotHaveDuplicates();
        }
    }

    @Test
    void proxyMayStartBeforeItsDatabase() {
        server.stop();
        try (AccountingScene scene = AccountingScene.start(JdbcAccounting.builder(database))) {
            assertThat(scene.status().lastError()).isPresent();
            scene.completed(invite("early").build());

            server.start();

            await().atMost(SOON).until(() -> scene.status().written() == 1);
        }
        assertThat(callIds()).containsExactly("early");
    }

    @Test
    void errorEndsWithTheOutageEvenWithoutCalls() {
        server.stop();
        try (AccountingScene scene = AccountingScene.start(JdbcAccounting.builder(database))) {
            assertThat(scene.status().lastError()).isPresent();

            server.start();

            await().atMost(SOON).until(() -> scene.status().lastError().isEmpty());
        }
    }

    @Test
    void fullQueueDropsAndCountsWithoutBlocking() {
        JdbcAccounting.Builder options =
                JdbcAccounting.builder(database).queueCapacity(100).batchRows(10);
        try (AccountingScene scene = AccountingScene.start(options)) {
            try (Connection lock = lockedTable()) {
                long begin = System.nanoTime();
                for (int i = 0; i < 1_000; i++) {
                    scene.completed(invite("c" + i).build());
                }
                assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(2));
                assertThat(scene.status().queued()).isEqualTo(100);
                assertThat(scene.status().dropped()).isEqualTo(900);
                lock.rollback();
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
            await().atMost(SOON).until(() -> scene.status().written() == 100);

            scene.completed(invite("later").build());
            await().atMost(SOON).until(() -> scene.status().written() == 101);
            assertThat(callIds()).hasSize(101).startsWith("c0", "c1").endsWith("later");
        }
    }

    /** Returns a connection whose transaction blocks writers of the table. */
    private static Connection lockedTable() throws SQLException {
        Connection connection = database.getConnection();
        connection.setAutoCommit(false);
        connection.createStatement().execute("LOCK TABLE acc IN EXCLUSIVE MODE");
        return connection;
    }

    @Test
    void closingWritesTheQueuedRows() {
        AccountingScene scene =
                AccountingScene.start(JdbcAccounting.builder(database).flushInterval(Duration.ofMinutes(1)));
        for (int i = 0; i < 1_234; i++) {
            scene.completed(invite("c" + i).build());
        }

        scene.close();

        assertThat(callIds()).hasSize(1_234);
    }

    @Test
    void closingDoesNotWaitForeverForADatabaseThatHangs() throws SQLException {
        AccountingScene scene =
                AccountingScene.start(JdbcAccounting.builder(database).closeTimeout(Duration.ofMillis(300)));
        try (Connection lock = lockedTable()) {
            scene.completed(invite("lost").build());
            long begin = System.nanoTime();

            scene.close();

            assertThat(Duration.ofNanos(System.nanoTime() - begin))
                    .isBetween(Duration.ofMillis(250), Duration.ofSeconds(3));
            assertThat(scene.status().dropped()).isEqualTo(1);
            lock.rollback();
        }
    }

    @Test
    void closingContinuesWhileRowsAreBeingWritten() {
        Jdbi jdbi = Jdbi.create(database);
        jdbi.useHandle(handle -> {
            handle.execute("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql"
                    + " AS 'BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END'");
            handle.execute("CREATE TRIGGER slow BEFORE INSERT ON acc FOR EACH ROW EXECUTE FUNCTION slow()");
        });
        try {
            AccountingScene scene = AccountingScene.start(
                    JdbcAccounting.builder(database).batchRows(5).closeTimeout(Duration.ofMillis(500)));
            for (int i = 0; i < 100; i++) {
                scene.completed(invite("c" + i).build());
            }

            scene.close(); // needs 2 s

            assertThat(scene.status().dropped()).isZero();
            assertThat(callIds()).hasSize(100);
        } finally {
            jdbi.useHandle(handle -> handle.execute("DROP FUNCTION slow() CASCADE"));
        }
    }

    @Test
    void closingTriesAgainWithinItsTime() {
        server.stop();
        AccountingScene scene =
                AccountingScene.start(JdbcAccounting.builder(database).closeTimeout(Duration.ofSeconds(20)));
        scene.completed(invite("late").build());
        Thread starter = new Thread(server::start);
        starter.start();

        scene.close();

        assertThat(scene.status().written()).isEqualTo(1);
        assertThat(callIds()).containsExactly("late");
    }

    @Test
    void droppedColumnIsAFailureUntilItIsAddedAgain() {
        Jdbi jdbi = Jdbi.create(database);
        try (AccountingScene scene =
                AccountingScene.start(JdbcAccounting.builder(database).flushInterval(Duration.ofMillis(20)))) {
            jdbi.useHandle(handle -> handle.execute("ALTER TABLE acc RENAME COLUMN sip_reason TO other"));
            scene.completed(invite("c1").build());
            await().atMost(SOON)
                    .until(() -> scene.status().lastError().orElse("").contains("table acc has no column sip_reason"));

            jdbi.useHandle(handle -> handle.execute("ALTER TABLE acc RENAME COLUMN other TO sip_reason"));

            await().atMost(SOON).until(() -> scene.status().written() == 1);
        }
    }
}

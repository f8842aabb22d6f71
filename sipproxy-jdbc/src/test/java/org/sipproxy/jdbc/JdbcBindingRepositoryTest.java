package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingRepositoryContract;
import org.sipproxy.api.location.BindingWrite.Delete;
import org.sipproxy.api.location.BindingWrite.Put;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.message.SipUri;

class JdbcBindingRepositoryTest implements BindingRepositoryContract {

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    private final BindingRepository repository =
            JdbcBindingRepository.builder(POSTGRES.dataSource()).build();

    @BeforeEach
    void empty() {
        POSTGRES.execute("DELETE FROM location");
    }

    @Override
    public BindingRepository repository() {
        return repository;
    }

    @Test
    void batchIsWrittenAsAWholeOrNotAtAll() {
        repository.write(List.of(new Put(ALICE, binding("old"))));

        assertThatThrownBy(() -> repository.write(List.of(
                        new Put(ALICE, binding("a")),
                        new Delete(ALICE, "old"),
                        new Put(ALICE, binding("a".repeat(65))),
                        new Put(ALICE, binding("b")))))
                .isInstanceOfSatisfying(
                        LocationStoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED))
                .hasMessageContaining("too long");

        assertThat(ids()).containsExactly("old");
    }

    @Test
    void serversThatKeepBindingsInMemoryDeleteTheirOwnRowsOnly() {
        BindingRepository second =
                JdbcBindingRepository.builder(POSTGRES.dataSource()).serverId(2).build();
        repository.write(List.of(new Put(ALICE, binding("mine"))));
        second.write(List.of(new Put(ALICE, binding("theirs")), new Put(BOB, binding("theirs too"))));

        repository.deleteExpired(NOW.plusSeconds(7200), true, (aor, b) -> {});
        assertThat(ids()).containsExactly("theirs", "theirs too");

        repository.deleteExpired(NOW.plusSeconds(7200), false, (aor, b) -> {});
        assertThat(ids()).isEmpty();
    }

    @Test
    void moreExpiredRowsThanAPageAreAllDeleted() {
        POSTGRES.execute("INSERT INTO location (ruid, username, domain, contact, expires) SELECT 'r' || i, 'u' || i,"
                + " 'sip.test', 'sip:a@192.0.2.1', '2026-01-01' FROM generate_series(1, 5000) i");
        int[] shown = new int[1];

        repository.deleteExpired(NOW, false, (aor, b) -> shown[0]++);

        assertThat(shown[0]).isEqualTo(5_000);
        assertThat(ids()).isEmpty();
    }

    @Test
    void lockedRowTimesOutAndTheConnectionStaysUsable() throws Exception {
        BindingRepository patient = JdbcBindingRepository.builder(POSTGRES.dataSource())
                .statementTimeout(Duration.ofSeconds(1))
                .build();
        patient.write(List.of(new Put(ALICE, binding("a"))));
        try (var connection = POSTGRES.dataSource().getConnection();
                var statement = connection.createStatement()) {
            connection.setAutoCommit(false);
            statement.execute("SELECT * FROM location FOR UPDATE");

            assertThatThrownBy(() -> patient.write(List.of(new Put(ALICE, binding("a")))))
                    .isInstanceOfSatisfying(
                            LocationStoreException.class,
                            e -> assertThat(e.kind()).isEqualTo(Kind.FAILED));
            assertThatThrownBy(() -> patient.update(ALICE, current -> List.of(), NOW))
                    .isInstanceOf(LocationStoreException.class);
            assertThat(patient.find(ALICE, NOW)).hasSize(1); // reads do not wait
            connection.rollback();
        }
        assertThat(patient.update(ALICE, current -> List.of(), NOW)).isEmpty();
    }

    @Test
    void missingDatabaseIsUnreachable() {
        var nowhere = new org.postgresql.ds.PGSimpleDataSource();
        nowhere.setServerNames(new String[] {"127.0.0.1"});
        nowhere.setPortNumbers(new int[] {1});
        BindingRepository lost = JdbcBindingRepository.builder(nowhere).build();
        BindingRepository refused = JdbcBindingRepository.builder(POSTGRES.dataSource("nobody", "wrong"))
                .build();

        for (BindingRepository each : List.of(lost, refused)) {
            assertThatThrownBy(() -> each.find(ALICE, NOW))
                    .isInstanceOfSatisfying(
                            LocationStoreException.class,
                            e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE))
                    .hasMessageNotContaining("wrong");
        }
    }

    @Test
    void updateWithoutAdvisoryLocksKeepsExistingRows() {
        BindingRepository plain = JdbcBindingRepository.builder(POSTGRES.dataSource())
                .advisoryLocks(false)
                .build();
        plain.write(List.of(new Put(ALICE, binding("a"))));

        plain.update(ALICE, current -> List.of(current.get(0), binding("b")), NOW);

        assertThat(ids()).containsExactly("a", "b");
    }

    @Test
    void fullDatabaseCountsAsUnreachable() {
        raising(
                "53100",
                Integer.MAX_VALUE,
                () -> assertThatThrownBy(() -> repository.write(List.of(new Put(ALICE, binding("a")))))
                        .isInstanceOfSatisfying(
                                LocationStoreException.class,
                                e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE)));
    }

    @Test
    void conflictingTransactionsAreRetried() {
        raising("40001", 2, () -> repository.write(List.of(new Put(ALICE, binding("a")))));
        raising("40P01", 3, () -> repository.update(ALICE, current -> List.of(binding("b")), NOW));

        assertThat(ids()).containsExactly("b");
    }

    @Test
    void aConnectionThatTheServerClosesLateIsReplaced() {
        raising("57P01", 1, "1.1", () -> repository.write(List.of(new Put(ALICE, binding("a")))));

        assertThat(ids()).containsExactly("a");
    }

    /** Makes the given number of inserts fail with this SQLSTATE. */
    private static void raising(String state, int times, Runnable work) {
        raising(state, times, "0", work);
    }

    /** Makes the given number of inserts fail with this SQLSTATE after these seconds. */
    private static void raising(String state, int times, String seconds, Runnable work) {
        POSTGRES.execute("CREATE SEQUENCE attempts");
        POSTGRES.execute("CREATE FUNCTION raise() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                + "IF nextval('attempts') <= " + times + " THEN PERFORM pg_sleep(" + seconds
                + "); RAISE EXCEPTION 'set to fail' USING ERRCODE = '" + state
                + "'; END IF; RETURN NEW; END $$");
        POSTGRES.execute("CREATE TRIGGER failing BEFORE INSERT ON location FOR EACH ROW EXECUTE FUNCTION raise()");
        try {
            work.run();
        } finally {
            POSTGRES.execute("DROP TRIGGER failing ON location; DROP FUNCTION raise(); DROP SEQUENCE attempts");
        }
    }

    @Test
    void connectionsCutWhileIdleInThePoolAreNotNoticed() {
        HikariConfig config = new HikariConfig();
        config.setDataSource(POSTGRES.dataSource());
        config.setMaximumPoolSize(2);
        config.setMinimumIdle(2);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            BindingRepository pooled = JdbcBindingRepository.builder(pool).build();
            for (int i = 0; i < 5; i++) {
                String id = "id-" + i;
                POSTGRES.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        + "WHERE datname = current_database() AND pid <> pg_backend_pid()");
                pooled.write(List.of(new Put(ALICE, binding(id))));
                assertThat(pooled.find(ALICE, NOW)).hasSize(i + 1);
            }
            assertThat(pool.getHikariPoolMXBean().getActiveConnections()).isZero();
        }
    }

    @Test
    void optionsAreCheckedTogether() {
        assertThatThrownBy(() -> JdbcBindingRepository.builder(POSTGRES.dataSource())
                        .serverId(-1)
                        .defaultDomain(" ")
                        .statementTimeout(Duration.ZERO)
                        .advisoryLocks(true)
                        .advisoryLocks(false)
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll(
                        "serverId: -1", "defaultDomain: empty", "statementTimeout: 0s", "advisoryLocks: given twice");
    }

    private static Binding binding(String id) {
        return Binding.builder(id, SipUri.of("sip:alice@192.0.2.1:5060"))
                .granted(NOW.toEpochMilli(), Duration.ofHours(1))
                .callId("call")
                .build();
    }

    private static List<String> ids() {
        return Rows.of(POSTGRES, "SELECT ruid FROM location ORDER BY id");
    }
}

package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.testkit.fakes.FakeRuntime;

/** Every component that uses a database names itself, the database and the remedy when it fails. */
@Timeout(120)
class DatabaseProblemTest {

    private static final String ROLE = "sipproxy_problem_test";
    private static final Instant NOW = Instant.parse("2026-11-30T12:00:00Z");

    @RegisterExtension
    static final PostgresFixture POSTGRES = PostgresFixture.withSchema();

    /** A component: the beginning of its messages, its table, a column that it uses, and what uses them. */
    private record Use(String name, String table, String column, Consumer<DataSource> use) {

        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Use> uses() {
        return Stream.of(
                new Use("credentials: ", "subscriber", "ha1", db -> {
                    try (JdbcCredentials credentials =
                            JdbcCredentials.builder(db).build()) {
                        credentials.listen();
                    }
                }),
                new Use(
                        "reading the bindings of sip:1001@sip.test failed: ",
                        "location",
                        "callid",
                        db -> JdbcBindingRepository.builder(db).build().find(new Aor("1001", "sip.test"), NOW)),
                new Use(
                        "domains: ",
                        "domain",
                        "domain",
                        db -> JdbcDomains.of(db).reload()),
                new Use(
                        "access rules: ",
                        "address",
                        "mask",
                        db -> JdbcAccessRules.of(db).read()),
                new Use(
                        "gateways: ",
                        "dispatcher",
                        "attrs",
                        db -> JdbcGateways.of(db).read()),
                new Use("trunks: ", "uacreg", "realm", db -> JdbcTrunks.of(db).read()),
                new Use("secret: ", "sipproxy_secret", "secret", JdbcSecret::readOrCreate),
                new Use(
                        "subscribers: ",
                        "subscriber",
                        "ha1",
                        db -> Subscribers.in(db).add("1001", "sip.test", "pw")));
    }

    /** Components that start without a database, and are ready once it responds. */
    static Stream<Use> usesThatWait() {
        return Stream.of(
                new Use("callRepository: ", "sipproxy_call", "caller", db -> {
                    JdbcCallRepository calls = JdbcCallRepository.of(db);
                    try {
                        calls.start(new FakeRuntime(NOW));
                    } finally {
                        calls.close();
                    }
                }),
                new Use("accounting: ", "acc", "sip_code", db -> {
                    JdbcAccounting accounting = JdbcAccounting.of(db);
                    try {
                        accounting.start(new FakeRuntime(NOW));
                    } finally {
                        accounting.close();
                    }
                }));
    }

    static Stream<Use> all() {
        return Stream.concat(uses(), usesThatWait());
    }

    @BeforeAll
    static void createRole() {
        POSTGRES.execute("DROP ROLE IF EXISTS " + ROLE + "; CREATE ROLE " + ROLE + " LOGIN PASSWORD 'pw'");
    }

    @AfterAll
    static void dropRole() {
        POSTGRES.execute("DROP OWNED BY " + ROLE + "; DROP ROLE " + ROLE);
    }

    @ParameterizedTest
    @MethodSource("uses")
    void aDatabaseThatIsDown(Use use) {
        PGSimpleDataSource database = database();
        database.setPortNumbers(new int[] {1});

        assertThat(failure(use, database))
                .startsWith(use.name + "database " + POSTGRES.databaseName() + " on 127.0.0.1:1: ")
                .endsWith("; check host and port in the URL, that the server runs, and listen_addresses in"
                        + " postgresql.conf");
    }

    @ParameterizedTest
    @MethodSource("uses")
    void aDatabaseThatDoesNotExist(Use use) {
        PGSimpleDataSource database = database();
        database.setDatabaseName("absent");

        assertThat(failure(use, database))
                .startsWith(use.name + "database absent on ")
                .endsWith("; create the database, or correct its name in the URL");
    }

    @ParameterizedTest
    @MethodSource("uses")
    void aRoleThatDoesNotExist(Use use) {
        PGSimpleDataSource database = database();
        database.setUser("absent");

        assertThat(failure(use, database))
                .startsWith(use.name + "database " + POSTGRES.databaseName() + " on ")
                .matches(".*(the role does not exist or pg_hba.conf|check user and password).*");
    }

    @ParameterizedTest
    @MethodSource("all")
    void aTableThatIsMissing(Use use) {
        POSTGRES.execute("ALTER TABLE " + use.table + " RENAME TO hidden");
        try {
            assertThat(failure(use, database()))
                    .startsWith(use.name)
                    .contains(use.table, "KamailioSchema.createAll or the launcher's db create");
        } finally {
            POSTGRES.execute("ALTER TABLE hidden RENAME TO " + use.table);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void aColumnThatIsMissing(Use use) {
        POSTGRES.execute("ALTER TABLE " + use.table + " RENAME COLUMN " + use.column + " TO hidden");
        try {
            assertThat(failure(use, database()))
                    .startsWith(use.name)
                    .contains(use.column)
                    .matches(
                            ".*(the table is not of the expected version|migrate it with|ALTER TABLE|drop the table).*");
        } finally {
            POSTGRES.execute("ALTER TABLE " + use.table + " RENAME COLUMN hidden TO " + use.column);
        }
    }

    @ParameterizedTest
    @MethodSource("all")
    void aRoleWithoutRights(Use use) {
        PGSimpleDataSource database = database();
        database.setUser(ROLE);
        database.setPassword("pw");

        assertThat(failure(use, database))
                .startsWith(use.name)
                .containsIgnoringCase("grant")
                .doesNotContain("no such");
    }

    @Test
    void aRoleThatMayReadVersionsOnlyIsNotGivenCredentials() {
        POSTGRES.execute("GRANT SELECT ON version TO " + ROLE);

        try (JdbcCredentials credentials =
                JdbcCredentials.builder(POSTGRES.dataSource(ROLE, "pw")).build()) {
            assertThatThrownBy(credentials::listen)
                    .hasMessage("credentials: the role may not read table subscriber; GRANT SELECT ON subscriber to it,"
                            + " or use DatabaseRoles or the launcher's db grants");
        }
    }

    @Test
    void whileTheDatabaseIsDownWaitingComponentsStart() {
        PGSimpleDataSource database = database();
        database.setPortNumbers(new int[] {1});

        assertThat(usesThatWait().map(use -> Optional.ofNullable(catchThrowable(() -> use.use.accept(database)))))
                .allMatch(Optional::isEmpty);
    }

    /** Causes stay reachable, and the exception is Jdbi's, as documented. */
    @Test
    void theCauseIsKept() {
        PGSimpleDataSource database = database();
        database.setDatabaseName("absent");

        assertThatThrownBy(() -> KamailioSchema.on(database).verify())
                .isInstanceOf(JdbiException.class)
                .hasMessageStartingWith("schema: database absent on ")
                .hasRootCauseInstanceOf(org.postgresql.util.PSQLException.class);
    }

    @Test
    void aPoolIsNamedByTheDatabaseBehindIt() {
        HikariConfig config = new HikariConfig();
        config.setJdbcUrl("jdbc:postgresql://db.sip.test:6000/phones?user=me&password=secret");
        config.setInitializationFailTimeout(-1);
        try (HikariDataSource pool = new HikariDataSource(config)) {
            assertThat(DatabaseProblem.place(pool)).isEqualTo("database phones on db.sip.test:6000");
            assertThat(DatabaseProblem.place(CircuitBreaker.of(pool).dataSource()))
                    .isEqualTo("database phones on db.sip.test:6000");
        }
    }

    @Test
    void aPoolWithoutAFreeConnectionIsTooSmall() throws Exception {
        HikariConfig config = new HikariConfig();
        config.setDataSource(database());
        config.setMaximumPoolSize(1);
        config.setConnectionTimeout(250);
        try (HikariDataSource pool = new HikariDataSource(config);
                Connection busy = pool.getConnection()) {
            assertThat(busy.isValid(0)).isTrue();
            assertThatThrownBy(() -> JdbcDomains.of(pool).reload())
                    .hasMessageEndingWith("; use a larger pool, or find out who does not return connections");
        }
    }

    /** Users write URLs of psql; pgjdbc takes the user and password for a part of the host. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "jdbc:postgresql://me:secret@db.invalid:6000/phones",
                "jdbc:postgresql://me:se/cr@et@db.invalid:6000/phones",
                "jdbc:postgresql://me:secret@db.invalid/phones",
                "jdbc:postgresql://db.invalid:99999/phones?user=me&password=secret"
            })
    void aPasswordInTheUrlIsNotShown(String url) {
        try (HikariDataSource pool = new HikariDataSource()) { // does not connect
            pool.setJdbcUrl(url);
            SQLException driver = catchThrowableOfType(SQLException.class, () -> DriverManager.getConnection(url));

            assertThat(DatabaseProblem.text(pool, driver))
                    .contains("db.invalid")
                    .doesNotContain("cret", "cr@et", "me:");
        }
    }

    @Test
    void aFailureThatIsNotOfTheConnectionHasNoRemedyOfOne() {
        assertThat(DatabaseProblem.text(database(), new SQLException("cannot unwrap")))
                .endsWith(": cannot unwrap");
        assertThat(DatabaseProblem.text(database(), new OutOfMemoryError("heap")))
                .endsWith(": heap");
    }

    private static String failure(Use use, DataSource database) {
        Throwable thrown = catchThrowable(() -> use.use.accept(database));
        assertThat(thrown).as(use.name).isNotNull();
        return List.of(String.valueOf(thrown.getMessage()).split("\n", -1)).get(0);
    }

    private static PGSimpleDataSource database() {
        PGSimpleDataSource database = new PGSimpleDataSource();
        database.setURL(POSTGRES.url());
        database.setUser(POSTGRES.user());
        database.setPassword(POSTGRES.password());
        return database;
    }
}

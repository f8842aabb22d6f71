package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.auth.DigestAlgorithm;
import org.sipproxy.jdbc.JdbcCredentials;
import org.sipproxy.jdbc.KamailioSchema;
import org.sipproxy.jdbc.PostgresFixture;

/** Commands that use a database, in the JVM of the test. */
class DatabaseCommandsTest {

    private final PostgresFixture postgres = PostgresFixture.empty();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    Path directory;

    @BeforeEach
    void open() {
        postgres.open();
    }

    @AfterEach
    void close() {
        postgres.close();
    }

    @Test
    void aSubscriberIsAddedShownChangedAndRemoved() {
        assertThat(on("db", "create")).isZero();
        assertThat(output()).startsWith("created version subscriber location");
        assertThat(on("show")).isZero();
        assertThat(output()).isEqualTo("no subscribers");

        assertThat(on("add", "1001@sip.test", "test1234")).isZero();
        assertThat(output()).isEqualTo("added 1001@sip.test");
        assertThat(md5("1001")).isPresent();
        String before = md5("1001").orElseThrow();

        assertThat(on("show", "1001")).isZero();
        assertThat(output()).isEqualTo("1001@sip.test\tha1 (MD5 hash)");

        assertThat(on("passwd", "1001", "other"))
                .as("the only domain is the default")
                .isZero();
        assertThat(md5("1001")).isPresent().isNotEqualTo(Optional.of(before));

        assertThat(on("rm", "1001", "--domain", "SIP.test")).isZero();
        assertThat(md5("1001")).isEmpty();
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void existingOrMissingSubscriberIsAFailure() {
        on("db", "create");
        on("add", "1001@sip.test", "test1234");

        assertThat(on("add", "1001", "x")).isEqualTo(1);
        assertThat(on("passwd", "1002", "x")).isEqualTo(1);
        assertThat(on("rm", "1002")).isEqualTo(1);
        assertThat(on("show", "1002")).isEqualTo(1);
        assertThat(on("show", "1001@other.test")).isEqualTo(1);
        assertThat(err.toString().lines())
                .containsExactly(
                        "sipproxy: subscriber 1001@sip.test exists; change the password instead",
                        "sipproxy: no subscriber 1002@sip.test",
                        "sipproxy: no subscriber 1002@sip.test",
                        "sipproxy: no subscriber 1002",
                        "sipproxy: no subscriber 1001@other.test");
    }

    @Test
    void subscribersThatDifferInCaseOnlyAreRefusedAndReported() {
        on("db", "create");
        on("add", "alice@sip.test", "test1234");
        String before = md5("alice").orElseThrow();

        assertThat(on("add", "Alice@sip.test", "x")).isEqualTo(1);
        assertThat(on("passwd", "ALICE", "x")).isEqualTo(1);
        assertThat(on("rm", "Alice")).isEqualTo(1);
        assertThat(on("show", "Alice")).isEqualTo(1);
        assertThat(err.toString())
                .contains("subscriber Alice@sip.test would share the address-of-record of alice@sip.test")
                .contains("no subscriber ALICE@sip.test;" + " names are case-sensitive, and there is alice@sip.test");
        assertThat(md5("alice")).contains(before);

        postgres.execute("INSERT INTO subscriber (username, domain, ha1) VALUES ('Alice', 'sip.test', md5('x'))");
        output();
        on("db", "check");
        assertThat(output()).contains("WARNING names of subscribers: 1 differ in case only: ");
    }

    @Test
    void thePasswordMayComeFromStdin() {
        on("db", "create");
        InputStream stdin = System.in;
        System.setIn(new ByteArrayInputStream("test1234\nmore".getBytes(StandardCharsets.UTF_8)));
        try {
            assertThat(on("add", "1001@sip.test")).isZero();
        } finally {
            System.setIn(stdin);
        }
        String fromStdin = md5("1001").orElseThrow();

        on("passwd", "1001@sip.test", "test1234");

        assertThat(md5("1001")).contains(fromStdin);
    }

    @Test
    void aUserNeedsADomainThatIsKnown() {
        on("db", "create");

        assertThat(on("add", "1001", "x")).isEqualTo(2);
        on("add", "1001@a.test", "x");
        on("add", "1001@b.test", "x");
        assertThat(on("rm", "1001")).isEqualTo(2);
        assertThat(on("rm", "1001@a.test", "--domain", "b.test")).isEqualTo(2);

        assertThat(err.toString())
                .contains("--domain: missing, and the subscribers have no domain yet; write 1001@DOMAIN")
                .contains("--domain: missing, and the subscribers have several domains")
                .contains("--domain: USER already has a domain");
    }

    @Test
    void jsonIsOneLineForAProgram() {
        on("db", "create");
        on("add", "1001@sip.test", "x");
        output();

        on("show", "--json");
        assertThat(output())
                .isEqualTo(
                        "[{\"username\":\"1001\",\"domain\":\"sip.test\",\"ha1\":true,\"sha256\":false,\"password\":false}]");
        on("add", "1001@sip.test", "x", "--json");
        assertThat(output())
                .isEqualTo(
                        "{\"error\":[\"subscriber 1001@sip.test exists; change the password instead\"],\"status\":1}");
        on("rm", "1001", "--json");
        assertThat(output()).isEqualTo("{\"result\":\"removed\",\"subscriber\":\"1001@sip.test\"}");
    }

    @Test
    void theDatabaseIsCheckedGrantedAndDropped() {
        assertThat(on("db", "check")).isEqualTo(1);
        assertThat(output()).contains("ERROR table subscriber: no such table");

        on("db", "create", "--sha256");
        assertThat(on("db", "create")).isZero();
        assertThat(output()).endsWith("all " + KamailioSchema.tables().size() + " tables exist already");
        assertThat(on("db", "check", "--domain", "sip.test")).isZero();
        assertThat(on("db", "grants", "--read-write", "a\"b", "--read-only", "c"))
                .isZero();
        assertThat(output()).contains("TO \"a\"\"b\";").contains("GRANT SELECT ON TABLE \"public\".\"acc\" TO \"c\";");

        assertThat(on("db", "drop")).isEqualTo(2);
        assertThat(on("db", "drop", "--yes")).isZero();
        assertThat(on("db", "check")).isEqualTo(1);
    }

    @Test
    void aDatabaseThatCannotBeReachedHasItsOwnStatus() {
        assertThat(execute("show", "--database-url", "jdbc:postgresql://127.0.0.1:1/x"))
                .isEqualTo(3);
        assertThat(execute(
                        "run",
                        "--listen",
                        "udp:127.0.0.1:0",
                        "--domain",
                        "sip.test",
                        "--database-url",
                        "jdbc:postgresql://127.0.0.1:1/x"))
                .isEqualTo(3);
        assertThat(execute(
                        "check",
                        "--listen",
                        "udp:127.0.0.1:0",
                        "--domain",
                        "sip.test",
                        "--database-url",
                        postgres.url() + "missing",
                        "--database-user",
                        postgres.user()))
                .isEqualTo(3);
        assertThat(err.toString().lines()).allMatch(line -> line.startsWith("sipproxy: cannot reach the database: "));
    }

    @Test
    void aUrlOfPsqlIsRefusedWithoutItsPassword() {
        assertThat(execute("show", "--database-url", "jdbc:postgresql://me:secret@db.invalid:5432/x"))
                .isEqualTo(2);

        assertThat(err.toString())
                .contains("--database-url: has a user before the host", "--database-password-file")
                .doesNotContain("secret");
    }

    @Test
    void errorWithWhichRunServesIsAWarningOfCheck() {
        on("db", "create");
        on("add", "1001@sip.test", "test1234");
        postgres.execute("INSERT INTO location (ruid, username, domain, contact, expires) VALUES "
                + "('a', '1001', '', 'sip:1001@127.0.0.1', '2040-01-01')");
        String[] options = {"--domain", "sip.test", "--domain", "new.test"};

        assertThat(on("db", "check", options[0], options[1], options[2], options[3]))
                .isEqualTo(1);
        int status = on(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                options[0],
                options[1],
                options[2],
                options[3],
                "--storage",
                "write-through");

        assertThat(status).as(err.toString()).isZero();
        assertThat(err.toString())
                .contains("sipproxy: warning: database: domain of bindings: 1 binding without a domain");
    }

    @Test
    void conflictingOptionsAreReportedTogether() {
        assertThat(execute(
                        "check",
                        "--listen",
                        "nonsense",
                        "--database",
                        "embedded",
                        "--database-url",
                        "mysql:x",
                        "--database-password-file",
                        directory.resolve("missing").toString()))
                .isEqualTo(2);

        assertThat(err.toString())
                .contains("--listen: ")
                .contains("--domain: missing")
                .contains("--database: --database-url is given too")
                .contains("--database-url: does not begin with jdbc:postgresql:")
                .contains("--database-password-file: ");
        assertThat(execute("show")).isEqualTo(2);
        assertThat(execute("show", "--database", "somewhere")).isEqualTo(2);
    }

    @Test
    void checkSeesWhetherRunWouldWorkWithTheDatabase() throws Exception {
        Path password = Files.writeString(directory.resolve("password"), postgres.password() + "\n");
        List<String> check = List.of(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                "--domain",
                "sip.test",
                "--database-password-file",
                password.toString());

        assertThat(on(check.toArray(new String[0]))).isEqualTo(2);
        assertThat(err.toString()).contains("table subscriber: no such table").contains("sipproxy.jar db create");

        on("db", "create");
        output();
        assertThat(on(check.toArray(new String[0]))).isZero();
        assertThat(output()).contains("subscribers of the database, digest authentication");

        List<String> withSubscriber = new ArrayList<>(check);
        withSubscriber.addAll(List.of("--subscriber", "1001:x"));
        assertThat(on(withSubscriber.toArray(new String[0]))).isEqualTo(2);
        assertThat(err.toString()).contains("--subscriber: has no effect with --database-url");
    }

    @Test
    void tablesWithRowsAreUsedAndTheOthersReported() {
        on("db", "create");
        on("add", "1001@sip.test", "test1234");
        on("add", "1001@other.test", "test1234");
        postgres.execute("INSERT INTO domain (domain) VALUES ('other.test');"
                + " INSERT INTO address (ip_addr) VALUES ('192.0.2.9');"
                + " INSERT INTO dispatcher (setid, destination, attrs) VALUES (1, 'sip:192.0.2.10', 'duid=a'),"
                + " (1, 'sip:192.0.2.11', ''), (2, 'sip:192.0.2.20', '');"
                + " INSERT INTO uacreg (l_uuid, l_username, l_domain, r_username, r_domain, auth_password, expires)"
                + " VALUES ('carrier', '1001', 'sip.test', '4930123', 'carrier.test', 's3cret', 600);"
                + " CREATE TABLE speed_dial (id INT); INSERT INTO speed_dial VALUES (1), (2)");
        String[] check = {
            "check",
            "--listen=udp:127.0.0.1:0",
            "--domain=sip.test",
            "--fallback-route=1",
            "--prefix-route=+=carrier",
            "--gateway=2=sip:192.0.2.21",
            "--gateway-algorithm=1=priority"
        };
        output();

        assertThat(on(check)).isZero();
        assertThat(output())
                .contains("tables    access (1 row), dispatcher (3 rows), domain (1 row), uacreg (1 row)")
                .contains("gateway set 1: a sip:192.0.2.11; priority, probed every 10s; gets everything else")
                .contains(
                        "gateway set 2: sip:192.0.2.21 sip:192.0.2.20; round-robin, probed every 10s; nothing is sent")
                .contains("trunk carrier: sip:4930123@carrier.test (table uacreg), its calls go to sip:1001@sip.test;"
                        + " gets +")
                .doesNotContain("s3cret");
        assertThat(err.toString())
                .contains("warning: database: table speed_dial: 2 rows that nothing reads; sipproxy has no use for this"
                        + " table")
                .doesNotContain("table domain")
                .doesNotContain("domain of subscribers");

        err.getBuffer().setLength(0);
        assertThat(on("check", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--tables=domain"))
                .isZero();
        assertThat(err.toString())
                .contains("table dispatcher: 3 rows that this proxy does not read; --tables with dispatcher reads them")
                .contains("table address: 1 row that this proxy does not read; --tables with access reads them")
                .contains("table uacreg: 1 row ")
                .doesNotContain("table domain");

        err.getBuffer().setLength(0);
        assertThat(on(
                        "check",
                        "--listen=udp:127.0.0.1:0",
                        "--domain=sip.test",
                        "--fallback-route=3",
                        "--trunk=carrier=sip:1@192.0.2.30;register=off"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("--fallback-route: \"3\" is not a set or trunk (1, 2, carrier)")
                .contains("--trunk: carrier is also an account of table uacreg; rename one of them");

        err.getBuffer().setLength(0);
        assertThat(on("check", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--no-auth", "--tables=none"))
                .isZero();
        assertThat(err.toString())
                .as("nothing of the database is used")
                .contains("table subscriber: 2 rows that this proxy does not read; run without --no-auth reads them")
                .contains("table domain: 1 row ");
    }

    @Test
    void checkAndRunReportADomainThatNoSubscriberHas() {
        on("db", "create");
        on("add", "1001@sip.test", "test1234");
        for (String command : List.of("check", "run")) {
            err.getBuffer().setLength(0);
            assertThat(on(command, "--listen", "udp:127.0.0.1:0", "--domain", "other.test"))
                    .isEqualTo(2);
            assertThat(err.toString().lines())
                    .allMatch(line -> line.startsWith("sipproxy: "))
                    .filteredOn(line -> !line.startsWith("sipproxy: warning: "))
                    .first()
                    .asString()
                    .startsWith("sipproxy: database: domain of subscribers: [\"sip.test\"], not a domain of the proxy"
                            + " [other.test], so no user can register; use --domain sip.test");
        }
    }

    @Test
    void ownerMayCreateTheTablesAgainAfterGrantsToItself() {
        String owner = "owner_" + postgres.databaseName();
        postgres.execute("CREATE ROLE " + owner + " LOGIN PASSWORD 'pw'; GRANT CREATE ON DATABASE "
                + postgres.databaseName() + " TO " + owner + "; CREATE SCHEMA " + owner + " AUTHORIZATION " + owner);
        String[] as = {
            "--database-url", postgres.url() + "?password=pw&currentSchema=" + owner, "--database-user", owner
        };
        try {
            assertThat(execute(with(as, "db", "create", "--sha256"))).isZero();
            assertThat(execute(with(as, "db", "grants", "--read-write", owner, "--read-only", "missing_ro", "--apply")))
                    .isEqualTo(1);
            assertThat(err.toString())
                    .contains("role " + owner + " may not create the missing roles missing_ro")
                    .contains("CREATE ROLE \"missing_ro\" LOGIN;");
            err.getBuffer().setLength(0);
            // the state after an earlier version
            postgres.execute("REVOKE TRIGGER, TRUNCATE, REFERENCES ON " + owner + ".subscriber FROM " + owner);
            assertThat(execute(with(as, "db", "create", "--sha256"))).isZero();
            postgres.execute("DROP TRIGGER sipproxy_subscriber_changed ON " + owner + ".subscriber");
            assertThat(execute(with(as, "db", "create", "--sha256"))).isZero();
            assertThat(execute(
                            with(as, "db", "grants", "--read-write", owner, "--read-only", postgres.user(), "--apply")))
                    .isZero();
            assertThat(execute(with(as, "db", "create"))).isZero();
            assertThat(err.toString()).isEmpty();
        } finally {
            postgres.execute("DROP OWNED BY " + owner + " CASCADE; DROP ROLE " + owner);
        }
    }

    private static String[] with(String[] database, String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of(database));
        return all.toArray(new String[0]);
    }

    @Test
    void databaseErrorsNameThePlaceTheRoleAndTheOption() {
        assertThat(execute("show", "--database-url", "jdbc:postgresql://db.invalid/kamailio", "--database-user", "bob"))
                .isEqualTo(3);
        assertThat(execute("show", "--database-url", "jdbc:postgresql://127.0.0.1:1/x", "--database-user", "bob"))
                .isEqualTo(3);
        assertThat(execute(
                        "show",
                        "--database-url",
                        postgres.url() + "missing?password=" + postgres.password(),
                        "--database-user",
                        postgres.user()))
                .isEqualTo(3);

        assertThat(err.toString().lines())
                .satisfiesExactly(
                        line -> assertThat(line)
                                .isEqualTo(
                                        "sipproxy: cannot reach the database: kamailio on db.invalid:5432 as role bob:"
                                                + " the host name cannot be resolved; correct the host in --database-url"),
                        line -> assertThat(line)
                                .startsWith("sipproxy: cannot reach the database: x on 127.0.0.1:1 as role bob: the"
                                        + " connection was refused; check host and port"),
                        line -> assertThat(line)
                                .contains(postgres.databaseName() + "missing on 127.0.0.1:")
                                .endsWith("; correct its name in --database-url, or create it")
                                .doesNotContain("password="));
    }

    @ParameterizedTest
    @ValueSource(strings = {"add 1001@sip.test", "passwd 1001@sip.test", "rm 1001@sip.test", "show"})
    void missingTableNamesTheCommandThatMakesIt(String command) {
        InputStream stdin = System.in;
        System.setIn(new ByteArrayInputStream("secret\n".getBytes(StandardCharsets.UTF_8)));
        try {
            assertThat(on(command.split(" ", -1))).isEqualTo(1);
        } finally {
            System.setIn(stdin);
        }

        assertThat(err.toString().lines())
                .singleElement()
                .asString()
                .contains("\"subscriber\" does not exist; db create makes missing tables and columns");
    }

    /** Runs a command on the database of the test. */
    private int on(String... args) {
        List<String> all = new ArrayList<>(List.of(args));
        all.addAll(List.of(
                "--database-url",
                postgres.url() + "?password=" + postgres.password(),
                "--database-user",
                postgres.user()));
        return execute(all.toArray(new String[0]));
    }

    private int execute(String... args) {
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), args);
    }

    private String output() {
        String text = out.toString().stripTrailing();
        out.getBuffer().setLength(0);
        return text;
    }

    private Optional<String> md5(String user) {
        out.getBuffer().setLength(0);
        return JdbcCredentials.builder(postgres.dataSource())
                .build()
                .find(user, "sip.test")
                .flatMap(credential -> credential.ha1(DigestAlgorithm.MD5));
    }
}

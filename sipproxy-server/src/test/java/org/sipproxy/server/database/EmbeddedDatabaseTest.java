package org.sipproxy.server.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.jdbc.KamailioSchema;

/** Another user of the machine reaches the port of the embedded server, but cannot connect to it. */
@Timeout(180)
class EmbeddedDatabaseTest {

    @TempDir
    Path directory;

    private static PGSimpleDataSource as(EmbeddedDatabase database, String user, String password) {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(database.url());
        source.setUser(user);
        if (password != null) {
            source.setPassword(password);
        }
        return source;
    }

    private static void execute(PGSimpleDataSource source, String... statements) throws SQLException {
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static List<String> query(PGSimpleDataSource source, String sql) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (Connection connection = source.getConnection();
                Statement statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }

    private static void assertRefused(EmbeddedDatabase database, String user, String password) {
        assertThatThrownBy(() -> as(database, user, password).getConnection())
                .as(user + " with " + password)
                .isInstanceOfSatisfying(
                        SQLException.class,
                        e -> assertThat(e.getSQLState()).as(e.getMessage()).isIn("28P01", "28000", "08004"));
    }

    @Test
    void noRoleConnectsWithoutThePassword() {
        try (EmbeddedDatabase database = EmbeddedDatabase.start(Optional.empty())) {
            for (String user : List.of("postgres", "sipproxy", "root", "nobody")) {
                for (String password : new String[] {null, "", "postgres", "sipproxy", "x"}) {
                    assertRefused(database, user, password);
                }
            }
            assertRefused(database, "postgres", database.password());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "COPY (SELECT 1) TO PROGRAM 'cat'",
                "COPY (SELECT 1) TO '/tmp/sipproxy-test-must-not-exist'",
                "CREATE TABLE stolen (line TEXT); COPY stolen FROM '/etc/passwd'",
                "COPY pg_catalog.pg_authid TO STDOUT",
                "SELECT pg_read_file('/etc/passwd')",
                "SELECT lo_import('/etc/passwd')",
                "CREATE ROLE other SUPERUSER",
                "ALTER ROLE sipproxy SUPERUSER",
                "SET ROLE postgres",
                "ALTER SYSTEM SET archive_command = 'x'",
                "CREATE FUNCTION system(cstring) RETURNS int AS '/lib/libc.so.6', 'system' LANGUAGE c",
            })
    void roleOfTheProxyCannotRunProgramsOrTouchFiles(String sql) {
        try (EmbeddedDatabase database = EmbeddedDatabase.start(Optional.of(Shared.DIRECTORY))) {
            assertThatThrownBy(() -> execute((PGSimpleDataSource) database.dataSource(), sql))
                    .isInstanceOfSatisfying(
                            SQLException.class,
                            e -> assertThat(e.getSQLState()).as(e.getMessage()).isEqualTo("42501"));
        }
    }

    /** One server for all parameters. */
    private static final class Shared {

        static final Path DIRECTORY;

        static {
            try {
                Path parent = Files.createTempDirectory("sipproxy-embedded-test");
                DIRECTORY = parent.resolve("data");
                EmbeddedDatabase running = EmbeddedDatabase.start(Optional.of(DIRECTORY));
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    running.close();
                    deleteAll(parent);
                }));
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }

        private static void deleteAll(Path parent) {
            try (var files = Files.walk(parent)) {
                files.sorted(java.util.Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (java.io.IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "files have no POSIX modes there")
    void passwordsAreInAFileOfTheUserAloneAndStayTheSame() throws Exception {
        Path data = directory.resolve("data");
        String password;
        try (EmbeddedDatabase first = EmbeddedDatabase.start(Optional.of(data))) {
            password = first.password();
            execute((PGSimpleDataSource) first.dataSource(), "CREATE TABLE kept (x INT)");
            try (EmbeddedDatabase shared = EmbeddedDatabase.start(Optional.of(data))) {
                execute((PGSimpleDataSource) shared.dataSource(), "INSERT INTO kept VALUES (1)");
            }
        }
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(data)))
                .isEqualTo("rwx------");
        Path file = data.resolve("sipproxy.passwords");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        Properties passwords = new Properties();
        try (var in = Files.newBufferedReader(file)) {
            passwords.load(in);
        }
        assertThat(passwords.getProperty("sipproxy")).isEqualTo(password).hasSizeGreaterThanOrEqualTo(48);

        try (EmbeddedDatabase second = EmbeddedDatabase.start(Optional.of(data))) {
            assertThat(second.password()).isEqualTo(password);
            assertThat(query((PGSimpleDataSource) second.dataSource(), "SELECT x FROM kept"))
                    .containsExactly("1");
        }
    }

    @Test
    void directoryOfAnEarlierVersionIsClosedAndKeepsItsData() throws Exception {
        Path data = directory.resolve("data");
        try (EmbeddedDatabase open = EmbeddedDatabase.start(Optional.of(data))) {
            Properties passwords = new Properties();
            try (var in = Files.newBufferedReader(data.resolve("sipproxy.passwords"))) {
                passwords.load(in);
            }
            // the state of the earlier version: the superuser owns everything, and an intruder has exploited that
            PGSimpleDataSource superuser = as(open, "postgres", passwords.getProperty("postgres"));
            KamailioSchema.on(superuser).create();
            KamailioSchema.on(superuser).addSubscriberNotifications();
            execute(
                    superuser,
                    "INSERT INTO subscriber (username, domain) VALUES ('1001', 'sip.test')",
                    "ALTER ROLE postgres PASSWORD 'known'",
                    "CREATE ROLE intruder SUPERUSER LOGIN PASSWORD 'known'");
        }
        Files.delete(data.resolve("sipproxy.passwords"));
        Files.writeString(data.resolve("pg_hba.conf"), "host all all 127.0.0.1/32 trust\n");

        try (EmbeddedDatabase closed = EmbeddedDatabase.start(Optional.of(data))) {
            PGSimpleDataSource own = (PGSimpleDataSource) closed.dataSource();
            assertThat(query(own, "SELECT username FROM subscriber")).containsExactly("1001");
            KamailioSchema.on(own).addSubscriberNotifications();
            KamailioSchema.on(own).addSha256Column();
            assertRefused(closed, "postgres", "known");
            assertRefused(closed, "postgres", null);
            assertRefused(closed, "intruder", "known");
        }
    }

    @Test
    void startsAfterAPowerFailureWhenAnotherProcessHasTheNumberOfTheServer() throws Exception {
        Path data = directory.resolve("data");
        int port;
        try (EmbeddedDatabase first = EmbeddedDatabase.start(Optional.of(data))) {
            execute((PGSimpleDataSource) first.dataSource(), "CREATE TABLE kept (x INT)");
            port = ((PGSimpleDataSource) first.dataSource()).getPortNumbers()[0];
        }
        long other = ProcessHandle.current().pid();
        Files.write(
                data.resolve("postmaster.pid"),
                List.of(Long.toString(other), data.toString(), "1700000000", Integer.toString(port), "", "127.0.0.1"));

        try (EmbeddedDatabase second = EmbeddedDatabase.start(Optional.of(data))) {
            assertThat(query((PGSimpleDataSource) second.dataSource(), "SELECT count(*) FROM kept"))
                    .containsExactly("0");
        }
        Files.writeString(data.resolve("postmaster.pid"), ""); // truncated while it was written
        try (EmbeddedDatabase third = EmbeddedDatabase.start(Optional.of(data))) {
            assertThat(query((PGSimpleDataSource) third.dataSource(), "SELECT count(*) FROM kept"))
                    .containsExactly("0");
        }
    }

    @Test
    void orphanedServerIsStoppedByItsLastUser() throws Exception {
        Path data = directory.resolve("data");
        Process victim = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        Victim.class.getName(),
                        data.toString())
                .redirectErrorStream(true)
                .start();
        try (var out = victim.inputReader()) {
            assertThat(out.lines().anyMatch("started"::equals)).isTrue();
        } finally {
            victim.destroyForcibly().waitFor();
        }
        ProcessHandle server = ProcessHandle.of(Long.parseLong(
                        Files.readAllLines(data.resolve("postmaster.pid")).get(0)))
                .orElseThrow();
        assertThat(server.isAlive()).isTrue();

        EmbeddedDatabase adopted = EmbeddedDatabase.start(Optional.of(data));
        try (Connection other = as(adopted, "sipproxy", adopted.password()).getConnection()) {
            EmbeddedDatabase.start(Optional.of(data)).close();
            assertThat(server.isAlive()).as("another one is connected").isTrue();
            assertThat(other.isValid(5)).isTrue();
        }
        adopted.close();

        assertThat(server.isAlive()).isFalse();
        assertThat(data.resolve("postmaster.pid")).doesNotExist();
    }

    @Test
    void serverOfAProcessThatEndsGoesOnForTheOthers() throws Exception {
        Path data = directory.resolve("data");
        Process first = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        First.class.getName(),
                        data.toString())
                .redirectErrorStream(true)
                .start();
        EmbeddedDatabase second;
        try (var out = first.inputReader()) {
            assertThat(out.lines().anyMatch("started"::equals)).isTrue();
            second = EmbeddedDatabase.start(Optional.of(data));
            try (Connection used = second.dataSource().getConnection()) {
                first.getOutputStream().close();
                assertThat(first.waitFor()).isZero();
                assertThat(used.isValid(5)).isTrue();
            }
        }
        assertThat(query((PGSimpleDataSource) second.dataSource(), "SELECT 1")).containsExactly("1");
        ProcessHandle server = ProcessHandle.of(Long.parseLong(
                        Files.readAllLines(data.resolve("postmaster.pid")).get(0)))
                .orElseThrow();
        second.close();

        assertThat(server.isAlive()).isFalse();
        try (EmbeddedDatabase again = EmbeddedDatabase.start(Optional.of(data))) {
            assertThat(query((PGSimpleDataSource) again.dataSource(), "SELECT 1"))
                    .containsExactly("1");
        }
        assertThat(data.resolve("postmaster.pid"))
                .as("stopped by its only user")
                .doesNotExist();
    }

    /** Program that starts a server, and closes it when its input ends. */
    static final class First {
        private First() {}

        public static void main(String[] args) throws java.io.IOException, SQLException {
            try (EmbeddedDatabase started = EmbeddedDatabase.start(Optional.of(Path.of(args[0])))) {
                query((PGSimpleDataSource) started.dataSource(), "SELECT 1");
                System.out.println("started");
                System.in.read();
            }
        }
    }

    /** Program that starts a server and is killed. */
    static final class Victim {
        private Victim() {}

        public static void main(String[] args) throws InterruptedException {
            EmbeddedDatabase.start(Optional.of(Path.of(args[0])));
            System.out.println("started");
            Thread.currentThread().join();
        }
    }

    @Test
    void directoryWithOtherFilesIsRefusedInTheWordsOfInitdb() throws Exception {
        Path data = Files.createDirectory(directory.resolve("data"));
        Files.writeString(data.resolve("file"), "x");

        assertThatThrownBy(() -> EmbeddedDatabase.start(Optional.of(data)))
                .isInstanceOf(DatabaseUnreachableException.class)
                .hasMessageContaining("directory \"" + data + "\" exists but is not empty")
                .hasMessageNotContaining("unshare");
    }
}

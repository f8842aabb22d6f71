package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.server.migrate.Resources;
import org.sipproxy.testkit.Phone;

/**
 * A Kamailio with the manual's configuration, and this server with its import: the same requests have the same
 * responses, except for the differences that the import explains. Skipped if Kamailio is not installed.
 */
@Timeout(180)
class ImportedManualTest {

    private static final Path KAMAILIO = Path.of("/usr/sbin/kamailio");
    private static final Path POSTGRES_MODULE = Path.of("/usr/lib/x86_64-linux-gnu/kamailio/modules/db_postgres.so");
    private static final String DOMAIN = "sip.yourdomain.com";

    @RegisterExtension
    static final PostgresFixture OF_KAMAILIO = PostgresFixture.withSchema();

    @RegisterExtension
    static final PostgresFixture OURS = PostgresFixture.withSchema();

    @TempDir
    private Path directory;

    private final List<Process> processes = new ArrayList<>();

    @AfterEach
    void stop() throws InterruptedException {
        for (Process process : processes) {
            process.destroy();
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        }
    }

    @Test
    void requestsHaveTheSameResponsesExceptForExplainedDifferences() throws Exception {
        assumeTrue(
                Files.isExecutable(KAMAILIO) && Files.exists(POSTGRES_MODULE),
                "Kamailio with its module for PostgreSQL is not installed");
        for (PostgresFixture one : List.of(OF_KAMAILIO, OURS)) {
            Subscribers.in(one.dataSource()).add("1001", DOMAIN, "test1234");
            one.execute("UPDATE subscriber SET password = 'test1234'");
        }
        int kamailio = startKamailio();
        Map<String, Integer> expected = responses(kamailio);

        try (JavaProcess server = JavaProcess.start(Launcher.class, imported())) {
            int port =
                    Integer.parseInt(server.awaitLine("READY").replaceFirst(".*?udp:127\\.0\\.0\\.1:(\\d+).*", "$1"));
            Map<String, Integer> actual = responses(port);

            Map<String, Integer> explained = new LinkedHashMap<>(expected);
            assertThat(explained)
                    .containsEntry("registration for 30 s", 200)
                    .containsEntry("call to another domain", 404)
                    .containsEntry("call in the name of a user", 404);
            explained.put("registration for 30 s", 423);
            explained.put("call to another domain", 403);
            explained.put("call in the name of a user", 407);
            assertThat(actual).isEqualTo(explained);
        }
    }

    private static Map<String, Integer> responses(int port) {
        Map<String, Integer> responses = new LinkedHashMap<>();
        try (Phone alice = phone(port, "1001", DOMAIN).password("test1234").open();
                Phone forgetful = phone(port, "1001", DOMAIN).open();
                Phone wrong = phone(port, "1001", DOMAIN).password("wrong").open();
                Phone unknown = phone(port, "1999", DOMAIN).password("test1234").open();
                Phone stranger = phone(port, "stranger", "else.test").open()) {
            responses.put("registration without a password", registration(forgetful, 300));
            responses.put("registration", registration(alice, 300));
            responses.put("registration with a wrong password", registration(wrong, 300));
            responses.put("registration of an unknown user", registration(unknown, 300));
            responses.put("registration for 30 s", registration(alice, 30));
            responses.put("removal", registration(alice, 0));
            responses.put("OPTIONS", stranger.options("sip:" + DOMAIN).statusCode());
            responses.put(
                    "too many hops",
                    stranger.send("MESSAGE", "sip:1001@" + DOMAIN, parts -> parts.header("Max-Forwards", "0"))
                            .statusCode());
            responses.put("call to an unknown user", call(stranger, "sip:1999@" + DOMAIN));
            responses.put("call to another domain", call(stranger, "sip:a@other.test"));
            responses.put("call in the name of a user", call(forgetful, "sip:1999@" + DOMAIN));
        }
        return responses;
    }

    private static Phone.Builder phone(int port, String user, String domain) {
        return Phone.builder(user)
                .domain(domain)
                .proxy(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .lenient();
    }

    private static int registration(Phone phone, int seconds) {
        return phone.tryRegister(Duration.ofSeconds(seconds), parts -> {}).statusCode();
    }

    private static int call(Phone phone, String target) {
        return phone.call(target).awaitFinal().statusCode();
    }

    private int startKamailio() throws IOException {
        int port;
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        Path configuration = Resources.copy("manual.cfg", directory);
        // Kamailio 5.7 and later know domain=; before, it is alias=
        Files.writeString(configuration, Files.readString(configuration).replace("domain = \"", "alias = \""));
        File log = directory.resolve("kamailio.log").toFile();
        processes.add(new ProcessBuilder(
                        KAMAILIO.toString(),
                        "-DD",
                        "-E",
                        "-n",
                        "1",
                        "-Y",
                        directory.toString(),
                        "-P",
                        directory.resolve("pid").toString(),
                        "-f",
                        configuration.toString(),
                        "-A",
                        "MY_SERVER_IP=127.0.0.1",
                        "-A",
                        "SIP_PORT=" + port,
                        "-A",
                        "DBURL=" + url(OF_KAMAILIO))
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start());
        await().atMost(Duration.ofSeconds(60)).ignoreExceptions().untilAsserted(() -> {
            assertThat(processes.get(0).isAlive())
                    .as(Files.readString(log.toPath()))
                    .isTrue();
            try (Phone stranger = phone(port, "stranger", "else.test").open()) {
                assertThat(stranger.options("sip:" + DOMAIN).statusCode()).isEqualTo(200);
            }
        });
        return port;
    }

    private static String url(PostgresFixture database) {
        String password = database.password() == null || database.password().isEmpty() ? "" : ":" + database.password();
        return "\"postgres://" + database.user() + password + "@"
                + database.url().substring("jdbc:postgresql://".length()) + "\"";
    }

    /** Returns the arguments of {@code run} that the import of the manual's configuration prints. */
    private String[] imported() throws IOException {
        StringWriter out = new StringWriter();
        Launcher.execute(
                new PrintWriter(out),
                new PrintWriter(new StringWriter()),
                "import",
                Resources.copy("manual.cfg", directory).toString(),
                "-A",
                "MY_SERVER_IP=127.0.0.1",
                "-A",
                "SIP_PORT=0",
                "-A",
                "DBURL=" + url(OURS));
        List<String> arguments = new ArrayList<>(List.of("run"));
        out.toString()
                .lines()
                .filter(line -> !line.isBlank() && !line.startsWith("#"))
                .map(line -> "--" + line.replaceFirst(" ", "=").replaceFirst(":5060$", ":0"))
                .forEach(arguments::add);
        if (OURS.password() != null && !OURS.password().isEmpty()) {
            Path password = Files.writeString(directory.resolve("password"), OURS.password());
            arguments.add("--database-password-file=" + password);
        }
        return arguments.toArray(new String[0]);
    }
}

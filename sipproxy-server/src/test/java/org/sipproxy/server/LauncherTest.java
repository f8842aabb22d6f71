package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Command line, help and {@code check}, in the JVM of the test. */
class LauncherTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String... args) {
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), args);
    }

    @Test
    void subscribersThatDifferInCaseOnlyAreRefused() {
        int status = execute(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                "--domain",
                "sip.test",
                "--subscriber",
                "Alice:test1234",
                "--subscriber",
                "alice:test5678");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains("--subscriber: alice and Alice differ in case only and would share one address-of-record;"
                        + " rename one of them")
                .doesNotContain("test1234")
                .doesNotContain("test5678");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1001@sip.test:pw-1", "sip:1001:pw-1", "SIPS:1001@sip.test:pw-1", "sip:1001@sip.test"})
    void subscriberIsAUserWithoutItsDomain(String subscriber) {
        int status =
                execute("check", "--listen", "udp:127.0.0.1:0", "--domain", "sip.test", "--subscriber", subscriber);

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains("--subscriber: number 1 has a domain or sip: in front of the password; write USER:PASSWORD,"
                        + " such as 1001:test1234: the domain is that of --domain")
                .doesNotContain("pw-1");
    }

    @Test
    void userMayBeNamedSip() {
        int status = execute(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                "--domain",
                "sip.test",
                "--subscriber",
                "sip:pw",
                "--subscriber",
                "1001:p@ss:word");

        assertThat(status).as(err.toString()).isZero();
    }

    @Test
    void checkNamesThePortsThatWereNotGiven() {
        int status = execute(
                "check",
                "--listen",
                "udp:127.0.0.1",
                "--listen",
                "udp:[0:0::1]:5070 advertise [2001:DB8:0::1]",
                "--domain",
                "sip.test",
                "--no-auth");

        assertThat(status).as(err.toString()).isZero();
        assertThat(out.toString()).contains("listen    udp:127.0.0.1:5060 udp:[::1]:5070 advertise [2001:db8::1]:5070");
    }

    @Test
    void checkOfAValidConfigurationPrintsOkAndASummary() {
        int status = execute(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                "--listen",
                "tcp:127.0.0.1:0",
                "--domain",
                "sip.test",
                "--alias",
                "proxy.test:5060",
                "--subscriber",
                "1001:test1234",
                "--min-expires",
                "30s",
                "--default-expires",
                "10m",
                "--max-expires",
                "2h",
                "--max-contacts",
                "3",
                "--nonce-expire",
                "90s",
                "--transaction-timeout",
                "16s",
                "--ring-timeout",
                "3m",
                "--storage",
                "memory");

        assertThat(err.toString()).isEmpty();
        assertThat(status).isZero();
        assertThat(out.toString())
                .startsWith("ok")
                .contains("udp:127.0.0.1:0 tcp:127.0.0.1:0", "sip.test", "proxy.test:5060", "1 subscriber", "30s to 2h")
                .doesNotContain("test1234");
    }

    @Test
    void theWaitForTheDatabaseIsCheckedAndEndsWithTheLimit() {
        String[] base = {"check", "--listen", "udp:127.0.0.1:0", "--domain", "sip.test"};
        assertThat(execute(with(base, "--no-auth", "--database-wait", "5s"))).isEqualTo(2);
        assertThat(err.toString()).contains("--database-wait: has no effect without --database-url; add the URL");

        String url = "jdbc:postgresql://127.0.0.1:9/x";
        assertThat(execute(with(base, "--database-url", url, "--database-wait", "1h")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--database-wait: 1h (expected 0s to 10m)");

        assertThat(execute(with(base, "--database-url", url, "--database-wait", "10ms")))
                .isEqualTo(3);
        assertThat(err.toString()).contains("cannot reach the database: ");
    }

    private static String[] with(String[] arguments, String... more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }

    @Test
    void limitsThatAreNotGivenAdaptToThoseThatAre() {
        int status = execute(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                "--domain",
                "sip.test",
                "--no-auth",
                "--max-expires",
                "10m",
                "--t1",
                "5s",
                "--calls",
                "--calls-max",
                "200000");

        assertThat(err.toString()).isEmpty();
        assertThat(status).isZero();
        assertThat(out.toString()).contains("expires   1m to 10m, default 10m; at most 10 contacts per user");
    }

    @Test
    void checkReportsAllProblemsAtOnceWithoutPasswords() throws Exception {
        InetAddress loopback = InetAddress.getLoopbackAddress();
        try (DatagramSocket udp = new DatagramSocket(0, loopback);
                ServerSocket tcp = new ServerSocket(0, 1, loopback)) {
            int status = execute(
                    "check",
                    "--try-bind",
                    "--listen",
                    "udp:127.0.0.1:" + udp.getLocalPort(),
                    "--listen",
                    "tcp:127.0.0.1:" + tcp.getLocalPort(),
                    "--listen",
                    "sctp:127.0.0.1:5060",
                    "--domain",
                    "sip:x",
                    "--subscriber",
                    ":secret",
                    "--min-expires",
                    "soon",
                    "--max-contacts",
                    "100",
                    "--nonce-expire",
                    "0s",
                    "--transaction-timeout",
                    "10m",
                    "--alias",
                    "host:port",
                    "--storage",
                    "floppy");

            assertThat(status).isEqualTo(2);
            assertThat(out.toString()).isEmpty();
            assertThat(err.toString().lines()).hasSize(11);
            assertThat(err.toString())
                    .contains("udp:127.0.0.1:" + udp.getLocalPort() + " is already in use")
                    .contains("tcp:127.0.0.1:" + tcp.getLocalPort() + " is already in use")
                    .contains("--listen: \"sctp:127.0.0.1:5060\" (expected TRANSPORT:HOST")
                    .contains("--domain: \"sip:x\"")
                    .contains("--subscriber: number 1 is not USER:PASSWORD")
                    .contains("--min-expires: \"soon\" is not a duration; write 32s")
                    .contains("--max-contacts: 100 (expected 1 to 64)")
                    .contains("--nonce-expire: 0s (expected 1s to")
                    .contains("--transaction-timeout: 10m (expected 1s to 5m)")
                    .contains("--alias: \"host:port\"")
                    .contains("--storage: \"floppy\" (expected memory, write-through,")
                    .doesNotContain("secret");
        }
    }

    @Test
    void quotationMarksAroundASubscriberAreReportedBecauseALineIsTakenVerbatim() {
        int status = execute(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                "--domain",
                "sip.test",
                "--subscriber=\"1001:secret\"",
                "--subscriber=o'brien:x\"y z");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains("--subscriber: the user of number 1 has a quotation mark", "omit quotation marks")
                .doesNotContain("number 2", "secret");
    }

    @Test
    void policyForScannersIsOneOfThree() {
        assertThat(execute("check", "--domain=sip.test", "--no-auth", "--listen=udp:127.0.0.1:0", "--scanners=off"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--scanners: \"off\" (expected report, drop or ban)");

        assertThat(execute("check", "--domain=sip.test", "--no-auth", "--listen=udp:127.0.0.1:0", "--scanners=report"))
                .isZero();
        assertThat(out.toString()).contains("scanners: report", "no rate limit");
    }

    @Test
    void nextHopOptionsAreReadAndSummedUp() {
        assertThat(checkWith("--largest-udp-request=off", "--tcp-attempt=200ms", "--failed-hop-memory=0"))
                .isZero();
        assertThat(out.toString()).contains("next hops any size by UDP; failed next hops are remembered for 0");

        assertThat(checkWith("--largest-udp-request=huge", "--tcp-attempt=2m", "--failed-hop-memory=2h"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("--largest-udp-request: \"huge\" (expected 0 to 65535 bytes, or off)")
                .contains("--tcp-attempt: 2m (expected 1ms to 1m)")
                .contains("--failed-hop-memory: 2h (expected 0s to 1h)");
    }

    @Test
    void lingeringBytesAreASizeWithinTheRange() {
        String[] sizes = {"32g", "1k", "a quarter"};
        int[] status = new int[sizes.length];
        for (int i = 0; i < sizes.length; i++) {
            status[i] = execute(
                    "check",
                    "--domain=sip.test",
                    "--no-auth",
                    "--listen=udp:127.0.0.1:0",
                    "--lingering-bytes",
                    sizes[i]);
        }

        assertThat(status).containsExactly(0, 2, 2);
        assertThat(err.toString())
                .contains("--lingering-bytes: 1024 (expected 1,048,576 to 34,359,738,368)")
                .contains("--lingering-bytes: \"a quarter\" (expected a number of bytes, or one with k, m or g");
    }

    private int checkWith(String first, String second, String third) {
        return execute("check", "--domain=sip.test", "--no-auth", "--listen=udp:127.0.0.1:0", first, second, third);
    }

    @Test
    void storageWithoutItsDatabaseIsReportedWithTheRemedy() {
        String[] args = {
            "check",
            "--listen",
            "udp:127.0.0.1:0",
            "--domain",
            "sip.test",
            "--no-auth",
            "--storage",
            "write-through",
            "--flush-interval",
            "9h",
            "--stop-limit",
            "0s",
            "--wait-limit",
            "1m",
            "--options-when-not-ready",
            "404"
        };

        assertThat(execute(args)).isEqualTo(2);

        assertThat(err.toString())
                .contains("--storage write-through: needs a database; add --database-url, or --database embedded")
                .contains("--flush-interval: has no effect with --storage write-through")
                .contains("--flush-interval: 9h (expected 100ms to 5m)")
                .contains("--stop-limit: has no effect with --storage write-through")
                .contains("--wait-limit: 1m (expected 1s to 30s)")
                .contains("--options-when-not-ready: \"404\" (expected 200 or 503)");
    }

    @Test
    void checkReleasesThePorts() throws Exception {
        int port;
        try (DatagramSocket probe = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            port = probe.getLocalPort();
        }
        String[] args = {"check", "--try-bind", "--listen", "udp:127.0.0.1:" + port, "--domain", "sip.test", "--no-auth"
        };

        assertThat(execute(args)).as(err.toString()).isZero();
        assertThat(execute(args)).as(err.toString()).isZero();
    }

    @Test
    void checkOpensNoPortAndSucceedsBesideARunningServer() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            String[] args = {
                "check", "--listen", "udp:127.0.0.1:" + taken.getLocalPort(), "--domain", "sip.test", "--no-auth"
            };

            assertThat(execute(args)).as(err.toString()).isZero();
        }
    }

    @Test
    void addressOfAnotherMachineIsReportedWithThoseOfThisOne() {
        assertThat(execute("check", "--listen", "udp:192.0.2.77:5060", "--domain", "sip.test", "--no-auth"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("--listen: udp:192.0.2.77:5060 is not an address of this machine; listen on one that is")
                .contains("; it has ")
                .doesNotContain("0:0:0")
                .contains("127.0.0.1");
    }

    @Test
    void duplicateAddressIsReported() {
        int status = execute(
                "check",
                "--listen",
                "udp:127.0.0.1:50601",
                "--listen",
                "udp:127.0.0.1:50601",
                "--domain",
                "sip.test",
                "--no-auth");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString()).contains("--listen: udp:127.0.0.1:50601 is given twice");
    }

    @ParameterizedTest
    @ValueSource(strings = {"run", "check"})
    void withoutOptionsWhatIsNeededIsNamedWithAnExample(String command) {
        assertThat(execute(command)).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(3);
        assertThat(err.toString())
                .contains(
                        "--listen udp:127.0.0.1:5060", "--domain sip.test", "--subscriber USER:PASSWORD", "--no-auth");
    }

    @Test
    void subscribersAndNoAuthExcludeEachOther() {
        assertThat(execute(
                        "check",
                        "--listen",
                        "udp:127.0.0.1:0",
                        "--domain",
                        "sip.test",
                        "--no-auth",
                        "--subscriber",
                        "1001:test1234"))
                .isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(1).first().asString().contains("--no-auth", "--subscriber");
    }

    @Test
    void unknownOptionGetsTheNearestOneAsSuggestion() {
        assertThat(execute("run", "--lisen", "udp:127.0.0.1:5060")).isEqualTo(2);
        assertThat(err.toString()).contains("--lisen", "did you mean --listen", "run --help");
    }

    @Test
    void typingErrorsGetASuggestionAndValuesAreNotPrinted() {
        assertThat(execute("run", "--lisen=udp:127.0.0.1:5060", "--domian", "sip.test", "--subscribr=1001:secret"))
                .isEqualTo(2);
        assertThat(err.toString().lines())
                .hasSize(4)
                .satisfiesExactly(
                        line -> assertThat(line).contains("--lisen; did you mean --listen"),
                        line -> assertThat(line).contains("--domian; did you mean --domain"),
                        line -> assertThat(line).contains("--subscribr; did you mean --subscriber"),
                        line -> assertThat(line).startsWith("Help:"));
        assertThat(err.toString()).doesNotContain("secret");
    }

    @Test
    void optionsOfRunWithoutACommandSuggestRun() {
        assertThat(execute("--domain", "sip.test", "--listen", "udp:127.0.0.1:0"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("did you mean sipproxy run --domain");
    }

    @ParameterizedTest
    @CsvSource({"--allow", "--trust"})
    void aNetworkThatIsDeniedAndMoreIsReported(String other) {
        int status = execute(
                "check",
                "--listen=udp:127.0.0.1:0",
                "--domain=sip.test",
                "--no-auth",
                other + "=192.0.2.0/24",
                "--deny=192.0.2.0/24");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString()).contains("--deny: 192.0.2.0/24 is also given to " + other + ";");
    }

    @ParameterizedTest
    @CsvSource({"invite", "'INVITE,message'"})
    void methodsInSmallLettersAreOtherMethods(String methods) {
        int status = execute(
                "check", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--no-auth", "--stranger-methods=" + methods);

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains("--stranger-methods: \"" + methods + "\" (expected methods in capital letters");
    }

    @Test
    void optionsWithoutACommandBelongToTheDemo() {
        assertThat(execute("--onec")).isEqualTo(2);
        assertThat(err.toString()).contains("did you mean --once", "demo --help");
    }

    @ParameterizedTest
    @CsvSource({
        "INVITE,                     strangers may send INVITE to users",
        "'INVITE, NOTIFY,NEWTHING',  'strangers may send INVITE, NOTIFY,NEWTHING to users'",
        "all,                        strangers may send all to users",
    })
    void strangersOptionsAreReported(String methods, String expected) {
        assertThat(check("--stranger-methods", methods)).isZero();
        assertThat(out.toString()).contains(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "INVITE,", "INVITE;MESSAGE", "a b"})
    void invalidMethodIsReportedWithItsOption(String methods) {
        assertThat(check("--stranger-methods", methods)).isEqualTo(2);
        assertThat(err.toString()).contains("--stranger-methods: \"" + methods + "\"", "INVITE,OPTIONS,MESSAGE");
    }

    private int check(String option, String value) {
        return execute(
                "check",
                "--listen",
                "udp:127.0.0.1:0",
                "--domain",
                "sip.test",
                "--subscriber",
                "1001:test1234",
                option,
                value);
    }

    @Test
    void theDemoNeedsAUdpEndpoint() {
        assertThat(execute("demo", "--listen", "tcp:127.0.0.1:0")).isEqualTo(2);
        assertThat(err.toString()).contains("--listen: no udp endpoint");
    }

    @Test
    void thePageOfTheDemoIsForThisMachineOnly() {
        assertThat(execute("demo", "--listen", "udp:127.0.0.1:0", "--web", "0.0.0.0:8080"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "--web: 0.0.0.0:8080 can be reached from other machines, but the page of the demo has no token;"
                                + " use --web 127.0.0.1:8080 or the command run");
    }

    @ParameterizedTest
    @ValueSource(strings = {"demo", "run", "check"})
    void helpOfEachCommandHasAnExampleAndFitsATerminal(String command) {
        assertThat(execute(command, "--help")).isZero();
        assertThat(out.toString()).contains("Example", "sipproxy " + command, "Exit status");
        assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
    }

    @Test
    void helpOfTheLauncherListsTheCommands() {
        assertThat(execute("--help")).isZero();
        assertThat(out.toString()).contains("demo ", "run ", "check ", "--config sipproxy.conf");
    }

    @Test
    void versionNamesTheJavaInUse() {
        assertThat(execute("--version")).isZero();
        assertThat(out.toString()).contains("sipproxy", System.getProperty("java.version"));
    }

    @ParameterizedTest
    @CsvSource({"32s,32000", "3m,180000", "500ms,500", "1h,3600000", "1h30m,5400000", "1d,86400000", "60,60000", "0,0"})
    void durationsAreReadInTheirUnits(String text, long millis) {
        assertThat(Durations.parse(text)).hasMillis(millis);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "s", "-1s", "1.5s", "1 h", "1w", "1H", "PT1H", "9999999999"})
    void otherTextsAreNotDurations(String text) {
        assertThatThrownBy(() -> Durations.parse(text)).hasMessageContaining("is not a duration; write 32s");
    }

    @Test
    void helpNamesTheProgramAsItWasStarted() {
        assertThat(Launcher.programName("sipproxy", "/usr/lib/sipproxy/sipproxy.jar"))
                .isEqualTo("sipproxy");
        assertThat(Launcher.programName("", "target/sipproxy.jar")).isEqualTo("java -jar target/sipproxy.jar");
        assertThat(Launcher.programName("", "classes" + File.pathSeparator + "picocli.jar"))
                .isEqualTo("sipproxy");

        execute("run", "--help");

        assertThat(out.toString()).contains("Usage: sipproxy run", "    sipproxy run --config sipproxy.conf");
    }
}

package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.RiPhone;

/** The launcher as a separate process, for its streams, signals and exit statuses. */
@Timeout(180)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "Process.destroy() is not a SIGTERM there")
class LauncherProcessTest {

    @Test
    void runPrintsReadyToStdoutLogsToStderrAndExitsWith0OnSigterm(@TempDir Path directory) throws Exception {
        Path config = Files.writeString(directory.resolve("sipproxy.conf"), """
            # two phones
            listen udp:127.0.0.1:0
            listen tcp:127.0.0.1:0
            domain sip.test
            subscriber 1001:test1234
            subscriber 1002:S3cret#2024
            log-level trace
            """);
        try (JavaProcess launcher = JavaProcess.start(Launcher.class, "run", "--config", config.toString())) {
            String ready = launcher.awaitLine("");
            assertThat(ready).matches("READY udp:127\\.0\\.0\\.1:[1-9]\\d* tcp:127\\.0\\.0\\.1:[1-9]\\d*");

            register("1001", "test1234", udpPort(ready)).close();
            register("1002", "S3cret#2024", udpPort(ready)).close();
            try (DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
                client.connect(InetAddress.getLoopbackAddress(), udpPort(ready));
                send(
                        client,
                        options("c1", "")
                                .replace("OPTIONS sip:sip.test", "MESSAGE sip:1003@wrong.test")
                                .replace("1 OPTIONS", "1 MESSAGE"));
                client.setSoTimeout(10_000);
                client.receive(new DatagramPacket(new byte[4_000], 4_000));
            }
            await().untilAsserted(() -> assertThat(launcher.err()).anyMatch(line -> line.contains("REFUSED")));
            launcher.terminate();

            assertThat(launcher.awaitExit()).isZero();
            assertThat(launcher.out()).isEmpty();
            assertThat(launcher.err())
                    .anyMatch(line -> line.matches(
                            ".*REGISTERED aor=<sip:1001@sip\\.test> contact=<sip:1001@127\\.0\\.0\\.1:\\d+>"
                                    + " expires=3600 call-id=\"[^\"]+\""))
                    .anyMatch(line -> line.matches(
                            "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}(Z|[+-]\\d\\d:\\d\\d) INFO  refusals"
                                    + " - REFUSED status=403 why=\"Relaying Denied\" method=MESSAGE source=udp:127\\.0\\.0\\.1:\\d+"
                                    + " from=\"<sip:a@elsewhere\\.test>;tag=1\" to=\"<sip:sip\\.test>\" uri=\"sip:1003@wrong\\.test\""
                                    + " call-id=\"c1\""))
                    .anyMatch(line -> line.contains("TRACE trace - RECEIVED udp from 127.0.0.1:"))
                    .anyMatch(line -> line.contains("TRACE trace - SENT udp to 127.0.0.1:"))
                    .anyMatch(line -> line.contains("    REGISTER sip:sip.test"))
                    .anyMatch(line -> line.matches("    Authorization:.*response=\\*\\*\\*.*"))
                    .noneMatch(line -> line.contains("response=\""));
        }
    }

    @Test
    void runDropsScannersAndWritesAnAuditLineForFail2ban() throws Exception {
        try (JavaProcess launcher = JavaProcess.start(
                        Launcher.class,
                        "run",
                        "--listen=udp:127.0.0.1:0",
                        "--domain=sip.test",
                        "--subscriber=1001:test1234");
                DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            client.setSoTimeout(10_000);
            client.connect(InetAddress.getLoopbackAddress(), udpPort(launcher.awaitLine("READY")));
            send(client, options("scan", "User-Agent: Snom/8.7\r\nUser-Agent: friendly-scanner\r\n"));
            send(client, options("phone", "User-Agent: Snom/8.7\r\n"));

            DatagramPacket response = new DatagramPacket(new byte[4_000], 4_000);
            client.receive(response);

            assertThat(new String(response.getData(), 0, response.getLength(), StandardCharsets.UTF_8))
                    .startsWith("SIP/2.0 200")
                    .contains("Call-ID: phone");
            String expected =
                    ".* date=\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z event=scanner source=127\\.0\\.0\\.1"
                            + " port="
                            + client.getLocalPort()
                            + " transport=udp method=OPTIONS user=- from=\\S+ call-id=\\S+"
                            + " reason=User-Agent%20friendly-scanner omitted=0";
            await().untilAsserted(() -> assertThat(launcher.err()).anyMatch(line -> line.matches(expected)));
        }
    }

    @Test
    void trustedNetworkMayAlsoBeAllowedAndRelays() throws Exception {
        try (JavaProcess launcher = JavaProcess.start(
                        Launcher.class,
                        "run",
                        "--listen=udp:127.0.0.1:0",
                        "--domain=sip.test",
                        "--subscriber=1001:test1234",
                        "--allow=127.0.0.0/8",
                        "--trust=127.0.0.0/8");
                DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            client.setSoTimeout(10_000);
            client.connect(InetAddress.getLoopbackAddress(), udpPort(launcher.awaitLine("READY")));
            send(
                    client,
                    options("c1", "")
                            .replace("OPTIONS sip:sip.test", "MESSAGE sip:x@127.0.0.1:" + client.getLocalPort())
                            .replace("1 OPTIONS", "1 MESSAGE"));

            DatagramPacket received = new DatagramPacket(new byte[4_000], 4_000);
            client.receive(received);

            assertThat(new String(received.getData(), 0, received.getLength(), StandardCharsets.UTF_8))
                    .startsWith("MESSAGE sip:x@127.0.0.1:");
        }
    }

    private static String options(String callId, String headerLines) {
        return "OPTIONS sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK" + callId
                + ";rport\r\nFrom: <sip:a@elsewhere.test>;tag=1\r\nTo: <sip:sip.test>\r\nCall-ID: " + callId
                + "\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n" + headerLines + "Content-Length: 0\r\n\r\n";
    }

    @Test
    void gatewayIsProbedAndGetsWhatIsNotAUser() throws Exception {
        try (DatagramSocket gateway = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                DatagramSocket client = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                JavaProcess launcher = JavaProcess.start(
                        Launcher.class,
                        "run",
                        "--listen=udp:127.0.0.1:0",
                        "--domain=sip.test",
                        "--no-auth",
                        "--trust=127.0.0.0/8",
                        "--gateway=media=sip:127.0.0.1:" + gateway.getLocalPort(),
                        "--gateway-trust=address-and-port",
                        "--gateway-probe=1s",
                        "--prefix-route=+49=media;strip=3;prepend=0",
                        "--calls")) {
            int port = udpPort(launcher.awaitLine("READY"));
            client.connect(InetAddress.getLoopbackAddress(), port);
            gateway.setSoTimeout(10_000);
            assertThat(receive(gateway)).startsWith("OPTIONS sip:127.0.0.1:" + gateway.getLocalPort());

            send(
                    client,
                    options("c1", "")
                            .replace("OPTIONS sip:sip.test", "MESSAGE sip:+4930123@sip.test")
                            .replace("1 OPTIONS", "1 MESSAGE"));

            String received = receive(gateway);
            for (int i = 0; i < 20 && received.startsWith("OPTIONS"); i++) {
                received = receive(gateway);
            }
            assertThat(received).startsWith("MESSAGE sip:030123@127.0.0.1:" + gateway.getLocalPort() + " SIP/2.0");
            assertThat(launcher.err())
                    .anyMatch(line -> line.contains("INFO ")
                            && line.contains("gateway set media: sip:127.0.0.1:" + gateway.getLocalPort()
                                    + "; round-robin, probed every 1s; gets +49 as 0"));
        }
    }

    @Test
    void identityThatAGatewayAssertsReachesTheUser() throws Exception {
        try (DatagramSocket gateway = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                DatagramSocket phone = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                JavaProcess launcher = JavaProcess.start(
                        Launcher.class,
                        "run",
                        "--listen=udp:127.0.0.1:0",
                        "--domain=sip.test",
                        "--no-auth",
                        "--gateway=pstn=sip:127.0.0.1:" + gateway.getLocalPort(),
                        "--gateway-probe=0")) {
            InetSocketAddress proxy =
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), udpPort(launcher.awaitLine("READY")));
            gateway.connect(proxy);
            phone.connect(proxy);
            phone.setSoTimeout(10_000);
            send(
                    phone,
                    options("r1", "Contact: <sip:1001@127.0.0.1:" + phone.getLocalPort() + ">\r\n")
                            .replace("OPTIONS", "REGISTER")
                            .replaceAll("(From|To): <[^>]*>", "$1: <sip:1001@sip.test>"));
            assertThat(receive(phone)).startsWith("SIP/2.0 200");

            send(
                    gateway,
                    options("m1", "P-Asserted-Identity: <sip:+4930123@pstn.test>\r\n")
                            .replace("OPTIONS sip:sip.test", "MESSAGE sip:1001@sip.test")
                            .replace("1 OPTIONS", "1 MESSAGE"));

            assertThat(receive(phone))
                    .startsWith("MESSAGE sip:1001@127.0.0.1:" + phone.getLocalPort())
                    .contains("P-Asserted-Identity: <sip:+4930123@pstn.test>");
        }
    }

    private static String receive(DatagramSocket on) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        on.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }

    private static void send(DatagramSocket from, String text) throws IOException {
        byte[] wire = text.getBytes(StandardCharsets.UTF_8);
        from.send(new DatagramPacket(wire, wire.length));
    }

    @Test
    void runStartsAndStopsItsEmbeddedDatabase(@TempDir Path directory) throws Exception {
        Path data = directory.resolve("data");
        String embedded = "embedded=" + data;
        try (JavaProcess launcher = JavaProcess.start(
                Launcher.class,
                "run",
                "--listen=udp:127.0.0.1:0",
                "--domain=sip.test",
                "--subscriber=1001:test1234",
                "--database=" + embedded)) {
            int port = udpPort(launcher.awaitLine("READY"));
            register("1001", "test1234", port).close();

            assertThat(Launcher.execute(
                            new PrintWriter(new StringWriter()),
                            new PrintWriter(new StringWriter()),
                            "passwd",
                            "1001",
                            "changed",
                            "--database=" + embedded))
                    .isZero();
            await().atMost(Duration.ofSeconds(5))
                    .untilAsserted(() -> register("1001", "changed", port).close());
            launcher.terminate();

            assertThat(launcher.awaitExit()).isZero();
            assertThat(data.resolve("PG_VERSION")).exists();
            assertThat(data.resolve("postmaster.pid")).doesNotExist();
        }
    }

    @Test
    void runExitsWith2AndNamesTheAddressThatIsTaken() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            String address = "udp:127.0.0.1:" + taken.getLocalPort();
            try (JavaProcess launcher = JavaProcess.start(
                    Launcher.class, "run", "--listen", address, "--domain", "sip.test", "--no-auth")) {
                assertThat(launcher.awaitExit()).isEqualTo(2);
                assertThat(launcher.out()).isEmpty();
                assertThat(launcher.err()).hasSize(1).first().asString().contains(address, "already in use");
            }
        }
    }

    @Test
    void demoStaysUpAfterTheCallForAPhoneWithThePrintedValuesAndShowsItOnAPage() throws Exception {
        try (JavaProcess launcher =
                JavaProcess.start(Launcher.class, "demo", "--listen", "udp:127.0.0.1:0", "--web", "127.0.0.1:0")) {
            String server = launcher.awaitLine("  server ");
            String user = value(launcher.awaitLine("  user "));
            String password = value(launcher.awaitLine("  password "));
            assertThat(value(launcher.awaitLine("  domain "))).isEqualTo("sip.test");
            String url = launcher.awaitLine("Open ").replaceFirst("Open (http://\\S+/) to watch\\.", "$1");
            launcher.awaitLine("Ctrl-C");
            assertThat(get(url)).contains("<title>sipproxy</title>");
            assertThat(get(url + "api/softphone")).contains(user, password);
            get(url + "api/messages?viewer=a");

            try (RiPhone phone = register(user, password, udpPort(server))) {
                phone.call("1001").hangUp();
            }
            assertThat(get(url + "api/messages?viewer=a&user=" + user))
                    .containsSubsequence(
                            "\"method\":\"REGISTER\"", "\"status\":401", "\"status\":200", "\"method\":\"INVITE\"");
            launcher.terminate();

            assertThat(launcher.awaitExit()).isZero();
        }
    }

    private static String get(String url) throws Exception {
        HttpResponse<String> response = HttpClient.newHttpClient()
                .send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return response.body();
    }

    @Test
    void demoOnceExitsWith0() throws Exception {
        try (JavaProcess launcher = JavaProcess.start(Launcher.class, "--once", "--listen", "udp:127.0.0.1:0")) {
            assertThat(launcher.awaitExit())
                    .as("%s%n%s", launcher.out(), launcher.err())
                    .isZero();
            assertThat(launcher.out()).last().asString().startsWith("Complete");
        }
    }

    /** Returns a registered phone. */
    private static RiPhone register(String user, String password, int port) throws Exception {
        InetAddress host = InetAddress.getLoopbackAddress();
        RiPhone phone = RiPhone.open(
                new Account(user, password, "sip.test"),
                host,
                new InetSocketAddress(host, port),
                Duration.ZERO,
                Duration.ofSeconds(10));
        phone.register(Duration.ofHours(1));
        return phone;
    }

    static int udpPort(String line) {
        return Integer.parseInt(line.replaceFirst(".*?127\\.0\\.0\\.1:(\\d+).*", "$1"));
    }

    private static String value(String line) {
        return line.strip().replaceFirst("\\S+\\s+", "");
    }
}

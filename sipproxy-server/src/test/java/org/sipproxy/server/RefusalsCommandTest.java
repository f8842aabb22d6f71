package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.server.json.Json;

/** The command refusals, with a server in a process of its own. Each test has a source address of its own. */
@Timeout(180)
@EnabledOnOs(value = OS.LINUX, disabledReason = "elsewhere only one loopback address exists")
class RefusalsCommandTest {

    @TempDir
    private static Path directory;

    private static JavaProcess server;
    private static int port;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void serve() throws Exception {
        server = JavaProcess.start(
                Launcher.class,
                "run",
                "--listen=udp:127.0.0.1:0",
                "--domain=sip.test",
                "--subscriber=1001:test1234",
                "--deny=127.0.0.66",
                "--rate-limit=2:5",
                "--control=" + socket());
        port = Integer.parseInt(server.awaitLine("READY").replaceFirst(".*:(\\d+).*", "$1"));
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    private static String socket() {
        return directory.resolve("control.sock").toString();
    }

    private int on(String... command) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.add("--control=" + socket());
        return Launcher.execute(
                new PrintWriter(out, true), new PrintWriter(err, true), arguments.toArray(new String[0]));
    }

    private static void send(String source, int times, String method, String headers) throws IOException {
        try (DatagramSocket phone = new DatagramSocket(0, InetAddress.getByName(source))) {
            String text = method + " sip:sip.test SIP/2.0\r\nVia: SIP/2.0/UDP " + source + ":"
                    + phone.getLocalPort() + ";branch=z9hG4bK1\r\nMax-Forwards: 70\r\n"
                    + "From: <sip:1001@sip.test>;tag=1\r\nTo: <sip:1001@sip.test>\r\nCall-ID: 1\r\nCSeq: 1 "
                    + method + "\r\n" + headers + "Content-Length: 0\r\n\r\n";
            byte[] wire = text.getBytes(StandardCharsets.UTF_8);
            for (int i = 0; i < times; i++) {
                phone.send(new DatagramPacket(wire, wire.length, new InetSocketAddress("127.0.0.1", port)));
            }
        }
    }

    private void awaitRow(String source, String pattern) {
        await().untilAsserted(() -> {
            assertThat(on("refusals", source)).as(err.toString()).isZero();
            assertThat(out.toString()).containsPattern(pattern);
        });
    }

    @Test
    void sourceThatAnAccessRuleDropsIsListed() throws Exception {
        send("127.0.0.66", 3, "REGISTER", "");

        awaitRow("127.0.0.66", "\\d\\d:\\d\\d:\\d\\d +3  127\\.0\\.0\\.66 +- +- +- +filtered on arrival by AccessList");
        assertThat(out.toString()).contains("LAST", "COUNT", "SOURCE", "STATUS", "METHOD", "FROM", "REASON", "1 row");
        assertThat(on("refusals", "127.0.0.64/29")).isZero();
        assertThat(out.toString()).contains("127.0.0.66");
        assertThat(on("refusals")).isZero();
        assertThat(out.toString()).contains("127.0.0.66");
        assertThat(on("status")).isZero();
        assertThat(out.toString()).contains("3x dropped: filtered on arrival by AccessList");
    }

    @Test
    void sourceAboveTheRateLimitIsListed() throws Exception {
        send("127.0.0.67", 30, "OPTIONS", "");

        awaitRow("127.0.0.67", "127\\.0\\.0\\.67 .* filtered on arrival by FloodGuard");
    }

    @Test
    void refusedRequestAndRejectedCredentialsAreListedWithTheirSender() throws Exception {
        send("127.0.0.68", 1, "OPTIONS", "Route: <sip:a b@sip.test>\r\n");
        awaitRow("127.0.0.68", "127\\.0\\.0\\.68 +400 +OPTIONS +sip:1001@sip\\.test");

        send(
                "127.0.0.68",
                1,
                "REGISTER",
                "Authorization: Digest username=\"1009\", realm=\"sip.test\", nonce=\"n\", uri=\"sip:sip.test\","
                        + " response=\"0123456789abcdef0123456789abcdef\", cnonce=\"c\", qop=auth, nc=00000001\r\n");
        awaitRow("127.0.0.68", "REGISTER +sip:1001@sip\\.test +authentication failed: unknown user");
        assertThat(out.toString().lines().skip(1).findFirst())
                .as("the latest is first")
                .hasValueSatisfying(row -> assertThat(row).contains("authentication failed"));

        assertThat(on("refusals", "127.0.0.68", "--limit=1", "--json")).isZero();
        JsonObject shown = Json.parse(out.toString()).getAsJsonObject();
        assertThat(shown.get("total").getAsInt()).isEqualTo(2);
        JsonObject row = shown.getAsJsonArray("refusals").get(0).getAsJsonObject();
        assertThat(shown.getAsJsonArray("refusals")).hasSize(1);
        assertThat(row.get("reason").getAsString()).isEqualTo("authentication failed: unknown user");
        assertThat(row.get("status").getAsInt()).isZero();
        assertThat(row.get("transport").getAsString()).isEqualTo("udp");
        assertThat(row.keySet()).contains("first", "last", "count", "port", "source", "method", "from");
        assertThat(on("refusals", "127.0.0.68", "--limit=1")).isZero();
        assertThat(out.toString()).contains("the latest 1 of 2 rows; --limit shows more");
    }

    @Test
    void sourceWithoutARefusalIsNamed() {
        assertThat(on("refusals", "192.0.2.9")).isOne();
        assertThat(out.toString()).isEmpty();
        assertThat(err.toString()).contains("nothing of 192.0.2.9 was refused since the start");
        assertThat(on("refusals", "192.0.2.0/24", "--json")).isOne();
        assertThat(out.toString()).contains("\"status\":1").contains("nothing of 192.0.2.0/24 was refused");
    }

    @Test
    void wrongUsageSaysWhatIsExpected() {
        assertThat(on("refusals", "phone.test")).isEqualTo(2);
        assertThat(err.toString()).contains("\"phone.test\"", "expected ADDRESS or ADDRESS/LENGTH");
        assertThat(on("refusals", "192.0.2.7/24")).isEqualTo(2);
        assertThat(err.toString()).contains("use 192.0.2.0/24");
        assertThat(on("refusals", "--limit=0")).isEqualTo(2);
    }

    @Test
    void serverThatHasRefusedNothingSaysSo() throws Exception {
        Path other = directory.resolve("other.sock");
        try (JavaProcess fresh = JavaProcess.start(
                Launcher.class,
                "run",
                "--listen=udp:127.0.0.1:0",
                "--domain=sip.test",
                "--no-auth",
                "--control=" + other)) {
            fresh.awaitLine("READY");

            assertThat(Launcher.execute(
                            new PrintWriter(out, true), new PrintWriter(err, true), "refusals", "--control=" + other))
                    .isZero();
            assertThat(out.toString().strip()).isEqualTo("nothing was refused since the start");
        }
    }
}

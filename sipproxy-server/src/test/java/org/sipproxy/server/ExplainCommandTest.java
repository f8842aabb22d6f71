package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.server.control.ControlClient;
import org.sipproxy.server.json.Json;

/** The command explain, with a server in a process of its own. */
@Timeout(180)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no control channel there")
class ExplainCommandTest {

    private static final String PHONE = "192.0.2.7:5060";

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
                "--subscriber=1002:test1234",
                "--nat",
                "--deny=198.51.100.0/24",
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

    private int explain(String... arguments) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> command = new ArrayList<>(List.of("explain"));
        command.addAll(List.of(arguments));
        command.add("--control=" + socket());
        return Launcher.execute(new PrintWriter(out, true), new PrintWriter(err, true), command.toArray(new String[0]));
    }

    private static String request(String method, String from, String more) {
        return """
                %s sip:1002@sip.test SIP/2.0
                Via: SIP/2.0/UDP %s;branch=z9hG4bK1
                Max-Forwards: 70
                From: %s;tag=1
                To: <sip:1002@sip.test>
                Call-ID: 1
                CSeq: 1 %s
                %s
                """.formatted(method, PHONE, from, method, more);
    }

    private Path file(String text) throws IOException {
        Path file = Files.createTempFile(directory, "request", ".txt");
        Files.writeString(file, text);
        return file;
    }

    @Test
    void challengeIsTheResultWithoutAProof() {
        assertThat(explain("REGISTER", "--from=1001", "--source=" + PHONE)).isOne();

        assertThat(out.toString())
                .contains("request  REGISTER sip:sip.test SIP/2.0")
                .containsPattern("DigestAuthentication +responds 401 Unauthorized")
                .contains("check: no digest credentials for this realm")
                .contains("result   401 Unauthorized")
                .contains("WWW-Authenticate: Digest realm=\"sip.test\"");
    }

    @Test
    void assumedProofLeadsToTheRegistrar() {
        assertThat(explain("REGISTER", "--from=1001", "--source=10.0.0.7:5060", "--as=1001"))
                .as(err.toString())
                .isZero();

        assertThat(out.toString())
                .contains("private-contact: yes: Contact 10.0.0.7:5060")
                .contains("adds: sip:1001@10.0.0.7:5060, expires 3600 s, received sip:10.0.0.7:5060")
                .contains("result   200 OK");
    }

    @Test
    void callToAnUnregisteredUserSaysSo() {
        assertThat(explain("INVITE", "1002", "--from=1001", "--source=" + PHONE, "--as=1001"))
                .isOne();

        assertThat(out.toString())
                .contains("host: domain sip.test")
                .contains("sip:1002@sip.test exists, and is not registered")
                .contains("result   480 Temporarily Unavailable");
    }

    @Test
    void jsonHasTheSameParts() {
        assertThat(explain("OPTIONS", "sip:sip.test", "--from=1001", "--source=" + PHONE, "--json"))
                .isZero();

        JsonObject explained = Json.parse(out.toString()).getAsJsonObject();
        assertThat(explained.get("accepted").getAsBoolean()).isTrue();
        assertThat(explained.get("result").getAsString()).isEqualTo("response");
        assertThat(explained.get("status").getAsInt()).isEqualTo(200);
        assertThat(explained.getAsJsonArray("decisions")).isNotEmpty();
    }

    @Test
    void deniedSourceIsDroppedUnread() {
        assertThat(explain("INVITE", "1002", "--from=1001", "--source=198.51.100.9:5060"))
                .isOne();

        assertThat(out.toString())
                .containsPattern("AccessList \\(arrival\\) +drops it unread")
                .contains("because: deny 198.51.100.0/24")
                .contains("result   no response: filtered on arrival by AccessList");
    }

    @Test
    void maskedCredentialsOfATraceAreRecognized() throws IOException {
        String credentials = "Authorization: Digest username=\"1002\", realm=\"sip.test\", nonce=\"n\","
                + " uri=\"sip:sip.test\", response=\"***\", cnonce=\"***\", qop=auth, nc=00000001";
        String traced = request("OPTIONS", "<sip:1002@sip.test>", credentials);

        assertThat(explain(file(traced).toString())).isOne();
        assertThat(err.toString()).contains("the credentials in this text are masked", "--as USER");

        explain(file(traced).toString(), "--as=1002");
        assertThat(err.toString()).isEmpty();
        explain(file(traced.replace("***", "0123456789abcdef0123456789abcdef")).toString());
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void fileAndStdinAreExplained() throws IOException {
        String text = request("OPTIONS", "<sip:1001@elsewhere.test>", "Subject: hello");
        InputStream stdin = System.in;
        assertThat(explain(file(text).toString())).isOne();
        String ofFile = out.toString();
        try {
            System.setIn(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
            assertThat(explain("-")).isOne();
        } finally {
            System.setIn(stdin);
        }

        assertThat(out.toString()).isEqualTo(ofFile);
        assertThat(ofFile).contains("from     udp:" + PHONE).contains("names another domain");
    }

    @Test
    void malformedRequestShowsTheDefect() throws IOException {
        String text = request("OPTIONS", "<sip:1001@sip.test>", "X: y").replace("Call-ID: 1\n", "");

        assertThat(explain(file(text).toString())).isOne();

        assertThat(out.toString())
                .containsPattern("MessageSanity +responds 400 Bad Request")
                .contains("defect: mandatory header Call-ID is missing");
    }

    @Test
    void controlCharactersAreNotPrinted() throws IOException {
        String red = "\u001b[31m";

        explain(file("INVITE sip:1002@sip.test" + red + " SIP/2.0\n\n").toString(), "--source=" + PHONE);
        assertThat(out.toString()).doesNotContain("\u001b").isNotEmpty();
        explain(file(request("OPTIONS", "\"" + red + "\" <sip:1001@sip.test>", "X: y"))
                .toString());
        assertThat(out.toString()).doesNotContain("\u001b").isNotEmpty();
        assertThat(explain("INVITE", "1002", "--from=1001" + red + "\r\nX: y", "--source=" + PHONE))
                .isEqualTo(2);
        assertThat(err.toString())
                .doesNotContain("\u001b")
                .doesNotContain("\rX")
                .contains("from: ");
    }

    @Test
    void hostileTextEndsSoon() throws IOException {
        String longest = "Route: " + "<sip:a@b;lr>,".repeat(3_000) + "<sip:c@d;lr>";

        assertThat(explain(
                        file(request("OPTIONS", "<sip:1001@sip.test>", longest)).toString()))
                .isOne();
        assertThat(explain(file("x".repeat(100_000)).toString())).isEqualTo(2);
        assertThat(explain(file("\n".repeat(20_000)).toString(), "--source=" + PHONE))
                .isOne();
        assertThat(explain(file("").toString(), "--source=" + PHONE)).isEqualTo(2);
    }

    @Test
    void wrongUsageSaysWhatIsExpected() {
        assertThat(explain("INVITE", "1002")).isEqualTo(2);
        assertThat(err.toString()).contains("--from: missing");
        assertThat(explain("INVITE", "1002", "--from=1001")).isEqualTo(2);
        assertThat(err.toString()).contains("source");
        assertThat(explain("INVITE", "--from=1001", "--source=" + PHONE)).isEqualTo(2);
        assertThat(err.toString()).contains("uri: missing");
        assertThat(explain("INVITE", "1002", "--from=1001", "--source=phone.test"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("\"phone.test\" is not a numeric address");
        assertThat(explain("INVITE", "1002", "--from=1001", "--source=" + PHONE, "--transport=sctp"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("use udp, tcp, tls, ws or wss");
        assertThat(explain("INVITE", "1002", "--from=1001", "--source=" + PHONE, "--transport=tls"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("no listening point");
        assertThat(explain("nothing.txt")).isEqualTo(2);
        assertThat(err.toString()).contains("nothing.txt: no such file");
    }

    @Test
    void explanationIsWhatAPhoneReallyGetsAndIsNotCounted() throws IOException {
        try (DatagramSocket phone = new DatagramSocket(0, InetAddress.getLoopbackAddress());
                ControlClient client = ControlClient.connect(Path.of(socket()))) {
            phone.setSoTimeout(10_000);
            phone.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            String source = "127.0.0.1:" + phone.getLocalPort();
            String text = request("OPTIONS", "<sip:1001@sip.test>", "Content-Length: 0")
                    .replace(PHONE, source);
            JsonElement before = client.call("stats", Map.of("pattern", "proxy.requests"));

            JsonObject explained = client.call("explain", Map.of("text", text)).getAsJsonObject();

            assertThat(client.call("stats", Map.of("pattern", "proxy.requests")))
                    .isEqualTo(before);
            byte[] wire = (text + "\n").replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
            phone.send(new DatagramPacket(wire, wire.length));
            DatagramPacket response = new DatagramPacket(new byte[65_535], 65_535);
            phone.receive(response);
            String line = new String(response.getData(), 0, response.getLength(), StandardCharsets.UTF_8)
                    .lines()
                    .findFirst()
                    .orElseThrow();
            assertThat(line)
                    .isEqualTo("SIP/2.0 " + explained.get("status").getAsInt() + " "
                            + explained.get("reason").getAsString());
        }
    }
}

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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.server.json.Json;

/** The commands for a running server, with a server in a process of its own. */
@Timeout(180)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no control channel there")
class ControlCommandsTest {

    @TempDir
    private Path directory;

    private final List<AutoCloseable> open = new ArrayList<>();
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();
    private int port;

    @AfterEach
    void closeAll() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private String socket() {
        return directory.resolve("control.sock").toString();
    }

    private JavaProcess serve(String... more) throws Exception {
        List<String> arguments = new ArrayList<>(
                List.of("run", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--control=" + socket()));
        arguments.addAll(List.of(more));
        JavaProcess server = JavaProcess.start(Launcher.class, arguments.toArray(new String[0]));
        open.add(server);
        port = Integer.parseInt(server.awaitLine("READY").replaceFirst(".*:(\\d+).*", "$1"));
        return server;
    }

    /** Runs a command on the server and returns its exit status. */
    private int on(String... command) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.add("--control=" + socket());
        return Launcher.execute(
                new PrintWriter(out, true), new PrintWriter(err, true), arguments.toArray(new String[0]));
    }

    private JsonObject json(String... command) {
        List<String> arguments = new ArrayList<>(List.of(command));
        arguments.add("--json");
        assertThat(on(arguments.toArray(new String[0]))).as("%s %s", out, err).isZero();
        return Json.parse(out.toString()).getAsJsonObject();
    }

    private DatagramSocket phone() throws IOException {
        DatagramSocket phone = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        open.add(phone);
        phone.setSoTimeout(10_000);
        phone.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return phone;
    }

    private static void send(DatagramSocket from, String method, String user, String id, String more)
            throws IOException {
        boolean registers = method.equals("REGISTER");
        String text = method + " sip:" + (registers ? "" : user + "@") + "sip.test SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 127.0.0.1:" + from.getLocalPort() + ";branch=z9hG4bK" + id + "\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:" + (registers ? user : "caller") + "@sip.test>;tag=" + id + "\r\n"
                + "To: <sip:" + user + "@sip.test>\r\nCall-ID: " + id + "\r\nCSeq: 1 " + method + "\r\n"
                + "Contact: <sip:" + user + "@127.0.0.1:" + from.getLocalPort() + ">\r\n" + more
                + "Content-Length: 0\r\n\r\n";
        byte[] wire = text.getBytes(StandardCharsets.UTF_8);
        from.send(new DatagramPacket(wire, wire.length));
    }

    private static String receive(DatagramSocket on) throws IOException {
        DatagramPacket packet = new DatagramPacket(new byte[65_535], 65_535);
        on.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }

    private DatagramSocket register(String user) throws IOException {
        DatagramSocket phone = phone();
        send(phone, "REGISTER", user, "reg-" + user, "User-Agent: Test\r\n");
        assertThat(receive(phone)).startsWith("SIP/2.0 200");
        return phone;
    }

    @Test
    void recordsOfAllMessagesAreCounted() throws Exception {
        serve("--no-auth", "--pcap=" + directory.resolve("sip.pcap"));
        register("1001");

        await().untilAsserted(() -> {
            assertThat(on("status")).isZero();
            assertThat(out.toString())
                    .containsPattern("udp +(batched|single)")
                    .containsPattern("recording +pcap: 2 messages, 0 dropped");
        });
        assertThat(on("stats", "recording")).isZero();
        assertThat(out.toString()).contains("recording.pcap.passed = 2", "recording.pcap.dropped = 0");
    }

    @Test
    void registrationsAreShownAndRemoved() throws Exception {
        serve("--no-auth");
        DatagramSocket phone = register("1001");
        register("1002");
        String contact = "sip:1001@127.0.0.1:" + phone.getLocalPort();

        assertThat(on("ul", "show")).isZero();
        assertThat(out.toString()).contains(contact, "reg-1002", "2 users, 2 contacts");
        JsonObject shown =
                json("ul", "show", "1001").getAsJsonArray("bindings").get(0).getAsJsonObject();
        assertThat(shown.get("contact").getAsString()).isEqualTo(contact);
        assertThat(shown.get("expiresIn").getAsLong()).isBetween(3_500L, 3_600L);
        assertThat(shown.get("callId").getAsString()).isEqualTo("reg-1001");
        assertThat(shown.get("userAgent").getAsString()).isEqualTo("Test");
        assertThat(shown.get("flow").getAsString()).isEqualTo("udp:127.0.0.1:" + phone.getLocalPort());
        assertThat(json("ul", "show", "--limit", "1").getAsJsonArray("bindings"))
                .hasSize(1);

        assertThat(on("ul", "rm", "1001", "sip:1001@192.0.2.1")).isOne();
        assertThat(err.toString()).contains("1001 has no contact sip:1001@192.0.2.1");
        assertThat(on("ul", "rm", "sip:1001@sip.test", contact)).isZero();
        assertThat(on("ul", "rm", "1002")).isZero();
        assertThat(on("ul", "show", "1001", "--json")).isOne();
        assertThat(out.toString().strip()).isEqualTo("{\"error\":[\"1001 is not registered\"],\"status\":1}");
        assertThat(on("ul", "show")).isZero();
        assertThat(out.toString().strip()).isEqualTo("0 users, 0 contacts");
        assertThat(on("ul")).isEqualTo(2);
    }

    @Test
    void callsAreShownAndEnded() throws Exception {
        serve("--no-auth", "--calls", "--allow-destination=loopback");
        DatagramSocket callee = register("1001");
        DatagramSocket caller = phone();
        send(caller, "INVITE", "1001", "call-1", "");
        assertThat(receive(callee)).startsWith("INVITE");

        JsonObject figures = json("status").getAsJsonObject("figures");
        assertThat(figures.get("calls").getAsInt()).isOne();
        assertThat(on("calls")).isZero();
        assertThat(out.toString()).contains("call-1", "setup", "sip:caller@sip.test", "1 call");

        assertThat(on("calls", "end", "other")).isOne();
        assertThat(on("calls", "end", "call")).isZero();
        assertThat(out.toString()).contains("1 call ended");
        assertThat(on("calls", "end", "all")).isZero();
    }

    @Test
    void withoutTheOptionThatACommandNeedsItIsNamed() throws Exception {
        serve("--no-auth");

        assertThat(on("gateways", "enable", "pstn", "x")).isOne();
        assertThat(err.toString()).contains("--gateway SET=URI");
    }

    @Test
    void figuresAndRefusalsAreShown() throws Exception {
        serve("--no-auth");
        DatagramSocket client = phone();
        send(client, "MESSAGE", "1009", "m1", "");
        assertThat(receive(client)).startsWith("SIP/2.0 404");

        assertThat(on("stats", "refusals")).isZero();
        assertThat(out.toString().strip()).isEqualTo("refusals.404_no_registered_contact_can_be_called = 1");
        assertThat(json("stats", "proxy.requests").get("proxy.requests").getAsLong())
                .isOne();
        assertThat(json("stats").keySet()).contains("jvm.heap_used", "registrations.bindings", "store.waiting");
        assertThat(on("stats", "nonsense")).isOne();
        assertThat(on("stats", "refusals.503*")).isZero();
        assertThat(out.toString()).contains("nothing of that kind was refused since the start");

        assertThat(on("monitor", "0.1", "--count", "2")).isZero();
        assertThat(out.toString().lines()).hasSize(3).first().asString().contains("REQ/s", "QUEUED");
        assertThat(on("monitor", "0")).isEqualTo(2);
    }

    @Test
    void accessLockoutsGatewaysAndLogLevels() throws Exception {
        JavaProcess server = serve(
                "--subscriber=1001:test1234",
                "--deny=203.0.113.0/24",
                "--gateway=pstn=sip:127.0.0.1:9",
                "--gateway-probe=0");

        assertThat(on("access")).isZero();
        assertThat(out.toString()).contains("deny 203.0.113.0/24", "everything else", "1 rule");
        assertThat(on("access", "test", "203.0.113.7")).isOne();
        assertThat(on("access", "test", "192.0.2.1")).isZero();
        assertThat(on("access", "test", "2001:DB8:0:0::7")).isZero();
        assertThat(out.toString()).contains("2001:db8::7");
        assertThat(on("access", "test", "phone.sip.test")).isEqualTo(2);
        assertThat(on("lockouts")).isZero();
        assertThat(out.toString().strip()).isEqualTo("0 lockouts");
        assertThat(on("lockouts", "clear", "1001")).isOne();
        assertThat(on("lockouts", "clear")).isZero();

        assertThat(on("gateways", "disable", "pstn", "sip:127.0.0.1:9")).isZero();
        assertThat(out.toString()).contains("disabled", "DX", "1 gateway, 0 trunks");
        assertThat(on("gateways", "enable", "pstn", "sip:127.0.0.1:9")).isZero();
        assertThat(on("gateways")).isZero();
        assertThat(out.toString()).contains("active");

        assertThat(on("log", "debug", "authentication")).isZero();
        assertThat(out.toString().strip()).isEqualTo("org.sipproxy.authentication: info -> debug");
        send(phone(), "REGISTER", "1001", "r1", "");
        await().untilAsserted(() ->
                assertThat(server.err()).anyMatch(line -> line.contains("DEBUG authentication - REGISTER")));
        assertThat(on("log", "loud")).isEqualTo(2);
        assertThat(on("log", "debug", "refusal")).isEqualTo(2);
        assertThat(err.toString()).contains("logger \"refusal\" (expected proxy,", "refusals");
        assertThat(on("log", "debug", "com.zaxxer.hikari")).isZero();
    }

    @Test
    void drainRefusesNewWorkAndStopEndsTheProcess() throws Exception {
        JavaProcess server = serve("--no-auth");
        register("1001");
        assertThat(on("status")).isZero();
        assertThat(out.toString()).contains("state       running", "registered  1 user, 1 contact");

        assertThat(on("drain")).isZero();
        assertThat(on("status")).as("a draining server is not ready").isOne();
        assertThat(out.toString()).contains("draining");
        DatagramSocket client = phone();
        send(client, "INVITE", "1001", "call-1", "");
        assertThat(receive(client)).startsWith("SIP/2.0 503");

        assertThat(on("stop")).isZero();
        assertThat(server.awaitExit()).isZero();
        assertThat(on("status")).isEqualTo(3);
        assertThat(err.toString()).contains("no such socket");
    }

    @Test
    void theSocketOfAKilledServerIsReplacedAndThatOfARunningOneIsNot() throws Exception {
        JavaProcess killed = serve("--no-auth");
        killed.close();
        killed.awaitExit();
        assertThat(on("status")).isEqualTo(3);
        assertThat(err.toString()).contains("no server listens there");

        serve("--no-auth");
        assertThat(on("status")).isZero();
        try (JavaProcess second = JavaProcess.start(
                Launcher.class, "run", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--control=" + socket())) {
            assertThat(second.awaitExit()).isEqualTo(2);
        }
        try (JavaProcess second = JavaProcess.start(
                Launcher.class,
                "run",
                "--listen=udp:127.0.0.1:0",
                "--domain=sip.test",
                "--no-auth",
                "--control=" + socket())) {
            assertThat(second.awaitExit()).isEqualTo(2);
            assertThat(second.err()).last().asString().contains("--control", socket(), "in use by another server");
        }
        assertThat(on("status")).isZero();
    }
}

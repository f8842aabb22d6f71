package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.jdbc.PostgresFixture;
import org.sipproxy.jdbc.Subscribers;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

/** Three servers with one database: phones of each transport, called from each server; a server that is killed. */
@Timeout(300)
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "only Linux has all addresses of 127.0.0.0/8")
class LauncherClusterTest {

    private static final List<String> NAMES = List.of("a", "b", "c");
    private static final List<TransportKind> TRANSPORTS =
            List.of(TransportKind.UDP, TransportKind.TCP, TransportKind.WS);

    private final List<Node> nodes = new ArrayList<>();
    private final List<Phone> phones = new ArrayList<>();
    private PostgresFixture postgres;

    private record Node(String name, int port, JavaProcess process) {

        InetSocketAddress address(TransportKind kind) throws IOException {
            return new InetSocketAddress(host(name), kind == TransportKind.WS ? port + 1 : port);
        }
    }

    @BeforeEach
    void startPostgres() {
        postgres = PostgresFixture.withSchema().open();
    }

    @AfterEach
    void close() {
        phones.forEach(Phone::close);
        nodes.forEach(node -> node.process().close());
        postgres.close();
    }

    private static InetAddress host(String name) throws IOException {
        return InetAddress.getByName("127.0.1." + (1 + NAMES.indexOf(name)));
    }

    private Node start(String name, int port, String... more) throws Exception {
        String host = host(name).getHostAddress();
        List<String> options = new ArrayList<>(List.of(
                "run",
                "--listen=udp:" + host + ":" + port,
                "--listen=tcp:" + host + ":" + port,
                "--listen=ws:" + host + ":" + (port + 1),
                "--domain=sip.test",
                "--database-url=" + postgres.url() + "?password=" + postgres.password(),
                "--database-user=" + postgres.user(),
                "--storage=database-only",
                "--node=" + name,
                "--node-address=tcp:" + host + ":" + port,
                "--control=none"));
        options.addAll(List.of(more));
        JavaProcess process = JavaProcess.start(Launcher.class, options.toArray(new String[0]));
        Node node = new Node(name, port, process);
        nodes.add(node);
        process.awaitLine("READY");
        return node;
    }

    private Node start(String name, String... more) throws Exception {
        int port;
        try (ServerSocket socket = new ServerSocket(0, 1, host(name))) {
            port = socket.getLocalPort();
        }
        return start(name, port, more);
    }

    private Phone phone(String user, Node node, TransportKind kind) throws Exception {
        Phone phone = Phone.builder(user)
                .domain("sip.test")
                .password("test1234")
                .transport(kind)
                .proxy(node.address(kind))
                .patience(Duration.ofSeconds(45))
                .open();
        phones.add(phone);
        return phone;
    }

    private static void call(Phone caller, Phone callee, String user) {
        OutgoingCall outgoing = caller.call("sip:" + user + "@sip.test");
        IncomingCall incoming = callee.awaitCall().answer();
        outgoing.awaitAnswer();
        incoming.awaitAck();
        incoming.hangUp();
        outgoing.awaitHangUp();
    }

    @Test
    void aPhoneOfEachTransportAtEachServerIsCalledFromEachServer() throws Exception {
        for (String name : NAMES) {
            start(name, "--nat"); // a phone on loopback counts as one behind a NAT
        }
        List<Phone> callees = new ArrayList<>();
        List<String> users = new ArrayList<>();
        List<Phone> callers = new ArrayList<>();
        for (Node node : nodes) {
            for (TransportKind kind : TRANSPORTS) {
                String user = "at-" + node.name() + "-" + kind.lowerCase();
                Subscribers.in(postgres.dataSource()).add(user, "sip.test", "test1234");
                Phone callee = phone(user, node, kind);
                callee.register();
                callees.add(callee);
                users.add(user);
            }
            Subscribers.in(postgres.dataSource()).add("from-" + node.name(), "sip.test", "test1234");
            callers.add(phone("from-" + node.name(), node, TransportKind.UDP));
        }
        for (Phone caller : callers) {
            for (int i = 0; i < callees.size(); i++) {
                call(caller, callees.get(i), users.get(i));
            }
        }
    }

    @Test
    void phonesOfAKilledServerRegisterAtAnotherOneAndItsCallsGoOn() throws Exception {
        Node one = start("a");
        Node two = start("b");
        for (String user : List.of("1001", "1002", "1003")) {
            Subscribers.in(postgres.dataSource()).add(user, "sip.test", "test1234");
        }
        Phone moving = phone("1001", one, TransportKind.TCP);
        moving.register();
        Phone caller = phone("1002", two, TransportKind.UDP);
        call(caller, moving, "1001");
        Phone direct = phone("1003", one, TransportKind.UDP);
        direct.register();

        one.process().close(); // SIGKILL
        one.process().awaitExit();

        // a request that the server had received in its last moment ends with Timer B instead
        await().atMost(Duration.ofSeconds(90))
                .untilAsserted(() -> assertThat(
                                caller.call("sip:1001@sip.test").awaitFinal().statusCode())
                        .as("only the killed server could reach it")
                        .isEqualTo(480));
        OutgoingCall toDirect = caller.call("sip:1003@sip.test"); // every server reaches it
        IncomingCall atDirect = direct.awaitCall().answer();
        toDirect.awaitAnswer();
        atDirect.awaitAck();
        toDirect.hangUp();
        atDirect.awaitHangUp();
        Phone moved = phone("1001", two, TransportKind.TCP);
        moved.register();
        await().untilAsserted(() -> call(caller, moved, "1001"));

        Node again = start("a", one.port());
        Phone back = phone("1003", again, TransportKind.TCP);
        back.register();
        call(back, moved, "1001");
    }
}

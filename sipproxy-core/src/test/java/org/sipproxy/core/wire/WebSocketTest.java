package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpClient;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.message.ParseLimits;

/** Browsers (RFC 7118 over RFC 6455). */
class WebSocketTest {

    private static final TestCertificate OURS = TestCertificate.of("dns:sip.test", "dns:localhost", "ip:127.0.0.1");
    private static final HttpClient BROWSER = HttpClient.newBuilder()
            .sslContext(TestCertificate.contextWithout(OURS))
            .build();
    private static final String UPGRADE = """
        GET /sip HTTP/1.1
        Host: sip.test
        Upgrade: websocket
        Connection: keep-alive, Upgrade
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
        Sec-WebSocket-Version: 13
        Sec-WebSocket-Protocol: sip

        """.replace("\n", "\r\n");

    private ProxyUnderTest proxy = start(options -> options);

    @AfterEach
    void close() {
        proxy.close();
    }

    private static ProxyUnderTest start(UnaryOperator<SipProxyBuilder> options) {
        return ProxyUnderTest.start(builder -> options.apply(builder.listen(Endpoint.ws("127.0.0.1", 0))
                .listen(Endpoint.wss("127.0.0.1", 0))
                .tls(TlsSettings.builder().certificate(OURS.chain(), OURS.key()).build())));
    }

    private void restart(UnaryOperator<SipProxyBuilder> options) {
        proxy.close();
        proxy = start(options);
    }

    private WireClient.Web web(String name) {
        return proxy.web(name, TransportKind.WS, BROWSER);
    }

    private WireClient.Web registered(String name, TransportKind kind) {
        WireClient.Web client = proxy.web(name, kind, BROWSER);
        proxy.register(client, name, "");
        return client;
    }

    // ---- calls

    @ParameterizedTest
    @CsvSource({"WS", "WSS"})
    void aCallFromABrowserToUdpWorksInBothDirections(TransportKind kind) {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Web alice = registered("alice", kind);

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.elements("Record-Route")).hasSize(2);
        assertThat(received.elements("Record-Route").get(0)).startsWith("<sip:" + proxy.udpHostPort());
        assertThat(received.elements("Record-Route").get(1))
                .startsWith("<sip:" + proxy.hostPort(kind))
                .contains(";transport=ws", ";lr", ";ft=");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request info = alice.send(caller.request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        WireMessage atAlice = alice.awaitRequest("BYE");
        assertThat(atAlice.topVia()).startsWith("SIP/2.0/" + kind + " " + proxy.hostPort(kind));
        assertThat(atAlice.has("Route")).isFalse();
        alice.respond(atAlice, 200);
        bob.awaitResponse(bye, 200);
    }

    @ParameterizedTest
    @CsvSource({"WS", "WSS"})
    void aBrowserIsCalledOnItsConnection(TransportKind kind) {
        WireClient.Web bob = registered("bob", kind);
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.text()).startsWith("INVITE " + bob.contact() + " SIP/2.0");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request bye = alice.send(caller.request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        assertThat(ok.isResponse()).isTrue();
    }

    @Test
    void twoBrowsersCallEachOther() {
        WireClient.Web bob = registered("bob", TransportKind.WS);
        WireClient.Web alice = registered("alice", TransportKind.WS);

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.elements("Record-Route")).hasSize(2);
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request info = alice.send(caller.request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.awaitResponse(bye, 200);
    }

    @Test
    void sipsReachesABrowserOnWssOnly() {
        WireClient.Web open = registered("open", TransportKind.WS);
        WireClient.Web secured = registered("secured", TransportKind.WSS);
        WireClient.Web alice = proxy.web("alice", TransportKind.WSS, BROWSER);

        Request refused = alice.send(alice.request("INVITE", "sips:open@sip.test"));
        alice.send(alice.request("INVITE", "sips:secured@sip.test"));

        alice.awaitResponse(refused, 480);
        assertThat(secured.awaitRequest("INVITE").elements("Record-Route"))
                .allSatisfy(route -> assertThat(route).startsWith("<sips:").contains(";transport=ws"));
        assertThat(open.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void aBrowserThatHasDisconnectedIsUnavailableAndNotRegistered() {
        WireClient.Web bob = registered("bob", TransportKind.WS);
        WireClient.Udp alice = proxy.udp("alice");
        bob.close();
        Awaitility.await()
                .until(() -> proxy.proxy()
                        .locationStore()
                        .lookup(new Aor("bob", "sip.test"))
                        .isEmpty());

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        alice.awaitResponse(invite, 480);
    }

    @Test
    void theViaOfABrowserGetsItsSourceAddress() {
        WireClient.Web alice = web("alice");

        Request options = alice.send(alice.request("OPTIONS", "sip:sip.test"));

        String via = alice.awaitFinal(options).topVia();
        assertThat(via).startsWith("SIP/2.0/WS " + alice.hostPort());
        assertThat(WireMessage.parameter(via, "received")).contains("127.0.0.1");
        assertThat(WireMessage.parameter(via, "rport")).isPresent();
    }

    @Test
    void aBrowsersVerifiedCertificateGivesItsDomain() {
        TestCertificate own = TestCertificate.of("dns:gateway.test");
        CopyOnWriteArrayList<Set<String>> seen = new CopyOnWriteArrayList<>();
        proxy.close();
        proxy = ProxyUnderTest.start(builder -> builder.listen(Endpoint.wss("127.0.0.1", 0))
                .tls(TlsSettings.builder()
                        .certificate(OURS.chain(), OURS.key())
                        .trust(own.chain())
                        .clientAuthentication(TlsSettings.ClientAuthentication.NEED)
                        .build())
                .beforeAuthentication(context -> {
                    seen.add(context.flow().peerIdentities());
                    return Verdict.respond(404);
                }));
        HttpClient gateway =
                HttpClient.newBuilder().sslContext(own.context(OURS)).build();

        WireClient.Web client = proxy.web("gateway", TransportKind.WSS, gateway);
        client.awaitResponse(client.send(client.request("MESSAGE", "sip:bob@sip.test")), 404);

        assertThat(seen).containsExactly(Set.of("gateway.test"));
        assertThatThrownBy(() -> proxy.web("browser", TransportKind.WSS, BROWSER))
                .isInstanceOf(CompletionException.class);
    }

    // ---- messages

    @Test
    void contentLengthMayBeMissingOrShort() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Web alice = web("alice");
        Request without = alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "hello");

        alice.send(without.text().replace("Content-Length: 5\r\n", ""));

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertThat(received.text()).endsWith("\r\n\r\nhello");
        bob.respond(received, 200);
        alice.awaitResponse(without, 200);
        Request longer = alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "hello");
        alice.send(longer.text().replace("Content-Length: 5", "Content-Length: 50"));
        alice.awaitResponse(longer, 400);
    }

    @Test
    void aMessageMayComeInFragmentsAndInBinaryFrames() {
        WireClient.Web alice = web("alice");
        Request first = alice.request("OPTIONS", "sip:sip.test");
        String text = first.text();

        alice.socket().sendText(text.substring(0, 40), false).join();
        alice.socket().sendPing(ByteBuffer.wrap("between".getBytes(US_ASCII))).join();
        alice.socket().sendText(text.substring(40, 90), false).join();
        alice.socket().sendText(text.substring(90), true).join();

        alice.awaitFinal(first);
        Request second = alice.request("OPTIONS", "sip:sip.test");
        alice.socket()
                .sendBinary(ByteBuffer.wrap(second.text().getBytes(ISO_8859_1)), true)
                .join();
        alice.awaitFinal(second);
        Awaitility.await().until(() -> alice.history().contains("received a pong\nbetween"));
    }

    @Test
    void utf8IsSentAsTextAndOtherBytesAsBinary() {
        WireClient.Web bob = registered("bob", TransportKind.WS);
        WireClient.Udp alice = proxy.udp("alice");

        alice.send(new String(
                alice.request("MESSAGE", "sip:bob@sip.test")
                        .body("text/plain", "gr\u00fc\u00dfe")
                        .text()
                        .replace("Content-Length: 5", "Content-Length: 7")
                        .getBytes(UTF_8),
                ISO_8859_1));
        assertThat(new String(bob.awaitRequest("MESSAGE").text().getBytes(ISO_8859_1), UTF_8))
                .endsWith("gr\u00fc\u00dfe");
        assertThat(bob.history()).doesNotContain("binary");
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "gr\u00fc\u00dfe"));
        assertThat(bob.awaitRequest("MESSAGE").text()).endsWith("gr\u00fc\u00dfe");
        assertThat(bob.history()).contains("binary");
    }

    @Test
    void lineEndsGetThePongOfAKeepalive() {
        WireClient.Web alice = web("alice");

        alice.send("\r\n\r\n");

        Awaitility.await().until(() -> alice.history().contains("received a line end"));
    }

    @Test
    void aMessageThatIsTooLongClosesTheConnection() {
        restart(options ->
                options.parseLimits(ParseLimits.builder().messageBytes(2_000).build()));
        WireClient.Web whole = web("whole");
        WireClient.Web pieces = web("pieces");

        whole.socket().sendText("x".repeat(2_001), true).join();
        pieces.socket().sendText("x".repeat(1_500), false).join();
        pieces.socket().sendText("x".repeat(1_500), true).join();

        assertThat(whole.awaitClose()).isEqualTo(1009);
        assertThat(pieces.awaitClose()).isEqualTo(1009);
    }

    @Test
    void aCloseGetsACloseFrame() {
        WireClient.Web alice = web("alice");

        alice.socket().sendClose(1000, "bye").join();

        assertThat(alice.awaitClose()).isEqualTo(1000);
        Awaitility.await().until(() -> proxy.proxy().statistics().connections() == 0);
    }

    @Test
    void anIdleConnectionIsClosedAndAPingKeepsItOpen() throws Exception {
        restart(options -> options.streamLimits(
                StreamLimits.builder().idleTimeout(Duration.ofSeconds(1)).build()));
        WireClient.Web idle = web("idle");
        WireClient.Web busy = web("busy");
        for (int i = 0; i < 7; i++) {
            busy.socket().sendPing(ByteBuffer.wrap(new byte[] {'p'})).join();
            Thread.sleep(200);
        }

        assertThat(idle.awaitClose()).isEqualTo(1001);
        busy.awaitFinal(busy.send(busy.request("OPTIONS", "sip:sip.test")));
    }

    @Test
    void aPageThatVanishedWithoutAFinLosesItsConnectionAndItsBinding() throws Exception {
        restart(options -> options.streamLimits(
                StreamLimits.builder().webSocketPing(Duration.ofSeconds(1)).build()));
        WireClient.Web alive = registered("alive", TransportKind.WS);
        try (Socket vanished = upgraded()) {
            vanished.getOutputStream().write(frame("""
                REGISTER sip:sip.test SIP/2.0
                Via: SIP/2.0/WS gone.invalid;branch=z9hG4bKgone
                Max-Forwards: 70
                From: <sip:gone@sip.test>;tag=1
                To: <sip:gone@sip.test>
                Call-ID: gone@gone.invalid
                CSeq: 1 REGISTER
                Contact: <sip:gone@gone.invalid;transport=ws>
                Content-Length: 0

                """.replace("\n", "\r\n")));
            Awaitility.await()
                    .until(() -> proxy.proxy()
                                    .locationStore()
                                    .lookup(new Aor("gone", "sip.test"))
                                    .size()
                            == 1);

            assertThat(rest(vanished))
                    .as("the response, one ping, a close frame")
                    .contains("SIP/2.0 200 OK\r\n")
                    .containsPattern("\r\n\r\n\u0089\u0000\u0088");
        }

        Awaitility.await().until(() -> proxy.proxy().statistics().unresponsiveConnections() == 1);
        Awaitility.await()
                .until(() -> proxy.proxy()
                        .locationStore()
                        .lookup(new Aor("gone", "sip.test"))
                        .isEmpty());
        alive.awaitFinal(alive.send(alive.request("OPTIONS", "sip:sip.test")));
        assertThat(proxy.proxy().locationStore().lookup(new Aor("alive", "sip.test")))
                .hasSize(1);
    }

    @Test
    void withoutPingsASilentPeerStays() throws Exception {
        restart(options -> options.streamLimits(StreamLimits.builder()
                .webSocketPing(Duration.ZERO)
                .idleTimeout(Duration.ofSeconds(2))
                .build()));
        try (Socket silent = upgraded()) {
            assertThat(rest(silent)).as("a close frame, no ping").startsWith("\u0088");
        }
        assertThat(proxy.proxy().statistics().unresponsiveConnections()).isZero();
    }

    @Test
    void theProxySendsACloseFrameWhenItCloses() {
        WireClient.Web alice = web("alice");
        alice.awaitFinal(alice.send(alice.request("OPTIONS", "sip:sip.test")));

        proxy.proxy().close();

        assertThat(alice.awaitClose()).isEqualTo(1001);
    }

    // ---- the handshake

    @Test
    void theHandshakeGetsTheResponseOfTheRfc() throws Exception {
        try (Socket socket = plain()) {
            socket.getOutputStream().write(UPGRADE.getBytes(US_ASCII));

            String head = head(socket);

            assertThat(head).startsWith("HTTP/1.1 101 ");
            assertThat(head.toLowerCase(java.util.Locale.ROOT))
                    .contains("sec-websocket-protocol: sip\r\n", "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "Sec-WebSocket-Protocol: sip, Sec-WebSocket-Protocol: xmpp, 400",
        "Sec-WebSocket-Protocol: sip, X-Nothing: 1,                 400",
        "Sec-WebSocket-Version: 13,   Sec-WebSocket-Version: 8,     426",
        "Upgrade: websocket,          Upgrade: h2c,                 426",
        "GET /sip,                    POST /sip,                    426",
        "GET /sip HTTP/1.1,           garbage,                      400",
        "Sec-WebSocket-Key,           X-Key,                        400",
        "HTTP/1.1,                    HTTP/1.0,                     426"
    })
    void anotherRequestIsRefused(String part, String instead, int status) throws Exception {
        try (Socket socket = plain()) {
            socket.getOutputStream().write(UPGRADE.replace(part, instead).getBytes(US_ASCII));

            assertThat(head(socket)).startsWith("HTTP/1.1 " + status + " ");
            assertThat(rest(socket)).as("a line with the reason, then the end").endsWith("\n");
        }
    }

    @Test
    void onlyPagesOfTheAllowedOriginsConnect() throws Exception {
        restart(options -> options.webSocketOrigins("https://Phone.example.org"));
        for (List<String> pair : List.of(
                List.of("Origin: https://phone.example.org\r\n", "101"),
                List.of("", "101"),
                List.of("Origin: https://evil.example\r\n", "403"),
                List.of("Origin: null\r\n", "403"))) {
            try (Socket socket = plain()) {
                socket.getOutputStream()
                        .write(UPGRADE.replace("Host:", pair.get(0) + "Host:").getBytes(US_ASCII));

                assertThat(head(socket)).startsWith("HTTP/1.1 " + pair.get(1) + " ");
            }
        }
    }

    @Test
    void anOriginIsSchemeAndHost() {
        assertThatThrownBy(() -> start(options -> options.webSocketOrigins("phone.example.org/")))
                .hasMessageContaining("webSocketOrigins: \"phone.example.org/\" (expected scheme and host");
    }

    @Test
    void aRequestWithTooManyHeadersIsRefused() throws Exception {
        try (Socket socket = plain()) {
            socket.getOutputStream()
                    .write(UPGRADE.replace("Host:", ("X-Long: " + "x".repeat(1000) + "\r\n").repeat(20) + "Host:")
                            .getBytes(US_ASCII));

            assertThat(head(socket)).startsWith("HTTP/1.1 4");
        }
    }

    @Test
    void anUnfinishedHandshakeEndsAfterItsTimeout() throws Exception {
        restart(options -> options.streamLimits(
                StreamLimits.builder().messageTimeout(Duration.ofMillis(300)).build()));
        try (Socket silent = plain();
                Socket half = plain()) {
            half.getOutputStream().write("GET / HTTP/1.1\r\nHos".getBytes(US_ASCII));

            assertThat(rest(silent)).isEmpty();
            assertThat(rest(half)).isEmpty();
        }
        assertThat(proxy.proxy().statistics().failedHandshakes()).isEqualTo(2);
    }

    @Test
    void anUnfinishedMessageEndsAfterItsTimeout() throws Exception {
        restart(options -> options.streamLimits(
                StreamLimits.builder().messageTimeout(Duration.ofMillis(300)).build()));
        WireClient.Web idle = web("idle");
        WireClient.Web fragments = web("fragments");
        fragments.socket().sendText("OPTIONS ", false).join();
        try (Socket half = upgraded()) {
            half.getOutputStream().write(new byte[] {(byte) 0x81, (byte) 0x85, 1, 2, 3, 4, 5}); // one byte of five

            rest(half);
        }

        assertThat(fragments.awaitClose()).isEqualTo(1001);
        idle.awaitFinal(idle.send(idle.request("OPTIONS", "sip:sip.test")));
    }

    @Test
    void invalidFramesCloseTheConnection() throws Exception {
        for (byte[] frame : List.of(
                new byte[] {(byte) 0x81, 1, 'x'}, // not masked
                new byte[] {(byte) 0x83, (byte) 0x80, 1, 2, 3, 4}, // opcode 3
                new byte[] {(byte) 0x80, (byte) 0x80, 1, 2, 3, 4}, // a continuation without a first frame
                new byte[] {(byte) 0x81, (byte) 0x81, 0, 0, 0, 0, (byte) 0xff}, // text that is not UTF-8
                new byte[] {(byte) 0xf1, (byte) 0x80, 1, 2, 3, 4})) { // extensions
            try (Socket socket = upgraded()) {
                socket.getOutputStream().write(frame);

                assertThat(rest(socket).charAt(0)).as("a close frame").isEqualTo('\u0088');
            }
        }
        registered("bob", TransportKind.WS);
    }

    /** Returns a text frame that is masked with zeros. */
    private static byte[] frame(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        return ByteBuffer.allocate(8 + bytes.length)
                .put((byte) 0x81)
                .put((byte) 0xfe)
                .putShort((short) bytes.length)
                .putInt(0)
                .put(bytes)
                .array();
    }

    private Socket upgraded() throws IOException {
        Socket socket = plain();
        socket.getOutputStream().write(UPGRADE.getBytes(US_ASCII));
        assertThat(head(socket)).startsWith("HTTP/1.1 101 ");
        return socket;
    }

    private Socket plain() throws IOException {
        Socket socket = new Socket(
                proxy.address(TransportKind.WS).getAddress(),
                proxy.address(TransportKind.WS).getPort());
        socket.setSoTimeout(5_000);
        return socket;
    }

    private static String head(Socket socket) throws IOException {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        while (!head.toString(ISO_8859_1).endsWith("\r\n\r\n")) {
            int b = socket.getInputStream().read();
            if (b < 0) {
                break;
            }
            head.write(b);
        }
        return head.toString(ISO_8859_1);
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }
}

package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.StreamLimits;

/** Connection limits against peers that open many connections, stay silent, or send bytes that are not SIP. */
@EnabledOnOs(OS.LINUX) // there all of 127.0.0.0/8 belongs to this machine
class ConnectionLimitsTest {

    private final List<Socket> sockets = new ArrayList<>();
    private final List<SecurityEvent> events = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private static StreamLimits limits(int connections, int perSource, Duration firstMessage) {
        return StreamLimits.builder()
                .connections(connections)
                .connectionsPerSource(perSource)
                .firstMessageTimeout(firstMessage)
                .build();
    }

    /** Authenticates a request with {@code X-Password: right} as the user of From. Accepts all other requests. */
    private static final class HeaderPassword implements Authentication {

        @Override
        public Verdict handle(StageContext context) {
            if (new String(context.request().toBytes(), ISO_8859_1).contains("X-Password: right")) {
                context.authenticated("alice", "sip.test", -1);
            }
            return Verdict.proceed();
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    private ProxyUnderTest started(StreamLimits limits) {
        return ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.tcp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(new HeaderPassword())
                .listener(events::add)
                .streamLimits(limits));
    }

    private Socket connect(ProxyUnderTest proxy, String from) throws IOException {
        Socket socket = new Socket();
        sockets.add(socket);
        socket.setSoTimeout(10_000);
        socket.bind(new InetSocketAddress(InetAddress.getByName(from), 0));
        socket.connect(proxy.address(TransportKind.TCP));
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.replace("\n", "\r\n").getBytes(ISO_8859_1));
        socket.getOutputStream().flush();
    }

    private static String options(String... headerLines) {
        return "OPTIONS sip:sip.test SIP/2.0\nVia: SIP/2.0/TCP a.test;branch=z9hG4bK" + WireClient.unique("b")
                + "\nFrom: <sip:alice@sip.test>;tag=1\nTo: <sip:sip.test>\nCall-ID: " + WireClient.unique("c")
                + "\nCSeq: 1 OPTIONS\nMax-Forwards: 70\n" + String.join("", headerLines)
                + "Content-Length: 0\n\n";
    }

    private static String register() {
        return options("X-Password: right\n").replace("OPTIONS", "REGISTER").replace("To: <sip:", "To: <sip:alice@");
    }

    /** Returns the status of the next response; -1 if the connection ends first. */
    private static int status(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (!head.toString().endsWith("\r\n\r\n")) {
            int c;
            try {
                c = in.read();
            } catch (java.net.SocketException e) {
                c = -1; // a reset is an end too
            }
            if (c < 0) {
                return -1;
            }
            head.append((char) c);
        }
        return Integer.parseInt(head.substring(8, 11));
    }

    private static boolean isOpen(Socket socket) throws IOException {
        send(socket, options());
        return status(socket) == 200;
    }

    @Test
    void silentConnectionsFromManyAddressesLeaveRoomForAnHonestClient() throws IOException {
        try (ProxyUnderTest proxy = started(limits(80, 20, Duration.ofSeconds(20)))) {
            Socket registered = connect(proxy, "127.0.0.9");
            send(registered, register());
            assertThat(status(registered)).isEqualTo(200);
            for (int i = 0; i < 200; i++) {
                connect(proxy, "127.0.1." + i % 10);
            }

            Socket honest = connect(proxy, "127.0.0.10");
            assertThat(isOpen(honest)).isTrue();
            for (int i = 0; i < 200; i++) {
                connect(proxy, "127.0.1." + i % 10);
            }

            assertThat(isOpen(honest)).isTrue();
            assertThat(isOpen(registered)).isTrue();
            await().untilAsserted(() -> {
                ProxyStatistics statistics = proxy.proxy().statistics();
                assertThat(statistics.connections()).isLessThanOrEqualTo(61);
                assertThat(statistics.unprovenConnections()).isLessThanOrEqualTo(60);
                // the registered connection is proven, and all others but sixty were evicted
                assertThat(statistics.evictedConnections() + statistics.refusedConnections())
                        .isEqualTo(341);
            });
            assertThat(events)
                    .hasOnlyElementsOfType(SecurityEvent.LimitHit.class)
                    .allSatisfy(e -> {
                        assertThat(e.origin().transport()).isEqualTo(TransportKind.TCP);
                        assertThat(e.source().getAddress().getHostAddress()).startsWith("127.0.1.");
                    });
        }
    }

    @Test
    void statisticsCountConnectionsAndWhatFailedOnThem() throws IOException {
        int closedPort;
        try (java.net.ServerSocket closed = new java.net.ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closedPort = closed.getLocalPort();
        }
        try (ProxyUnderTest proxy = started(limits(80, 20, Duration.ofSeconds(20)))) {
            Socket peer = connect(proxy, "127.0.0.9");
            assertThat(isOpen(peer)).isTrue();
            send(
                    peer,
                    options("X-Password: right\n")
                            .replace("sip:sip.test SIP", "sip:127.0.0.1:" + closedPort + ";transport=tcp SIP"));
            assertThat(status(peer)).isEqualTo(500);

            send(peer, options().replace("Content-Length: 0\n", ""));

            await().untilAsserted(() -> {
                ProxyStatistics statistics = proxy.proxy().statistics();
                assertThat(statistics.acceptedConnections()).isEqualTo(1);
                assertThat(statistics.openedConnections()).isZero();
                assertThat(statistics.failedConnects()).isEqualTo(1);
                assertThat(statistics.streamSendFailures()).isEqualTo(1);
                assertThat(statistics.unframeableStreams()).isEqualTo(1);
            });
        }
    }

    @Test
    void connectionsWithOneValidMessageEachLeaveRoomForAnHonestClientToo() throws IOException {
        try (ProxyUnderTest proxy = started(limits(40, 40, Duration.ofSeconds(20)))) {
            for (int i = 0; i < 60; i++) {
                assertThat(isOpen(connect(proxy, "127.0.1." + i % 5))).isTrue();
            }

            Socket honest = connect(proxy, "127.0.0.10");
            send(honest, register());
            assertThat(status(honest)).isEqualTo(200);
            for (int i = 0; i < 60; i++) {
                connect(proxy, "127.0.1." + i);
            }

            assertThat(isOpen(honest)).isTrue();
        }
    }

    @Test
    void knownPhoneReconnectsWhileStrangersHoldAllTheirPlaces() throws IOException {
        try (ProxyUnderTest proxy = started(limits(16, 16, Duration.ofSeconds(20)))) {
            Socket phone = connect(proxy, "127.0.0.9");
            send(phone, register());
            assertThat(status(phone)).isEqualTo(200);
            phone.close();
            List<Socket> strangers = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                strangers.add(connect(proxy, "127.0.1." + i));
                assertThat(isOpen(strangers.get(i))).isTrue();
            }

            assertThat(isOpen(connect(proxy, "127.0.0.9"))).isTrue();

            for (Socket stranger : strangers) {
                assertThat(isOpen(stranger))
                        .as("the phone took a reserved place")
                        .isTrue();
            }
        }
    }

    @Test
    void invalidMessagesDoNotKeepAConnection() throws IOException {
        try (ProxyUnderTest proxy = started(limits(100, 100, Duration.ofSeconds(1)))) {
            Socket valid = connect(proxy, "127.0.0.2");
            assertThat(isOpen(valid)).isTrue();
            Socket malformed = connect(proxy, "127.0.0.3");
            send(malformed, options().replace("CSeq: 1", "CSeq: x"));
            assertThat(status(malformed)).isEqualTo(400);
            Socket response = connect(proxy, "127.0.0.4");
            send(response, "SIP/2.0 200 OK\nContent-Length: 0\n\n");
            Socket silent = connect(proxy, "127.0.0.5");

            assertThat(status(malformed)).isEqualTo(-1);
            assertThat(status(response)).isEqualTo(-1);
            assertThat(status(silent)).isEqualTo(-1);

            assertThat(isOpen(valid)).isTrue();
            await().untilAsserted(() ->
                    assertThat(proxy.proxy().statistics().silentConnections()).isEqualTo(3));
        }
    }

    @Test
    void filterDecidesAboutBytesThatCannotBeFramed() throws IOException {
        AtomicBoolean isOpen = new AtomicBoolean(true);
        AtomicInteger arrived = new AtomicInteger();
        ArrivalFilter filter = new ArrivalFilter() {
            @Override
            public boolean accepts(Flow flow, int length) {
                arrived.incrementAndGet();
                return isOpen.get();
            }
        };
        ProxyComponent component = new ProxyComponent() {
            @Override
            public void install(ComponentHooks hooks) {
                hooks.onArrival(filter);
            }
        };
        String noLength = "INVITE sip:a SIP/2.0\nVia: SIP/2.0/TCP a\n\n";
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(component))) {
            Socket served = connect(proxy, "127.0.0.2");
            send(served, noLength);
            assertThat(status(served)).isEqualTo(400);

            isOpen.set(false);
            Socket refused = connect(proxy, "127.0.0.2");
            send(refused, noLength);

            assertThat(status(refused)).isEqualTo(-1);
            assertThat(arrived).hasValue(2);
            assertThat(proxy.proxy().statistics().filtered()).isOne();
        }
    }
}

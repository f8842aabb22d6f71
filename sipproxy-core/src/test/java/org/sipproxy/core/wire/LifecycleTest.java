package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.BindFailedException;

/** Start and close of a proxy. */
class LifecycleTest {

    private static SipProxyBuilder minimal() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication();
    }

    private static InetSocketAddress loopback(int port) {
        return new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    }

    // ---- start

    @Test
    void boundEndpointsHaveThePortsThatTheSystemChose() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            assertThat(proxy.proxy().boundEndpoints()).hasSize(2).allMatch(e -> e.port() > 0);
        }
    }

    @Test
    void startReportsTheUdpEndpointInUseAndLeavesNothingOpen() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(loopback(0))) {
            Endpoint conflict = Endpoint.udp("127.0.0.1", taken.getLocalPort());
            int free = freeTcpPort();
            SipProxy proxy = SipProxy.builder()
                    .listen(Endpoint.tcp("127.0.0.1", free))
                    .listen(conflict)
                    .domain("sip.test")
                    .noAuthentication()
                    .build();

            BindFailedException e = catchThrowableOfType(BindFailedException.class, proxy::start);

            assertThat(e.endpoint()).isEqualTo(conflict);
            assertThat(e)
                    .hasMessage("listen: " + conflict
                            + " is already in use; stop the other process or listen on another port");
            try (ServerSocket again = new ServerSocket(free, 1, InetAddress.getLoopbackAddress())) {
                assertThat(again.isBound()).isTrue();
            }
        }
    }

    @Test
    void startReportsTheTcpEndpointInUse() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Endpoint conflict = Endpoint.tcp("127.0.0.1", taken.getLocalPort());
            SipProxy proxy = minimal().listen(conflict).build();

            assertThatThrownBy(proxy::start).hasMessageStartingWith("listen: " + conflict + " is already in use");
        }
    }

    /** An operator corrects the port without waiting for a million rows to be read first. */
    @Test
    void endpointInUseIsReportedBeforeTheDatabaseIsRead() throws Exception {
        HeapBindingRepository unreadable = new HeapBindingRepository();
        unreadable.fail(LocationStoreException.Kind.FAILED);
        SipProxyBuilder options = minimal().locationStore(StoreMode.writeThrough(unreadable));
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            SipProxy proxy = options.listen(Endpoint.tcp("127.0.0.1", taken.getLocalPort()))
                    .build();

            assertThatThrownBy(proxy::start).isInstanceOf(BindFailedException.class);
        }
    }

    @Test
    void unreadableDatabaseLeavesNothingOpen() throws Exception {
        HeapBindingRepository unreadable = new HeapBindingRepository();
        unreadable.fail(LocationStoreException.Kind.FAILED);
        int port = freeTcpPort();
        SipProxy proxy = minimal()
                .listen(Endpoint.tcp("127.0.0.1", port))
                .locationStore(StoreMode.writeThrough(unreadable))
                .build();

        assertThatThrownBy(proxy::start).isInstanceOf(LocationStoreException.class);

        try (ServerSocket again = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            assertThat(again.isBound()).isTrue();
        }
        assertThat(proxy.boundEndpoints()).isEmpty();
    }

    @Test
    void secondProxyOnTheSamePortIsRefused() {
        try (ProxyUnderTest first = ProxyUnderTest.start()) {
            Endpoint same =
                    Endpoint.udp("127.0.0.1", first.address(TransportKind.UDP).getPort());
            SipProxy second = SipProxy.builder()
                    .listen(same)
                    .domain("sip.test")
                    .noAuthentication()
                    .udpReceivers(4)
                    .build();

            assertThatThrownBy(second::start)
                    .isInstanceOf(BindFailedException.class)
                    .hasMessageContaining("already in use");
        }
    }

    @Test
    void addressOfAnotherMachineIsDistinguishedFromAPortInUse() {
        SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("192.0.2.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .build();

        assertThatThrownBy(proxy::start).hasMessageContaining("is not an address of this machine");
    }

    @Test
    void proxyIsStartedOnce() {
        SipProxy proxy = minimal().build();
        proxy.start();
        assertThatThrownBy(proxy::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("running");
        proxy.close();
        assertThatThrownBy(proxy::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        proxy.close();
    }

    private static int freeTcpPort() throws Exception {
        try (ServerSocket probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return probe.getLocalPort();
        }
    }

    // ---- close

    @Test
    void closeReleasesItsPorts() throws Exception {
        ProxyUnderTest proxy = ProxyUnderTest.start();
        InetSocketAddress udp = proxy.address(TransportKind.UDP);
        InetSocketAddress tcp = proxy.address(TransportKind.TCP);
        WireClient.Tcp client = proxy.tcp("client");
        client.pendingAfterRoundTrip();

        proxy.proxy().close();

        client.awaitEnd();
        try (DatagramSocket again = new DatagramSocket(udp);
                ServerSocket listening = new ServerSocket()) {
            listening.setReuseAddress(true);
            listening.bind(tcp);
            assertThat(again.isBound()).isTrue();
        }
    }

    @Test
    void closeEndsItsThreads() {
        ProxyUnderTest proxy = ProxyUnderTest.start();
        int port = proxy.address(TransportKind.UDP).getPort();

        proxy.proxy().close();

        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(t -> t.getName().contains("sipproxy-udp-" + port)));
    }

    @Test
    void callInFlightMayEndWhileTheProxyCloses() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("INVITE");
            bob.respond(received, 180);
            alice.awaitResponse(invite, 180);

            Thread closing = new Thread(proxy.proxy()::close);
            closing.start();
            Request late;
            do {
                late = alice.send(alice.request("OPTIONS", "sip:sip.test"));
            } while (alice.awaitFinal(late).status() != 503);
            bob.respond(received, 200);

            alice.awaitResponse(invite, 200);
            closing.join(5_000);
            assertThat(closing.isAlive()).isFalse();
        }
    }

    @Test
    void callThatDoesNotEndInTimeIs503AndItsPhoneStopsRinging() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
            bob.respond(bob.awaitRequest("INVITE"), 180);
            alice.awaitResponse(invite, 180);

            proxy.proxy().close();

            alice.awaitResponse(invite, 503);
            bob.awaitRequest("CANCEL");
        }
    }

    @Test
    void newRequestDuringCloseGetsRetryAfterEvenIfStagesMayBlock() throws Exception {
        RequestStage mayBlock = context -> Verdict.proceed();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(mayBlock))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Request held = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("MESSAGE");
            Thread closing = new Thread(proxy.proxy()::close);
            closing.start();

            WireMessage answer;
            do {
                answer = alice.awaitFinal(alice.send(alice.request("OPTIONS", "sip:sip.test")));
            } while (answer.status() == 200);
            bob.respond(received, 486);

            assertThat(answer.status()).isEqualTo(503);
            assertThat(Integer.parseInt(answer.header("Retry-After"))).isPositive();
            alice.awaitResponse(held, 486);
            closing.join(5_000);
            assertThat(closing.isAlive()).isFalse();
        }
    }
}

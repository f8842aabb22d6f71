package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.core.options.RegistrarPolicy;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.core.options.StreamLimits;
import org.sipproxy.message.Method;

/** Lifecycle of proxies: built, started, closed, and several in one JVM. */
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

    // ---- the builder

    @Test
    void builderReportsAllProblemsAtOnceEachWithItsValueAndTheFix() {
        ConfigurationException e = catchThrowableOfType(
                ConfigurationException.class,
                () -> SipProxy.builder()
                        .domain("sip:example.org")
                        .alias("pbx:99999")
                        .udpReceivers(0)
                        .workerThreads(5_000)
                        .waitLimit(Duration.ofMinutes(5))
                        .build());

        assertThat(e.getMessage().lines())
                .anyMatch(l -> l.equals("listen: no endpoint; add one, such as udp:0.0.0.0:5060"))
                .anyMatch(l -> l.startsWith("domain: \"sip:example.org\" is not a host"))
                .anyMatch(l -> l.startsWith("alias: \"pbx:99999\""))
                .anyMatch(l -> l.startsWith("authentication: neither"))
                .anyMatch(l -> l.equals("waitLimit: 5m (expected 1s to 30s)"))
                .anyMatch(l -> l.startsWith("udpReceivers: 0 (expected 1 to 64)"))
                .anyMatch(l -> l.startsWith("workerThreads: 5000 (expected 1 to 1,000)"));
        assertThat(e.problems())
                .extracting(ConfigurationProblem::option)
                .containsExactlyInAnyOrder(
                        "listen", "domain", "alias", "authentication", "waitLimit", "udpReceivers", "workerThreads");
    }

    @Test
    void optionsTellAllTheirProblemsAtOnce() {
        assertThatThrownBy(RegistrarPolicy.builder()
                        .minExpires(Duration.ofHours(3))
                        .maxContacts(65)::build)
                .hasMessage("""
                        minExpires: 3h (expected 0s to 1h)
                        maxContacts: 65 (expected 1 to 64)
                        minExpires: 3h is above maxExpires 1h
                        defaultExpires: 1h (expected minExpires 3h to maxExpires 1h)""");
        assertThatThrownBy(SipTimers.builder().t1(Duration.ofMinutes(5))::build)
                .hasMessage("t1: 5m (expected 10ms to 10s)\nt2: 4s (expected 5m to 1m)");
        assertThatThrownBy(StreamLimits.builder().connections(0).idleTimeout(Duration.ZERO)::build)
                .hasMessage("connections: 0 (expected 1 to 1,000,000)\nidleTimeout: 0s (expected 1s to 24h)");
    }

    @Test
    void optionsAreCopiedWithOtherValues() {
        StreamLimits limits = StreamLimits.builder()
                .connections(5)
                .connectionsPerSource(4)
                .firstMessageTimeout(Duration.ofSeconds(3))
                .idleTimeout(Duration.ofSeconds(6))
                .messageTimeout(Duration.ofSeconds(7))
                .connectTimeout(Duration.ofSeconds(8))
                .bufferedBytes(2_000)
                .build();
        assertThat(limits.toBuilder().build()).usingRecursiveComparison().isEqualTo(limits);
        assertThat(limits.toBuilder().connections(6).build().connections()).isEqualTo(6);

        SipTimers timers = SipTimers.builder()
                .t1(Duration.ofMillis(20))
                .t2(Duration.ofMillis(30))
                .t4(Duration.ofMillis(40))
                .transactionTimeout(Duration.ofSeconds(2))
                .ringTimeout(Duration.ofSeconds(3))
                .build();
        assertThat(timers.toBuilder().build()).usingRecursiveComparison().isEqualTo(timers);

        RegistrarPolicy policy = RegistrarPolicy.builder()
                .minExpires(Duration.ofSeconds(1))
                .defaultExpires(Duration.ofSeconds(2))
                .maxExpires(Duration.ofSeconds(3))
                .maxContacts(4)
                .whenFull(RegistrarPolicy.WhenFull.REJECT)
                .contactMatching(RegistrarPolicy.ContactMatching.EXACT_TEXT)
                .userCaseSensitive(true)
                .connectionLoss(RegistrarPolicy.ConnectionLoss.KEEP)
                .pathWithoutSupported(RegistrarPolicy.PathWithoutSupported.STORE)
                .build();
        assertThat(policy.toBuilder().build()).usingRecursiveComparison().isEqualTo(policy);

        ContactPolicy contacts =
                ContactPolicy.ANYWHERE.toBuilder().multicast(true).build();
        assertThat(contacts.toBuilder().build()).usingRecursiveComparison().isEqualTo(contacts);
    }

    @Test
    void buildOpensNothing() throws Exception {
        try (DatagramSocket taken = new DatagramSocket(loopback(0))) {
            SipProxy.builder()
                    .listen(Endpoint.udp("127.0.0.1", taken.getLocalPort()))
                    .domain("sip.test")
                    .noAuthentication()
                    .build();
        }
    }

    @Test
    void sameEndpointTwiceIsRefused() {
        assertThatThrownBy(() -> minimal()
                        .listen(Endpoint.udp("127.0.0.1", 5060))
                        .listen(Endpoint.udp("127.0.0.1", 5060))
                        .build())
                .hasMessageContaining("listen: udp:127.0.0.1:5060 is given twice");
    }

    @Test
    void ipv6AddressInAnotherSpellingIsTheSameEndpoint() {
        assertThatThrownBy(() -> minimal()
                        .listen(Endpoint.parse("udp:[::1]:5060"))
                        .listen(Endpoint.parse("udp:[0:0:0:0:0:0:0:1]:5060"))
                        .build())
                .hasMessageContaining("listen: udp:[::1]:5060 is given twice");
    }

    @ParameterizedTest
    @CsvSource({
        "udp:127.0.0.1:5060, udp:localhost:5060",
        "tcp:127.0.0.1:5060, tcp:127.0.0.1.:5060",
        "udp:0.0.0.0:5060,   udp:127.0.0.1:5060",
        "tcp:[::1]:5060,     tcp:[::]:5060",
        "tcp:127.0.0.1:5060, ws:127.0.0.1:5060",
    })
    void sameAddressInAnotherSpellingIsRefused(String one, String other) {
        assertThatThrownBy(() -> minimal()
                        .listen(Endpoint.parse(one))
                        .listen(Endpoint.parse(other))
                        .build())
                .hasMessageContaining("listen: " + Endpoint.parse(other) + " is the address and port of "
                        + Endpoint.parse(one) + " too");
    }

    @ParameterizedTest
    @CsvSource({
        "udp:127.0.0.1:5060, tcp:127.0.0.1:5060",
        "udp:127.0.0.1:5060, udp:127.0.0.2:5060",
        "udp:127.0.0.1:5060, udp:127.0.0.1:5062",
        "udp:127.0.0.1:0,    udp:127.0.0.1:0",
        "udp:0.0.0.0:5060,   udp:[::]:5060",
    })
    void differentAddressesAreNotConfused(String one, String other) {
        minimal()
                .listen(Endpoint.parse(one))
                .listen(Endpoint.parse(other))
                .build()
                .close();
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
            bob.reply(received, 180);
            alice.awaitResponse(invite, 180);

            Thread closing = new Thread(proxy.proxy()::close);
            closing.start();
            Request late;
            do {
                late = alice.send(alice.request("OPTIONS", "sip:sip.test"));
            } while (alice.awaitFinal(late).status() != 503);
            bob.reply(received, 200);

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
            bob.reply(bob.awaitRequest("INVITE"), 180);
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
            bob.reply(received, 486);

            assertThat(answer.status()).isEqualTo(503);
            assertThat(Integer.parseInt(answer.header("Retry-After"))).isPositive();
            alice.awaitResponse(held, 486);
            closing.join(5_000);
            assertThat(closing.isAlive()).isFalse();
        }
    }

    // ---- stages of the host application

    @Test
    void stageThatFailsIs500AndHasNoOtherEffect() {
        RequestStage broken = context -> {
            if (context.request().method().name().equals("BREAK")) {
                throw new IllegalStateException("on purpose");
            }
            return Verdict.proceed();
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(broken))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");

            Request request = alice.send(alice.request("BREAK", "sip:bob@sip.test"));

            alice.awaitResponse(request, 500);
            alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            bob.awaitRequest("MESSAGE");
        }
    }

    @Test
    void stageThatBlocksWithoutDeclaringItIsDetected() {
        RequestStage sleeping = new RequestStage() {
            @Override
            public Verdict handle(StageContext context) throws InterruptedException {
                TimeUnit.MILLISECONDS.sleep(context.request().method() == Method.MESSAGE ? 3_000 : 0);
                return Verdict.respond(486);
            }

            @Override
            public boolean mayBlock() {
                return false;
            }
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(sleeping))) {
            proxy.mayHoldThreads(1);
            WireClient.Udp alice = proxy.udp("alice");
            alice.awaitResponse(alice.send(alice.request("INFO", "sip:bob@sip.test")), 486);

            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            alice.awaitResponse(message, 486);
            assertThat(proxy.proxy().statistics().stalledReceivers()).isOne();
        }
    }

    @Test
    void stageThatCannotDoItsWorkNowIs503WithRetryAfter() {
        RequestStage waiting = context -> {
            throw new TemporarilyUnavailableException("thrown by the test", 7, null);
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(waiting))) {
            WireClient.Udp alice = proxy.udp("alice");

            Request request = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            assertThat(alice.awaitResponse(request, 503).header("Retry-After")).isEqualTo("7");
        }
    }

    @Test
    void stageSeesARetransmittedRequestOnce() {
        List<String> seen = java.util.Collections.synchronizedList(new ArrayList<>());
        RequestStage counting = context -> {
            seen.add(context.request().callId());
            return Verdict.respond(486);
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(counting))) {
            WireClient.Udp alice = proxy.udp("alice");
            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            alice.awaitResponse(message, 486);

            alice.send(message);

            alice.awaitResponse(message, 486);
            assertThat(seen).containsExactly(message.callId());
        }
    }

    // ---- several proxies

    @Test
    void twoProxiesOfOneJvmCallEachOther() {
        try (ProxyUnderTest first = ProxyUnderTest.start();
                ProxyUnderTest second = ProxyUnderTest.start(b -> b.domain("other.test"))) {
            WireClient.Udp alice = first.registered("alice");
            WireClient.Udp bob = second.registered("bob");

            // bob's URI at the second proxy, with a numeric host
            Request invite = alice.send(alice.request("INVITE", "sip:bob@" + second.udpHostPort()));
            WireMessage received = bob.awaitRequest("INVITE");
            assertThat(received.elements("Via")).hasSize(3);
            assertThat(received.header("Max-Forwards")).isEqualTo("68");
            assertThat(received.elements("Record-Route")).hasSize(2);
            WireMessage ok = bob.reply(received, 200);
            Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
            alice.send(caller.ack());
            assertThat(bob.awaitRequest("ACK").elements("Via")).hasSize(3);
            Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
            WireMessage atAlice = alice.awaitRequest("BYE");
            assertThat(atAlice.elements("Via")).hasSize(3);
            assertThat(atAlice.has("Route")).isFalse();
            alice.reply(atAlice, 200);
            bob.awaitResponse(bye, 200);
            assertThat(second.proxy().locationStore()).isNotSameAs(first.proxy().locationStore());
        }
    }

    @Test
    void twoProxiesThatSendToEachOtherForeverEndWith482Or483() {
        try (ProxyUnderTest first = ProxyUnderTest.start();
                ProxyUnderTest second = ProxyUnderTest.start()) {
            WireClient.Udp alice = first.udp("alice");
            WireClient.Udp atSecond = second.udp("alice");
            Request there = alice.request("REGISTER", "sip:sip.test")
                    .to("<sip:loop@sip.test>")
                    .contact("<sip:loop@" + second.udpHostPort() + ">");
            Request back = atSecond.request("REGISTER", "sip:sip.test")
                    .to("<sip:loop@sip.test>")
                    .contact("<sip:loop@" + first.udpHostPort() + ">");
            alice.send(there);
            alice.awaitResponse(there, 200);
            atSecond.send(back);
            atSecond.awaitResponse(back, 200);

            Request invite = alice.send(alice.request("INVITE", "sip:loop@sip.test"));

            WireMessage failure = alice.awaitFinal(invite);
            assertThat(failure.status()).isIn(482, 483);
            alice.send(invite.ack(failure).text());
        }
    }

    @Test
    void fiftyProxiesRunSideBySideAndLeaveNothingBehind() {
        List<ProxyUnderTest> all = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            all.add(ProxyUnderTest.start());
        }
        for (ProxyUnderTest proxy : all) {
            WireClient.Udp bob = proxy.registered("bob");
            Request message = bob.send(bob.request("MESSAGE", "sip:bob@sip.test"));
            bob.reply(bob.awaitRequest("MESSAGE"), 200);
            bob.awaitResponse(message, 200);
        }
        List<Integer> ports =
                all.stream().map(p -> p.address(TransportKind.UDP).getPort()).toList();

        all.forEach(p -> p.proxy().close());

        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(t ->
                                ports.stream().anyMatch(port -> t.getName().startsWith("sipproxy-udp-" + port + "-"))));
        all.forEach(ProxyUnderTest::close);
    }
}

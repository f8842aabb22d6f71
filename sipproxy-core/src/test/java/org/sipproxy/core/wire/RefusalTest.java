package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.Method;

/** A stranger gets one packet for each that it sends, and leaves no state (RFC 3261 §26.3.2.4). */
class RefusalTest {

    /**
     * Stage of a host application without {@link RequestStage#isRepeatable}: each request gets its transaction first.
     */
    private record Refusing(int status, boolean mayBlock) implements RequestStage {

        @Override
        public Verdict handle(StageContext context) {
            return context.request().method() == Method.INVITE ? Verdict.respond(status) : Verdict.proceed();
        }
    }

    private static Request strange(WireClient from, String method, String uri) {
        return from.request(method, uri).from("<sip:mallory@foreign.test>;tag=1");
    }

    /** Waits for six transmissions to a silent phone, in which Timer G fires several times. */
    private static void letTimersPass(WireClient.Udp alice, WireClient.Udp silent) {
        silent.discardPending();
        alice.send(alice.request("MESSAGE", "sip:" + silent.name() + "@sip.test"));
        for (int i = 0; i < 6; i++) {
            silent.awaitRequest("MESSAGE");
        }
    }

    private static List<WireMessage> responsesTo(WireClient.Udp client, Request request) {
        return client.pending().stream()
                .filter(m -> m.isResponse() && m.branch().equals(request.branch()))
                .toList();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "403 | sip:eve@198.51.100.1      | Subject: x",
                "404 | sip:nobody@sip.test       | Subject: x",
                "416 | mailto:bob@sip.test       | Subject: x",
                "420 | sip:silent@sip.test       | Proxy-Require: privacy",
                "484 | sip:sip.test              | Subject: x",
                "483 | sip:silent@sip.test       | Max-Forwards: 0",
                "400 | sip:silent@sip.test       | Route: <sip:a b@sip.test>",
            })
    void refusedInviteGetsOnePacketAndLeavesNoState(int status, String uri, String line) {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK))) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp silent = proxy.registered("silent");
            Request invite = strange(alice, "INVITE", uri);
            if (line.startsWith("Max-Forwards")) {
                invite.maxForwards(Integer.parseInt(line.substring(line.indexOf(' ') + 1)));
            } else {
                invite.with(line);
            }
            if (uri.startsWith("mailto")) {
                invite.to("<sip:bob@sip.test>");
            }

            alice.send(invite);
            WireMessage refusal = alice.awaitFinal(invite);
            assertThat(refusal.status()).isEqualTo(status);
            assertThat(proxy.proxy().statistics().serverTransactions()).isZero();
            assertThat(proxy.proxy().statistics().lingeringTransactions()).isZero();
            letTimersPass(alice, silent);

            assertThat(responsesTo(alice, invite)).isEmpty();
        }
    }

    @Test
    void retransmissionIsRefusedAgainWithTheSameTag() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp alice = proxy.udp("alice");
            Request invite = alice.send(strange(alice, "INVITE", "sip:nobody@sip.test"));
            WireMessage first = alice.awaitResponse(invite, 404);

            alice.send(invite);

            assertThat(alice.awaitResponse(invite, 404).text()).isEqualTo(first.text());
            assertThat(proxy.proxy().statistics().retransmissions()).isZero();
        }
    }

    @ParameterizedTest
    @CsvSource({"403,false", "480,false", "503,false", "302,false", "407,false", "480,true"})
    void refusalOfAHostsStageIsOnePacketToo(int status, boolean mayBlock) {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                b -> b.timers(ProxyUnderTest.QUICK).beforeRouting(new Refusing(status, mayBlock)))) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp bob = proxy.registered("bob");
            Request invite = alice.send(strange(alice, "INVITE", "sip:bob@sip.test"));
            WireMessage refusal = alice.awaitResponse(invite, status);
            letTimersPass(alice, bob);
            assertThat(responsesTo(alice, invite))
                    .as("neither a 100 nor a retransmission")
                    .isEmpty();
            assertThat(proxy.proxy().statistics().serverTransactions())
                    .as("the transaction of the MESSAGE")
                    .isOne();

            alice.send(invite);
            assertThat(alice.awaitResponse(invite, status).text()).isEqualTo(refusal.text());

            bob.discardPending();
            alice.send(invite.ack(refusal).text());
            alice.pendingAfterRoundTrip();
            assertThat(bob.pendingAfterRoundTrip())
                    .as("the ACK of a refusal ends at the proxy")
                    .noneMatch(m -> m.method().equals("ACK"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE"})
    void requestThatNoBranchCouldBeStartedForIsRefusedOnce(String method) {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK))) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp silent = proxy.registered("silent");
            WireClient.Udp bob = proxy.udp("bob");
            // a family that the proxy does not listen on, so that it has no flow there
            Request register = bob.request("REGISTER", "sip:sip.test")
                    .to("<sip:bob@sip.test>")
                    .contact("<sip:bob@[2001:db8::1]>");
            bob.send(register);
            bob.awaitResponse(register, 200);

            Request request = alice.send(strange(alice, method, "sip:bob@sip.test"));
            assertThat(alice.awaitFinal(request).status()).isEqualTo(480);
            letTimersPass(alice, silent);

            assertThat(responsesTo(alice, request)).isEmpty();
        }
    }

    @Test
    void refusalOfATrustedPeerIsReliable() {
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK).beforeAuthentication(ProxyUnderTest.TRUST))) {
            WireClient.Udp peer = proxy.udp("peer");
            Request invite = peer.send(strange(peer, "INVITE", "sip:nobody@sip.test"));

            peer.awaitResponse(invite, 404);
            peer.awaitResponse(invite, 404);
            WireMessage refusal = peer.awaitResponse(invite, 404);

            peer.send(invite.ack(refusal).text());
        }
    }

    @Test
    void relayedInviteOfAStrangerStillEndsReliably() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK))) {
            WireClient.Udp alice = proxy.udp("alice");
            WireClient.Udp bob = proxy.registered("bob");
            Request invite = alice.send(strange(alice, "INVITE", "sip:bob@sip.test"));
            alice.awaitResponse(invite, 100);
            bob.respond(bob.awaitRequest("INVITE"), 486);

            alice.awaitResponse(invite, 486);
            WireMessage again = alice.awaitResponse(invite, 486);

            alice.send(invite.ack(again).text());
        }
    }

    @Test
    void retransmittedRefusalIsOneEventForListeners() {
        List<Integer> completed = new CopyOnWriteArrayList<>();
        ProxyComponent accounting = new ProxyComponent() {
            @Override
            public void install(ComponentHooks hooks) {
                hooks.onRequestCompleted((CompletedRequest done) -> completed.add(done.statusCode()));
            }
        };
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(accounting))) {
            WireClient.Udp alice = proxy.udp("alice");
            Request invite = strange(alice, "INVITE", "sip:nobody@sip.test");
            for (int i = 0; i < 7; i++) {
                alice.send(invite);
                alice.awaitResponse(invite, 404);
            }
            Request other = alice.send(strange(alice, "INVITE", "sip:nobody@sip.test"));
            alice.awaitResponse(other, 404);
            alice.pendingAfterRoundTrip();

            assertThat(completed.stream().filter(status -> status == 404)).hasSize(2);
        }
    }

    /** The reason is one of a bounded number: it has no text that the sender chose. */
    @Test
    void listenerGetsEachRefusalWithItsReason() {
        List<Refusal> refusals = new CopyOnWriteArrayList<>();
        ProxyComponent listener = hooks -> hooks.onRefusal(refusals::add);
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(listener))) {
            WireClient.Udp alice = proxy.udp("alice");
            alice.awaitResponse(alice.send(alice.request("MESSAGE", "sip:nobody@sip.test")), 404);
            alice.awaitResponse(
                    alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with("Route: <sip:a b@sip.test>")), 400);
            alice.sendBytes("NONSENSE 4711\r\n\r\n".getBytes(StandardCharsets.US_ASCII));

            Awaitility.await().until(() -> refusals.size() == 3);
            assertThat(refusals).extracting(Refusal::statusCode).containsExactlyInAnyOrder(404, 400, 0);
            assertThat(refusals)
                    .allSatisfy(
                            refusal -> assertThat(refusal.reason()).isNotEmpty().doesNotContainPattern("[\"'0-9]"))
                    .allSatisfy(refusal -> assertThat(refusal.source().getPort())
                            .isEqualTo(Integer.parseInt(alice.hostPort().split(":", -1)[1])));
            assertThat(refusals)
                    .filteredOn(refusal -> refusal.statusCode() == 404)
                    .singleElement()
                    .satisfies(refusal -> assertThat(refusal.request()).isPresent());
        }
    }

    /** Filter that drops every message of the senders that a test names, over UDP and over connections. */
    private static final class Dropping implements ArrivalFilter {

        final Set<Integer> ports = ConcurrentHashMap.newKeySet();
        volatile boolean refusesConnections;

        @Override
        public String name() {
            return "Port 5 filter";
        }

        @Override
        public boolean accepts(Flow flow, int length) {
            return !ports.contains(flow.remoteAddress().getPort());
        }

        @Override
        public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
            return !refusesConnections;
        }
    }

    private static void isFilteredMessage(Refusal refusal, TransportKind kind, int port) {
        assertThat(refusal.statusCode()).isZero();
        assertThat(refusal.reason()).isEqualTo("filtered on arrival by Port 5 filter");
        assertThat(refusal.transport()).isEqualTo(kind);
        assertThat(refusal.source().getPort()).isEqualTo(port);
        assertThat(refusal.request()).isEmpty();
    }

    @Test
    void listenerGetsWhatAFilterDropsOnArrivalAndNothingIsLogged() {
        List<Refusal> refusals = new CopyOnWriteArrayList<>();
        Dropping filter = new Dropping();
        try (CapturedLog log = new CapturedLog();
                ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(hooks -> {
                    hooks.onArrival(filter);
                    hooks.onRefusal(refusals::add);
                }))) {
            WireClient.Udp udp = proxy.udp("udp");
            WireClient.Tcp tcp = proxy.tcp("tcp");
            udp.awaitFinal(udp.send(udp.request("OPTIONS", "sip:sip.test")));
            tcp.awaitFinal(tcp.send(tcp.request("OPTIONS", "sip:sip.test")));
            assertThat(refusals).isEmpty();
            filter.ports.add(udp.port());
            filter.ports.add(tcp.connectionPort());

            udp.send(udp.request("OPTIONS", "sip:sip.test"));
            Awaitility.await().until(() -> refusals.size() == 1);
            isFilteredMessage(refusals.get(0), TransportKind.UDP, udp.port());
            udp.sendBytes("\r\n\r\n".getBytes(StandardCharsets.US_ASCII)); // a keepalive is filtered, too
            Awaitility.await().until(() -> refusals.size() == 2);
            isFilteredMessage(refusals.get(1), TransportKind.UDP, udp.port());
            tcp.send(tcp.request("OPTIONS", "sip:sip.test"));
            Awaitility.await().until(() -> refusals.size() == 3);
            isFilteredMessage(refusals.get(2), TransportKind.TCP, tcp.connectionPort());

            assertThat(proxy.proxy().statistics().filtered()).isEqualTo(3);
            assertThat(log.lines("filtered on arrival")).isEmpty();
        }
    }

    @Test
    void refusedConnectionNamesItsFilter() {
        List<Refusal> refusals = new CopyOnWriteArrayList<>();
        Dropping filter = new Dropping();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(hooks -> {
            hooks.onArrival(filter);
            hooks.onRefusal(refusals::add);
        }))) {
            filter.refusesConnections = true;

            WireClient.Tcp tcp = proxy.tcp("tcp");
            tcp.awaitEnd();

            Awaitility.await().until(() -> !refusals.isEmpty());
            isFilteredMessage(refusals.get(0), TransportKind.TCP, tcp.connectionPort());
        }
    }

    @Test
    void filterThatFailsIsNamedAndALambdaByItsClass() {
        List<Refusal> refusals = new CopyOnWriteArrayList<>();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(hooks -> {
            hooks.onArrival((flow, length) -> {
                throw new IllegalStateException("on purpose");
            });
            hooks.onRefusal(refusals::add);
        }))) {
            WireClient.Udp alice = proxy.udp("alice");
            alice.send(alice.request("OPTIONS", "sip:sip.test"));

            Awaitility.await().until(() -> !refusals.isEmpty());
            assertThat(refusals.get(0).reason()).isEqualTo("filtered on arrival by RefusalTest");
        }
    }

    @Test
    void challengeIsNotARefusal() {
        List<Refusal> refusals = new CopyOnWriteArrayList<>();
        ProxyComponent listener = hooks -> hooks.onRefusal(refusals::add);
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start(b -> b.component(listener).beforeRouting(new Refusing(407, false)))) {
            WireClient.Udp alice = proxy.udp("alice");
            alice.awaitResponse(alice.send(alice.request("INVITE", "sip:bob@sip.test")), 407);
            alice.awaitResponse(alice.send(alice.request("MESSAGE", "sip:nobody@sip.test")), 404);

            Awaitility.await().until(() -> !refusals.isEmpty());
            assertThat(refusals).extracting(Refusal::statusCode).containsExactly(404);
        }
    }

    /** Every caller of a gateway comes from the gateway's address. */
    @Test
    void aCallerWhoIsAlwaysRefusedDoesNotHideTheOthersBehindItsGateway() {
        try (CapturedLog log = new CapturedLog();
                ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp gateway = proxy.udp("gateway");
            for (int i = 0; i < 60; i++) {
                refuse(gateway, "<sip:dialer@foreign.test>;tag=" + i, "sip:nobody@sip.test", 404);
            }
            refuse(gateway, "<sip:carol@foreign.test>;tag=1", "sip:nobody@sip.test", 404);

            Awaitility.await()
                    .untilAsserted(() -> assertThat(log.lines("REFUSED status=404"))
                            .filteredOn(line -> line.contains("sip:carol@"))
                            .hasSize(1));
            assertThat(log.lines("REFUSED status=404"))
                    .filteredOn(line -> line.contains("sip:dialer@"))
                    .hasSizeLessThan(60);
        }
    }

    @Test
    void aStatusDoesNotHideAnotherWithTheSameReason() {
        RequestStage refusing = context ->
                Verdict.respond(context.request().requestUri().user().equals("gone") ? 410 : 480, "Not here");
        try (CapturedLog log = new CapturedLog();
                ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.beforeRouting(refusing))) {
            WireClient.Udp alice = proxy.udp("alice");
            for (int i = 0; i < 60; i++) {
                refuse(alice, "<sip:alice@sip.test>;tag=" + i, "sip:away@sip.test", 480);
            }
            refuse(alice, "<sip:alice@sip.test>;tag=1", "sip:gone@sip.test", 410);

            Awaitility.await()
                    .untilAsserted(() -> assertThat(log.lines("REFUSED status=410 why=\"Not here\""))
                            .hasSize(1));
            assertThat(log.lines("REFUSED status=480 why=\"Not here\"")).hasSizeLessThan(60);
        }
    }

    private static void refuse(WireClient.Udp client, String from, String uri, int status) {
        Request request = client.send(client.request("MESSAGE", uri).from(from));
        client.awaitResponse(request, status);
    }
}

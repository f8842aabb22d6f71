package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.gateway.Algorithm;
import org.sipproxy.gateway.Dispatcher;
import org.sipproxy.gateway.GatewaySet;
import org.sipproxy.gateway.MemberState;
import org.sipproxy.gateway.MemberStatus;
import org.sipproxy.gateway.SourceMatch;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/**
 * Three gateways behind a proxy. In this package because of the SIP elements there, with which a test writes every
 * message.
 */
class GatewaysOnTheWireTest {

    private static final HeaderName PROOF = HeaderName.of("X-Proof");

    /** Elements are at one address and differ by their ports. The proxy's address is known when it has started. */
    private final Dispatcher.Builder options = Dispatcher.builder().recognize(SourceMatch.ADDRESS_AND_PORT);

    private ProxyUnderTest proxy;
    private Dispatcher dispatcher;
    private final List<WireClient> gateways = new ArrayList<>();
    private WireClient alice;

    /** Authenticates by a header line; knows no user except those with a binding. */
    private static final class ByHeader implements Authentication {
        @Override
        public Verdict handle(StageContext context) {
            if (context.request().hasHeader(PROOF)
                    || Method.REGISTER.equals(context.request().method())) {
                context.authenticated("alice", "sip.test", -1);
            }
            return Verdict.proceed();
        }

        @Override
        public boolean isKnownUser(String user, String domain, UserCase userCase) {
            return user.equals("carol");
        }

        @Override
        public boolean mayBlock() {
            return false;
        }
    }

    /** Starts the proxy with three members, which are added once their ports are known. */
    private void start(GatewaySet.Builder set) {
        dispatcher = options.set(set.build()).fallback("gw").build();
        proxy = ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(new ByHeader())
                .timers(ProxyUnderTest.QUICK)
                .component(dispatcher));
        for (String name : List.of("one", "two", "three")) {
            WireClient gateway = proxy.udp(name);
            gateways.add(gateway);
            dispatcher.add(Gateway.builder("gw", SipUri.of("sip:" + gateway.hostPort()))
                    .id(name)
                    .priority(10 - gateways.size())
                    .build());
        }
        alice = proxy.udp("alice");
    }

    private static GatewaySet.Builder set(Algorithm algorithm) {
        return GatewaySet.named("gw").algorithm(algorithm).noProbes();
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    private Request invite(String number) {
        return alice.request("INVITE", "sip:" + number + "@sip.test").with("X-Proof: yes");
    }

    private static boolean isCallTo(WireMessage message, String number) {
        return !message.isResponse()
                && message.method().equals("INVITE")
                && message.uri().startsWith("sip:" + number + "@");
    }

    /** Returns the gateway that the call reached, and leaves the INVITE in its inbox. */
    private WireClient takerOf(String number) {
        await().until(() ->
                gateways.stream().anyMatch(gateway -> gateway.pending().stream().anyMatch(m -> isCallTo(m, number))));
        return gateways.stream()
                .filter(gateway -> gateway.pending().stream().anyMatch(m -> isCallTo(m, number)))
                .findFirst()
                .orElseThrow();
    }

    private static WireMessage received(WireClient gateway, String number) {
        return gateway.await("INVITE to " + number, m -> isCallTo(m, number));
    }

    /** Sends a call that a gateway accepts; returns the gateway. */
    private WireClient accepted(Request invite, String number) {
        alice.send(invite);
        WireClient taker = takerOf(number);
        taker.respond(received(taker, number), 200);
        alice.awaitResponse(invite, 200);
        return taker;
    }

    private WireClient accepted(String number) {
        return accepted(invite(number), number);
    }

    private MemberStatus status(String id) {
        return dispatcher.status().stream()
                .filter(status -> status.gateway().id().equals(id))
                .findFirst()
                .orElseThrow();
    }

    private void awaitState(String id, MemberState state) {
        await().untilAsserted(() -> assertThat(status(id).state()).isEqualTo(state));
    }

    @Test
    void membersTakeCallsInTurnAndKeepTheDialledNumber() {
        start(set(Algorithm.ROUND_ROBIN));
        List<String> takers = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            Request invite = alice.send(invite("030" + i));
            WireClient taker = takerOf("030" + i);
            WireMessage received = received(taker, "030" + i);
            assertThat(received.uri()).isEqualTo("sip:030" + i + "@" + taker.hostPort());
            taker.respond(received, 200);
            alice.awaitResponse(invite, 200);
            takers.add(taker.name());
        }

        assertThat(takers.subList(0, 3)).containsExactlyInAnyOrder("one", "two", "three");
        assertThat(takers.subList(3, 6)).isEqualTo(takers.subList(0, 3));
    }

    @Test
    void callGoesToTheNextMemberAfter503AndAfterSilence() {
        start(set(Algorithm.PRIORITY).downAfter(1).recoverAfter(Duration.ofSeconds(2)));
        Request invite = alice.send(invite("0301"));
        WireClient overloaded = gateways.get(0);
        overloaded.respond(received(overloaded, "0301"), 503, "Retry-After: 600");
        received(gateways.get(1), "0301"); // and sends nothing until Timer B
        WireClient last = gateways.get(2);
        last.respond(received(last, "0301"), 200);
        alice.awaitResponse(invite, 200);
        assertThat(status("one").state()).isEqualTo(MemberState.DOWN);
        assertThat(status("two").state()).isEqualTo(MemberState.DOWN);
        assertThat(status("two").lastFailure()).isEqualTo("no response to INVITE");
        await().until(() -> status("three").calls() == 1); // counted after the 200 is sent

        assertThat(accepted("0302").name()).isEqualTo("three");
        awaitState("two", MemberState.TRYING);
        assertThat(accepted("0303").name()).isEqualTo("two");
        awaitState("two", MemberState.ACTIVE);
        assertThat(status("one").state()).isEqualTo(MemberState.DOWN);
    }

    @Test
    void busyIsTheResponseAndNoReasonToTryAnother() {
        start(set(Algorithm.PRIORITY));
        Request invite = alice.send(invite("0301"));
        WireClient first = gateways.get(0);
        first.respond(received(first, "0301"), 486);

        alice.awaitResponse(invite, 486);
        assertThat(gateways.get(1).pendingAfterRoundTrip().stream().filter(m -> isCallTo(m, "0301")))
                .isEmpty();
        assertThat(status("one").state()).isEqualTo(MemberState.ACTIVE);
    }

    @Test
    @SuppressWarnings("try") // the responder works on a thread of its own
    void deadMemberIsFoundByProbesAndComesBack() {
        start(GatewaySet.named("gw")
                .algorithm(Algorithm.PRIORITY)
                .probeEvery(Duration.ofSeconds(1))
                .probeTimeLimit(Duration.ofMillis(500)));
        Map<String, Boolean> alive = new ConcurrentHashMap<>(Map.of("one", true, "two", true, "three", true));
        try (Responder responder = new Responder(gateways, name -> alive.get(name))) {
            assertThat(responder).isNotNull();
            await().until(() -> gateways.stream()
                    .allMatch(gateway -> status(gateway.name()).lastProbeAt().isPresent()));
            assertThat(accepted("0301").name()).isEqualTo("one");

            alive.put("one", false);
            awaitState("one", MemberState.DOWN);
            assertThat(status("one").letters()).isEqualTo("IP");
            assertThat(accepted("0302").name()).isEqualTo("two");

            alive.put("one", true);
            awaitState("one", MemberState.ACTIVE);
            assertThat(accepted("0303").name()).isEqualTo("one");
        }
    }

    /** Responds to the OPTIONS of the proxy, unless a gateway is silent. */
    private static final class Responder implements AutoCloseable {

        private volatile boolean closed;
        private final Thread thread;

        Responder(List<WireClient> gateways, Predicate<String> isAlive) {
            thread = new Thread(
                    () -> {
                        while (!closed) {
                            for (WireClient gateway : gateways) {
                                for (WireMessage message : gateway.pending()) {
                                    if (!message.isResponse()
                                            && message.method().equals("OPTIONS")) {
                                        WireMessage options = gateway.awaitRequest("OPTIONS");
                                        if (isAlive.test(gateway.name())) {
                                            gateway.respond(options, 200);
                                        }
                                    }
                                }
                            }
                            Thread.onSpinWait();
                            try {
                                Thread.sleep(20);
                            } catch (InterruptedException e) {
                                return;
                            }
                        }
                    },
                    "options-responder");
            thread.start();
        }

        @Override
        public void close() {
            closed = true;
            thread.interrupt();
        }
    }

    @Test
    void callIdKeepsItsMemberWhenAnotherOneGoes() {
        start(set(Algorithm.HASH_CALL_ID));
        Map<Request, String> takers = new HashMap<>();
        for (int i = 0; i < 24; i++) {
            Request invite = invite("03" + (10 + i));
            takers.put(invite, accepted(invite, "03" + (10 + i)).name());
        }
        assertThat(takers.values()).contains("one", "two", "three");

        dispatcher.disable("gw", "three");
        for (WireClient gateway : gateways) { // retransmissions that crossed the 200
            gateway.pendingAfterRoundTrip();
            gateway.discardPending();
        }
        takers.forEach((invite, before) -> {
            String number = invite.uri().substring("sip:".length(), invite.uri().indexOf('@'));
            String now = accepted(invite.next(), number).name();
            assertThat(now).isNotEqualTo("three");
            if (!before.equals("three")) {
                assertThat(now).isEqualTo(before);
            }
        });
    }

    @Test
    void memberWithTheFewestCallsIsNext() {
        start(set(Algorithm.LEAST_CALLS));
        Map<String, Dialog> calls = new HashMap<>();
        for (int i = 0; i < 3; i++) {
            Request invite = alice.send(invite("030" + i));
            WireClient taker = takerOf("030" + i);
            taker.respond(received(taker, "030" + i), 200);
            calls.put(taker.name(), Dialog.ofCaller(alice, alice.awaitResponse(invite, 200)));
        }
        assertThat(calls).containsOnlyKeys("one", "two", "three");

        Request bye = alice.send(calls.get("two").request("BYE"));
        WireClient two = gateways.get(1);
        two.respond(two.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        await().untilAsserted(() -> assertThat(status("two").calls()).isZero());

        assertThat(accepted("0309").name()).isEqualTo("two");
        assertThat(dispatcher.status()).extracting(MemberStatus::calls).containsExactly(1, 1, 1);
    }

    @Test
    void strangersAreNotSentToTheFallbackSet() {
        start(set(Algorithm.ROUND_ROBIN));
        for (String from : List.of("alice@sip.test", "mallory@elsewhere.test")) {
            Request invite = alice.request("INVITE", "sip:0301@sip.test")
                    .from("<sip:" + from + ">;tag=" + WireClient.unique("f"));
            assertThat(alice.awaitFinal(alice.send(invite)).status()).isIn(403, 404);
        }
        Request foreign = alice.request("INVITE", "sip:0301@elsewhere.test")
                .from("<sip:mallory@elsewhere.test>;tag=" + WireClient.unique("f"));
        assertThat(alice.awaitFinal(alice.send(foreign)).status()).isEqualTo(403);
        for (WireClient gateway : gateways) {
            assertThat(gateway.pending()).isEmpty();
        }
    }

    @Test
    void requestFromAMemberReachesAUserAndIsNotSentBackForAnUnknownOne() {
        start(set(Algorithm.ROUND_ROBIN));
        WireClient bob = proxy.registered("bob");
        WireClient gateway = gateways.get(0);

        Request call = gateway.send(gateway.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        gateway.awaitResponse(call, 486);

        Request unknown = gateway.send(gateway.request("INVITE", "sip:0301@sip.test"));
        gateway.awaitResponse(unknown, 404);
        Request known = gateway.send(gateway.request("INVITE", "sip:carol@sip.test"));
        gateway.awaitResponse(known, 480); // a stranger would get 404
    }

    @Test
    void registeredUserHasPrecedenceOverTheFallback() {
        start(set(Algorithm.ROUND_ROBIN));
        WireClient bob = proxy.udp("bob");
        proxy.register(bob, "0301", "");
        Request invite = alice.send(invite("0301"));

        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.awaitResponse(invite, 486);
    }

    @Test
    void withoutAMemberThatCanServeTheCallerKnowsAtOnce() {
        start(set(Algorithm.ROUND_ROBIN));
        for (String id : List.of("one", "two", "three")) {
            dispatcher.drain("gw", id);
        }

        WireMessage response = alice.awaitFinal(alice.send(invite("0301")));

        assertThat(response.status()).isEqualTo(503);
        assertThat(response.header("Retry-After")).isEqualTo("10");
        assertThat(Collections.frequency(
                        dispatcher.status().stream().map(MemberStatus::letters).toList(), "DX"))
                .isEqualTo(3);
    }
}

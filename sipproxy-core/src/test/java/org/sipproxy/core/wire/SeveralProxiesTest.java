package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.TransportKind;

/** Several proxies in one JVM. */
class SeveralProxiesTest {

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
            WireMessage ok = bob.respond(received, 200);
            Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
            alice.send(caller.ack());
            assertThat(bob.awaitRequest("ACK").elements("Via")).hasSize(3);
            Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
            WireMessage atAlice = alice.awaitRequest("BYE");
            assertThat(atAlice.elements("Via")).hasSize(3);
            assertThat(atAlice.has("Route")).isFalse();
            alice.respond(atAlice, 200);
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
            bob.respond(bob.awaitRequest("MESSAGE"), 200);
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

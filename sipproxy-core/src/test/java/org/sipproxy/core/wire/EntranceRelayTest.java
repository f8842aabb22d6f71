package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/**
 * A request that a stage relays before any check still obeys the rules for all forwarded requests (RFC 3261 §16.3,
 * §16.4, §16.6).
 */
class EntranceRelayTest {

    private final AtomicReference<SipUri> gateway = new AtomicReference<>();
    private final RequestStage steering = context -> {
        SipUri to = gateway.get();
        return to == null || context.request().method() == Method.OPTIONS
                ? Verdict.proceed()
                : Verdict.relay(Target.of(to));
    };
    private final ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(new ProxyComponent() {
        @Override
        public void install(ComponentHooks hooks) {
            hooks.atEntrance(steering);
        }
    }));
    private final WireClient.Udp alice = proxy.udp("alice");
    private final WireClient.Udp trunk = proxy.udp("trunk");

    @BeforeEach
    void steer() {
        gateway.set(SipUri.of(trunk.contact()));
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE", "REGISTER"})
    void maxForwardsIsCountedDown(String method) {
        alice.send(alice.request(method, "sip:bob@sip.test").maxForwards(70));

        assertThat(trunk.awaitRequest(method).header("Max-Forwards")).isEqualTo("69");
    }

    @Test
    void requestWithoutMaxForwardsGetsOne() {
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test").withoutMaxForwards());

        assertThat(trunk.awaitRequest("MESSAGE").header("Max-Forwards")).isEqualTo("70");
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE", "REGISTER"})
    void maxForwardsOf0Is483(String method) {
        // without the relaying stage, a REGISTER to the domain would end here
        Request request = alice.send(alice.request(method, "sip:sip.test").maxForwards(0));

        assertThat(alice.awaitFinal(request).status()).isEqualTo(483);
        assertThat(trunk.pending()).isEmpty();
    }

    @Test
    void unknownExtensionIs420() {
        Request request =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with("Proxy-Require: foo"));

        WireMessage refusal = alice.awaitFinal(request);

        assertThat(refusal.status()).isEqualTo(420);
        assertThat(refusal.header("Unsupported")).isEqualTo("foo");
    }

    @Test
    void ownRouteIsRemoved() {
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with("Route: <sip:" + proxy.udpHostPort() + ";lr>"));

        assertThat(trunk.awaitRequest("MESSAGE").has("Route")).isFalse();
    }

    @Test
    void loopIs482() {
        gateway.set(SipUri.of("sip:bob@" + proxy.udpHostPort()));

        Request request = alice.send(alice.request("MESSAGE", "sip:bob@" + proxy.udpHostPort()));

        assertThat(alice.awaitFinal(request).status()).isEqualTo(482);
    }

    @Test
    void ackOfACallIsRelayedToTheSameTarget() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        trunk.respond(trunk.awaitRequest("INVITE"), 200);
        Dialog dialog = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));

        alice.send(dialog.ack());
        WireMessage ack = trunk.awaitRequest("ACK");

        assertThat(ack.header("Max-Forwards")).isEqualTo("69");
        assertThat(ack.has("Route")).isFalse();
    }
}

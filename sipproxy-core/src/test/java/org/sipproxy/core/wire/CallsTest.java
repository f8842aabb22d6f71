package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.api.routing.FailureCause.BUSY;
import static org.sipproxy.core.wire.CallScene.until;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallState;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/** Calls as a host application sees them: states, events, ends, forks, plans. */
class CallsTest {

    private CallScene scene = new CallScene(settings -> settings);

    @AfterEach
    void close() {
        scene.nothingIsLeft();
        scene.close();
    }

    private void restart(CallScene other) {
        scene.close();
        scene = other;
    }

    private static Aor aor(String user) {
        return new Aor(user, "sip.test");
    }

    @Test
    void callIsVisibleFromItsInviteToItsBye() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");

        Request invite = alice.send(
                alice.request("INVITE", "sip:bob@sip.test").from("\"Alice \\\"A\\\" L.\" <sip:alice@sip.test>;tag=a1"));
        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(scene.only().state()).isEqualTo(CallState.SETUP);
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);
        assertThat(scene.only().state()).isEqualTo(CallState.RINGING);
        bob.respond(received, 200);
        WireMessage ok = alice.awaitResponse(invite, 200);
        Dialog dialog = Dialog.ofCaller(alice, ok);
        alice.send(dialog.ack());
        bob.awaitRequest("ACK");

        Call call = scene.only();
        assertThat(call.state()).isEqualTo(CallState.ANSWERED);
        assertThat(call.callId()).isEqualTo(invite.callId());
        assertThat(call.caller().uri()).hasToString("sip:alice@sip.test");
        assertThat(call.caller().displayName()).isEqualTo("Alice \"A\" L.");
        assertThat(call.caller().tag()).isEqualTo("a1");
        assertThat(call.caller().contact()).contains(SipUri.of(alice.contact()));
        assertThat(call.caller().address().orElseThrow().getPort()).isEqualTo(alice.port());
        assertThat(call.callee().tag()).isEqualTo(ok.toTag());
        assertThat(call.callee().address().orElseThrow().getPort()).isEqualTo(bob.port());
        assertThat(call.callee().endpoint()).isPresent();
        assertThat(call.target()).contains(SipUri.of(bob.contact()));
        assertThat(scene.calls().count(aor("alice"))).isEqualTo(1);
        assertThat(scene.calls().ofUser(aor("bob"))).hasSize(1);
        assertThat(scene.calls().withCallId(invite.callId())).hasSize(1);
        assertThat(scene.calls().withCallId("another")).isEmpty();

        scene.clock.advance(Duration.ofMinutes(1));
        Request bye = alice.send(dialog.request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);

        CallEnd end = scene.awaitEnd();
        assertThat(end.side()).isEqualTo(Side.CALLER);
        assertThat(end.reason()).isEqualTo(Reason.BYE);
        assertThat(scene.kinds()).containsExactly("STARTED", "RINGING", "ANSWERED", "ENDED");
        assertThat(scene.events.get(3).call().duration()).isBetween(Duration.ofSeconds(60), Duration.ofSeconds(70));
        assertThat(scene.calls().count(aor("alice"))).isZero();
        assertThat(scene.calls().current(call)).isEmpty();
        assertThat(scene.calls().statistics().established()).isEqualTo(1);
    }

    @Test
    void byeOfTheCalleeEndsTheCallWhateverTheResponse() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        CallScene.Established call = scene.establish(alice, bob);

        Request bye = bob.send(call.callee().request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 481);
        bob.awaitResponse(bye, 481);

        assertThat(scene.awaitEnd().side()).isEqualTo(Side.CALLEE);
        assertThat(scene.ends().get(0).reason()).isEqualTo(Reason.BYE);
    }

    @Test
    void cancelledCallWasEndedByTheCaller() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);
        Request cancel = alice.send(invite.cancel());
        alice.awaitResponse(cancel, 200);
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(received, 487);
        alice.send(invite.ack(alice.awaitResponse(invite, 487)));

        CallEnd end = scene.awaitEnd();
        assertThat(end.side()).isEqualTo(Side.CALLER);
        assertThat(end.reason()).isEqualTo(Reason.CANCELLED);
        assertThat(scene.kinds()).containsExactly("STARTED", "RINGING", "ENDED");
    }

    @Test
    void failureHasItsStatusAndReasonPhrase() {
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.send(invite.ack(alice.awaitResponse(invite, 486)));

        assertThat(scene.awaitEnd()).isEqualTo(new CallEnd(Side.CALLEE, Reason.BUSY, 486, "Busy Here"));
    }

    @Test
    void inviteThatTheProxyRefusesItselfIsNotACall() {
        WireClient.Udp alice = scene.proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:nobody@sip.test"));
        alice.awaitFinal(invite);

        assertThat(scene.calls().statistics().started()).isZero();
        assertThat(scene.events).isEmpty();
    }

    @Test
    void forkedInviteIsOneCallAndTheFirst2xxDecides() {
        WireClient.Udp desk = scene.proxy.udp("desk");
        WireClient.Udp mobile = scene.proxy.udp("mobile");
        scene.proxy.register(desk, "bob", "");
        scene.proxy.register(mobile, "bob", "");
        WireClient.Udp alice = scene.proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage atDesk = desk.awaitRequest("INVITE");
        WireMessage atMobile = mobile.awaitRequest("INVITE");
        desk.respond(atDesk, 180);
        mobile.respond(atMobile, 180);
        mobile.respond(atMobile, 200);
        Dialog first = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(first.ack());
        mobile.awaitRequest("ACK");
        desk.awaitRequest("CANCEL");
        desk.respond(atDesk, 200); // crosses the CANCEL
        Dialog second = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(second.ack());
        desk.awaitRequest("ACK");

        assertThat(scene.only().target()).contains(SipUri.of(mobile.contact()));
        Request surplus = alice.send(second.request("BYE"));
        desk.respond(desk.awaitRequest("BYE"), 200);
        alice.awaitResponse(surplus, 200);
        assertThat(scene.only().state()).isEqualTo(CallState.ANSWERED);

        Request bye = alice.send(first.request("BYE"));
        mobile.respond(mobile.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        scene.awaitEnd();
        assertThat(scene.kinds()).containsExactly("STARTED", "RINGING", "ANSWERED", "ENDED");
    }

    @Test
    void callThatGoesToTheVoicemailIsOneCallWithAnotherTarget() {
        Target[] voicemail = new Target[1];
        restart(new CallScene(
                settings -> settings,
                b -> b.beforeRouting(RequestStage.onInvite(context ->
                        Verdict.relay(RelayPlan.toCallee().onFailure(BUSY).relay(RelayPlan.to(voicemail[0])))))));
        WireClient.Udp machine = scene.proxy.udp("voicemail");
        voicemail[0] = Target.of(SipUri.of("sip:bob@" + machine.hostPort()));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        machine.respond(machine.awaitRequest("INVITE"), 200);
        Dialog dialog = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(dialog.ack());
        machine.awaitRequest("ACK");

        assertThat(scene.only().target()).contains(voicemail[0].uri());
        assertThat(scene.calls().count(aor("bob"))).isZero();
        assertThat(scene.calls().count(aor("alice"))).isEqualTo(1);
        Request bye = alice.send(dialog.request("BYE"));
        machine.respond(machine.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        scene.awaitEnd();
        assertThat(scene.kinds()).containsExactly("STARTED", "ANSWERED", "ENDED");
    }

    @Test
    void stageFindsTheCallOfItsRequest() {
        CompletableFuture<Boolean> seen = new CompletableFuture<>();
        restart(new CallScene(
                settings -> settings,
                b -> b.beforeForwarding(context -> {
                    if (context.request().method() == Method.BYE) {
                        seen.complete(scene.calls().of(context.request()).isPresent());
                    }
                    return Verdict.proceed();
                })));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        CallScene.Established call = scene.establish(alice, bob);

        Request bye = bob.send(call.callee().request("BYE"));
        alice.respond(alice.awaitRequest("BYE"), 200);
        bob.awaitResponse(bye, 200);

        assertThat(seen.join()).isTrue();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(5, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void listenerThatThrowsOrBlocksDelaysNoCall() {
        CountDownLatch release = new CountDownLatch(1);
        restart(new CallScene(
                settings -> settings,
                b -> b.callListener(event -> {
                    assertThat(Thread.currentThread().getName()).endsWith("-calls");
                    awaitQuietly(release);
                    throw new IllegalStateException("of the listener");
                })));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");

        CallScene.Established call = scene.establish(alice, bob);
        Request bye = alice.send(call.caller().request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        until(() -> scene.calls().count() == 0);
        assertThat(scene.events).hasSizeLessThan(3);
        release.countDown();

        scene.awaitEnd();
        assertThat(scene.kinds()).containsExactly("STARTED", "ANSWERED", "ENDED");
    }

    @Test
    void closingEndsUnansweredCallsOnly() {
        try (CallScene other = new CallScene(settings -> settings, b -> b.drainTime(Duration.ZERO))) {
            WireClient.Udp bob = other.proxy.registered("bob");
            WireClient.Udp carol = other.proxy.registered("carol");
            WireClient.Udp alice = other.proxy.udp("alice");
            other.establish(alice, bob);
            Request ringing = alice.send(alice.request("INVITE", "sip:carol@sip.test"));
            carol.respond(carol.awaitRequest("INVITE"), 180);
            alice.awaitResponse(ringing, 180);

            other.proxy.proxy().close();

            alice.awaitResponse(ringing, 503);
            assertThat(other.awaitEnd().reason()).isEqualTo(Reason.PROXY_CLOSED);
            assertThat(other.events.stream().filter(e -> e.kind() == CallEvent.Kind.ENDED))
                    .hasSize(1);
        }
    }

    @Test
    void callsAreOffUnlessTheyAreSet() {
        try (SipProxy other = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .build()) {
            assertThatThrownBy(other::calls)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("SipProxyBuilder.calls");
        }
        assertThatThrownBy(() -> SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("sip.test")
                        .noAuthentication()
                        .callListener(event -> {})
                        .build())
                .hasMessageContaining("callListener")
                .hasMessageContaining("calls(CallSettings.DEFAULT)");
    }
}

package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.api.routing.FailureCause.BUSY;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipUri;

/** Limits of calls, in total and for each user. */
class CallLimitTest {

    private CallScene scene;
    private final List<Runnable> ends = new ArrayList<>();

    @AfterEach
    void close() {
        ends.forEach(Runnable::run);
        scene.nothingIsLeft();
        scene.close();
    }

    private void establish(WireClient alice, WireClient bob) {
        CallScene.Established call = scene.establish(alice, bob);
        ends.add(() -> {
            Request bye = alice.send(call.caller().request("BYE"));
            bob.respond(bob.awaitRequest("BYE"), 200);
            alice.awaitResponse(bye, 200);
        });
    }

    @Test
    void inviteBeyondTheTotalGets503WithRetryAfter() {
        scene = new CallScene(settings -> settings.maxCalls(2));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp carol = scene.proxy.registered("carol");
        WireClient.Udp alice = scene.proxy.udp("alice");
        establish(alice, bob);
        establish(alice, carol);

        Request third = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage refused = alice.awaitResponse(third, 503);
        alice.send(third.ack(refused));

        assertThat(refused.header("Retry-After")).isEqualTo("10");
        assertThat(scene.calls().statistics().refusedInTotal()).isEqualTo(1);
        assertThat(scene.calls().count()).isEqualTo(2);
        ends.remove(1).run();
        establish(alice, carol); // there is room again
    }

    @Test
    void calleeBeyondTheLimitIsBusy() {
        scene = new CallScene(settings -> settings.maxCallsPerUser(1));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        WireClient.Udp carol = scene.proxy.udp("carol");
        establish(alice, bob);

        Request second = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
        carol.send(second.ack(carol.awaitResponse(second, 486)));

        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
        assertThat(scene.calls().count(new Aor("bob", "sip.test"))).isEqualTo(1);
        assertThat(scene.calls().count(new Aor("carol", "sip.test"))).isZero();
        assertThat(scene.calls().statistics().refusedForUser()).isEqualTo(1);
    }

    @Test
    void callerBeyondTheLimitIsForbidden() {
        scene = new CallScene(settings -> settings.maxCallsPerUser(1));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp carol = scene.proxy.registered("carol");
        WireClient.Udp alice = scene.proxy.udp("alice");
        establish(alice, bob);

        Request second = alice.send(alice.request("INVITE", "sip:carol@sip.test"));
        WireMessage refused = alice.awaitResponse(second, 403);
        alice.send(second.ack(refused));

        assertThat(refused.startLine()).isEqualTo("SIP/2.0 403 Too Many Calls");
        assertThat(carol.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void callToABusyUserFollowsThePlan() {
        Target[] voicemail = new Target[1];
        scene = new CallScene(
                settings -> settings.maxCallsPerUser(1),
                b -> b.beforeRouting(RequestStage.onInvite(context ->
                        Verdict.relay(RelayPlan.toCallee().onFailure(BUSY).relay(RelayPlan.to(voicemail[0]))))));
        WireClient.Udp machine = scene.proxy.udp("voicemail");
        voicemail[0] = Target.of(SipUri.of("sip:bob@" + machine.hostPort()));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        WireClient.Udp carol = scene.proxy.udp("carol");
        establish(alice, bob);

        Request second = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = machine.awaitRequest("INVITE");
        machine.respond(received, 200);
        Dialog dialog = Dialog.ofCaller(carol, carol.awaitResponse(second, 200));
        carol.send(dialog.ack());
        machine.awaitRequest("ACK");

        assertThat(scene.calls().count()).isEqualTo(2);
        assertThat(scene.calls().count(new Aor("bob", "sip.test"))).isEqualTo(1);
        Request bye = carol.send(dialog.request("BYE"));
        machine.respond(machine.awaitRequest("BYE"), 200);
        carol.awaitResponse(bye, 200);
    }

    @Test
    void callsBeyondTheMemoryLimitAreRelayedAndCounted() {
        scene = new CallScene(settings -> settings.trackedCalls(100));
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp alice = scene.proxy.udp("alice");
        for (int i = 0; i < 101; i++) {
            establish(alice, bob);
        }

        assertThat(scene.calls().count()).isEqualTo(100);
        assertThat(scene.calls().statistics().untracked()).isEqualTo(1);
        assertThat(scene.calls().count(new Aor("bob", "sip.test"))).isEqualTo(100);
    }
}

package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.wire.ThirdPartyScene.acceptBye;
import static org.sipproxy.core.wire.ThirdPartyScene.answerFirst;
import static org.sipproxy.core.wire.ThirdPartyScene.answerSecond;
import static org.sipproxy.core.wire.ThirdPartyScene.end;
import static org.sipproxy.core.wire.ThirdPartyScene.get;
import static org.sipproxy.core.wire.ThirdPartyScene.user;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.ThirdPartyCall;

/** Limits of calls between two users, and what becomes of them when the proxy drains or closes. */
class ThirdPartyLimitTest {

    private ThirdPartyScene scene = new ThirdPartyScene();

    @AfterEach
    void close() {
        scene.nothingIsLeft();
        scene.close();
    }

    @Test
    void longestDurationEndsTheCall() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(CallSetup.builder(user("alice"), user("bob"))
                .maxDuration(Duration.ofMinutes(10))
                .build());
        answerFirst(alice, alice.awaitRequest("INVITE"));
        answerSecond(bob, bob.awaitRequest("INVITE"));
        bob.awaitRequest("ACK");
        get(call.connected());

        scene.clock.advance(Duration.ofMinutes(10).plusSeconds(1));
        WireMessage bye = acceptBye(alice);
        acceptBye(bob);

        assertThat(end(call).reason()).isEqualTo(Reason.MAX_DURATION);
        assertThat(bye.header("Reason")).startsWith("Q.850;cause=102");
    }

    @Test
    void callsAreLimitedAndEachEndMakesRoom() {
        scene.close();
        scene = new ThirdPartyScene(b -> b.thirdPartyCalls(1));
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall one = scene.connect(alice, bob);
        WireMessage invite = alice.awaitRequest("INVITE");

        CallEnd refused = end(scene.connect(alice, bob));
        alice.respond(invite, 486);
        end(one);
        get(one.hangUp("")); // both users are released
        ThirdPartyCall next = scene.connect(alice, bob);
        WireMessage second = alice.awaitRequest("INVITE");
        assertThat(end(scene.connect(alice, bob)).statusCode()).isEqualTo(503); // each call makes room once
        alice.respond(second, 486);

        assertThat(refused.side()).isEqualTo(Side.PROXY);
        assertThat(refused.reason()).isEqualTo(Reason.REJECTED);
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(end(next).reason()).isEqualTo(Reason.BUSY);
    }

    @Test
    void drainingProxyStartsNoCallAndLetsOthersContinue() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyScene.Connected call = scene.established(alice, bob);

        scene.proxy.proxy().drain();

        assertThat(end(scene.connect(alice, bob)).reason()).isEqualTo(Reason.PROXY_CLOSED);
        scene.hangUp(call, alice, bob);
    }

    @Test
    void closingProxyHangsUp() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp carol = scene.proxy.registered("carol");
        ThirdPartyScene.Connected connected = scene.established(alice, bob);
        ThirdPartyCall ringing = scene.connect(carol, bob);
        WireMessage toCarol = carol.awaitRequest("INVITE");
        carol.respond(toCarol, 180);

        CompletableFuture<Void> closed = CompletableFuture.runAsync(scene.proxy.proxy()::close);
        acceptBye(alice);
        acceptBye(bob);
        carol.respond(carol.awaitRequest("CANCEL"), 200);
        carol.respond(toCarol, 487);

        get(closed);
        assertThat(end(connected.call()).reason()).isEqualTo(Reason.PROXY_CLOSED);
        assertThat(end(ringing).reason()).isEqualTo(Reason.PROXY_CLOSED);
        scene = new ThirdPartyScene(); // for the check
    }
}

package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.wire.ThirdPartyScene.REJECTION;
import static org.sipproxy.core.wire.ThirdPartyScene.acceptBye;
import static org.sipproxy.core.wire.ThirdPartyScene.answerFirst;
import static org.sipproxy.core.wire.ThirdPartyScene.answerSecond;
import static org.sipproxy.core.wire.ThirdPartyScene.assertNoRequest;
import static org.sipproxy.core.wire.ThirdPartyScene.end;
import static org.sipproxy.core.wire.ThirdPartyScene.get;
import static org.sipproxy.core.wire.ThirdPartyScene.release;
import static org.sipproxy.core.wire.ThirdPartyScene.user;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.core.wire.ThirdPartyScene.Second;
import org.sipproxy.message.SipUri;

/** Calls between two users that are not set up: users who do not answer, refuse, or hang up early. */
class ThirdPartyFailureTest {

    private final ThirdPartyScene scene = new ThirdPartyScene();
    private final WireClient.Udp alice = scene.proxy.registered("alice");
    private final WireClient.Udp bob = scene.proxy.registered("bob");

    @AfterEach
    void close() {
        scene.nothingIsLeft();
        scene.close();
    }

    // ---- failures of the first user

    @ParameterizedTest
    @CsvSource({"486, BUSY", "603, DECLINED", "480, NO_ANSWER", "302, REJECTED", "503, UNREACHABLE", "401, REJECTED"})
    void failureOfTheFirstUserIsTheEnd(int status, Reason reason) {
        ThirdPartyCall call = scene.connect(alice, bob);
        alice.respond(alice.awaitRequest("INVITE"), status, "Contact: <sip:other@192.0.2.1>");
        alice.awaitRequest("ACK");

        CallEnd end = end(call);
        assertThat(end.side()).isEqualTo(Side.CALLER);
        assertThat(end.reason()).isEqualTo(reason);
        assertThat(end.statusCode()).isEqualTo(status);
        assertThat(get(call.connected())).isFalse();
        assertNoRequest(bob, "INVITE");
    }

    @Test
    void firstUserWithoutAPhoneIsTheEnd() {
        ThirdPartyCall call = scene.connect(user("carol"), user("bob"));

        assertThat(end(call).reason()).isEqualTo(Reason.REJECTED);
        assertThat(end(call).statusCode()).isEqualTo(404);
    }

    @Test
    void firstUserWhoDoesNotAnswerInTimeIsCancelled() {
        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage invite = alice.awaitRequest("INVITE");
        alice.respond(invite, 180);

        scene.clock.advance(Duration.ofSeconds(31));
        WireMessage cancel = alice.awaitRequest("CANCEL");
        alice.respond(cancel, 200);
        alice.respond(invite, 487);
        alice.awaitRequest("ACK");

        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLER, Reason.NO_ANSWER, 408, "not answered in time"));
        assertThat(cancel.header("Reason")).startsWith("SIP;cause=408");
    }

    @Test
    void silentFirstUserEndsTheCall() {
        ThirdPartyCall call = scene.connect(alice, bob);
        alice.awaitRequest("INVITE");

        scene.clock.advance(Duration.ofSeconds(33));

        assertThat(end(call).side()).isEqualTo(Side.CALLER);
        assertThat(end(call).reason()).isEqualTo(Reason.NO_ANSWER);
        assertThat(end(call).statusCode()).isEqualTo(408);
    }

    @Test
    void answerWithoutADescriptionIsHungUp() {
        ThirdPartyCall call = scene.connect(alice, bob);

        alice.respond(alice.awaitRequest("INVITE"), 200);
        release(alice);

        assertThat(end(call).reason()).isEqualTo(Reason.FAILED);
        assertNoRequest(bob, "INVITE");
    }

    @Test
    void hangUpCancelsTheFirstUserAndAnAnswerThatCrossesIsHungUp() {
        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage invite = alice.awaitRequest("INVITE");
        alice.respond(invite, 180);

        CompletableFuture<CallEnd> released = call.hangUp("changed my mind");
        alice.respond(alice.awaitRequest("CANCEL"), 200);
        answerFirst(alice, invite);
        WireMessage ack = alice.awaitRequest("ACK");
        WireMessage bye = alice.awaitRequest("BYE");
        assertThat(released).isNotDone();
        alice.respond(bye, 200);

        assertThat(get(released).reason()).isEqualTo(Reason.HUNG_UP);
        assertThat(ack.body()).isEqualTo(REJECTION);
        assertThat(bye.header("Reason")).contains("changed my mind");
    }

    // ---- failures of the second user

    @ParameterizedTest
    @CsvSource({"486, BUSY", "603, DECLINED", "480, NO_ANSWER", "302, REJECTED", "488, REJECTED", "401, REJECTED"})
    void failureOfTheSecondUserReleasesTheFirst(int status, Reason reason) {
        Second second = scene.callSecond(alice, bob);
        bob.respond(second.invite(), status);
        bob.awaitRequest("ACK");
        WireMessage ack = alice.awaitRequest("ACK");
        WireMessage bye = acceptBye(alice);

        assertThat(end(second.call()).side()).isEqualTo(Side.CALLEE);
        assertThat(end(second.call()).reason()).isEqualTo(reason);
        assertThat(end(second.call()).statusCode()).isEqualTo(status);
        assertThat(ack.body()).isEqualTo(REJECTION);
        assertThat(ack.header("Content-Type")).isEqualTo("application/sdp");
        assertThat(bye.header("Reason")).startsWith("SIP;cause=" + status + ";text=");
        assertThat(get(second.call().connected())).isFalse();
    }

    @Test
    void secondUserWithoutAPhoneReleasesTheFirst() {
        ThirdPartyCall call = scene.connect(user("alice"), user("carol"));
        answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage bye = release(alice);

        assertThat(bye.header("Reason")).startsWith("SIP;cause=404");
        assertThat(end(call).statusCode()).isEqualTo(404);
    }

    @Test
    void secondUserWhoDoesNotAnswerWithinTheTimeOfTheFirstIsCancelled() {
        Second second = scene.callSecond(alice, bob);
        bob.respond(second.invite(), 180);

        scene.clock.advance(Duration.ofSeconds(24));
        assertNoRequest(bob, "CANCEL");
        scene.clock.advance(Duration.ofSeconds(2));
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(second.invite(), 487);
        WireMessage bye = release(alice);

        assertThat(bye.header("Reason")).startsWith("SIP;cause=408");
        assertThat(end(second.call()))
                .isEqualTo(new CallEnd(Side.CALLEE, Reason.NO_ANSWER, 408, "not answered in time"));
    }

    @Test
    void silentSecondUserDoesNotKeepTheFirstWaiting() {
        Second second = scene.callSecond(alice, bob);

        scene.clock.advance(Duration.ofSeconds(26));
        release(alice);
        assertThat(end(second.call()).reason()).isEqualTo(Reason.NO_ANSWER);
        CompletableFuture<CallEnd> released = second.call().hangUp("");
        assertThat(released).isNotDone();
        scene.clock.advance(Duration.ofSeconds(8));

        get(released);
    }

    @Test
    void usersWhoCannotBeReachedEndTheCall() throws Exception {
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        Participant nobody = Participant.of(SipUri.of("sip:x@127.0.0.1:" + closed + ";transport=tcp"));

        ThirdPartyCall first = scene.connect(nobody, user("alice"));
        ThirdPartyCall second = scene.connect(user("alice"), nobody);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        release(alice);

        assertThat(end(first).side()).isEqualTo(Side.CALLER);
        assertThat(end(first).reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(end(first).text()).contains("tcp:127.0.0.1:" + closed);
        assertThat(end(second).side()).isEqualTo(Side.CALLEE);
        assertThat(end(second).reason()).isEqualTo(Reason.UNREACHABLE);
    }

    @Test
    void answerOfTheSecondUserWithoutADescriptionReleasesBoth() {
        Second second = scene.callSecond(alice, bob);
        bob.respond(second.invite(), 200);
        bob.awaitRequest("ACK");
        acceptBye(bob);
        assertThat(alice.awaitRequest("ACK").body()).isEqualTo(REJECTION);
        acceptBye(alice);

        assertThat(end(second.call()).reason()).isEqualTo(Reason.FAILED);
    }

    @Test
    void answerThatCannotBeReadReleasesTheFirst() {
        Second second = scene.callSecond(alice, bob);
        bob.respond(second.invite(), 200, "Record-Route: <sip:a b@", "Content-Type: text/x", "\r\nanswer");
        release(alice);

        assertThat(end(second.call()).side()).isEqualTo(Side.CALLEE);
        assertThat(end(second.call()).reason()).isEqualTo(Reason.FAILED);
    }

    // ---- users who hang up early

    @Test
    void firstUserWhoHangsUpWhileTheSecondRingsCancelsTheCall() {
        Second second = scene.callSecond(alice, bob);
        bob.respond(second.invite(), 180);

        Request bye = alice.send(second.first().request("BYE").with("Reason: Q.850;cause=16"));
        alice.awaitResponse(bye, 200);
        WireMessage cancel = bob.awaitRequest("CANCEL");
        bob.respond(cancel, 200);
        bob.respond(second.invite(), 487);
        bob.awaitRequest("ACK");

        assertThat(cancel.header("Reason")).isEqualTo("Q.850;cause=16");
        assertThat(end(second.call())).isEqualTo(new CallEnd(Side.CALLER, Reason.CANCELLED, 0, ""));
        alice.awaitRequest("ACK"); // the 200 has an ACK (RFC 3261 §13.2.2.4)
        assertNoRequest(alice, "BYE");
    }

    @Test
    void answerOfTheSecondUserThatCrossesTheEndIsHungUp() {
        Second second = scene.callSecond(alice, bob);
        bob.respond(second.invite(), 180);

        Request bye = alice.send(second.first().request("BYE"));
        alice.awaitResponse(bye, 200);
        bob.awaitRequest("CANCEL");
        answerSecond(bob, second.invite());
        bob.awaitRequest("ACK");
        acceptBye(bob);

        assertThat(end(second.call()).reason()).isEqualTo(Reason.CANCELLED);
    }

    @Test
    void secondUserWhoHangsUpBeforeItsAnswerArrivesEndsTheCall() {
        Second second = scene.callSecond(alice, bob);
        WireMessage lost = Response.of(bob, second.invite(), 200, "Content-Type: text/x-answer", "\r\nanswer");

        Request bye = bob.send(Dialog.ofCallee(bob, second.invite(), lost).request("BYE"));
        bob.awaitResponse(bye, 200);
        release(alice);
        bob.send(lost.text());
        bob.awaitRequest("ACK");
        bob.respond(bob.awaitRequest("BYE"), 481);

        assertThat(end(second.call())).isEqualTo(new CallEnd(Side.CALLEE, Reason.BYE, 0, ""));
    }
}

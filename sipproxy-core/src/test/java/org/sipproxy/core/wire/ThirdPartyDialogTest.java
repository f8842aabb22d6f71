package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.core.wire.ThirdPartyScene.acceptBye;
import static org.sipproxy.core.wire.ThirdPartyScene.answerFirst;
import static org.sipproxy.core.wire.ThirdPartyScene.answerSecond;
import static org.sipproxy.core.wire.ThirdPartyScene.end;
import static org.sipproxy.core.wire.ThirdPartyScene.get;
import static org.sipproxy.core.wire.ThirdPartyScene.release;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.client.ThirdPartyCall;

/** Requests of the users within a connected call: passed to the other user, responses back. */
class ThirdPartyDialogTest {

    private final ThirdPartyScene scene = new ThirdPartyScene();
    private final WireClient.Udp alice = scene.proxy.registered("alice");
    private final WireClient.Udp bob = scene.proxy.registered("bob");
    private final ThirdPartyScene.Connected call = scene.established(alice, bob);

    @AfterEach
    void close() {
        if (call.call().state() != ThirdPartyCall.State.ENDED) {
            scene.hangUp(call, alice, bob);
        }
        scene.nothingIsLeft();
        scene.close();
    }

    private static Request hold(WireClient sender, Dialog dialog) {
        return dialog.request("INVITE")
                .contact("<" + sender.contact() + ">")
                .with("Supported: timer, 100rel, replaces", "Session-Expires: 1800;refresher=uac", "X-Hold: yes")
                .body("application/sdp", "hold");
    }

    // ---- whose requests they are

    /** The other proxy's call: its Contact looks like one of this proxy, and its requests pass it. */
    @Test
    void requestsOfAnotherProxysCallsAreRouted() {
        String token = "3pcc." + "0123456789abcdef".repeat(2);
        WireClient.Udp other = scene.proxy.udp("other");
        scene.proxy.registerContact(other, token, "<sip:" + token + "@" + other.hostPort() + ">");
        Request invite = alice.send(alice.request("INVITE", "sip:" + token + "@sip.test"));
        WireMessage received = other.awaitRequest("INVITE");
        other.respond(received, 200, "Contact: <sip:" + token + "@" + other.hostPort() + ">");
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        other.awaitRequest("ACK");

        Request bye = alice.send(caller.request("BYE"));
        acceptBye(other);
        alice.awaitResponse(bye, 200);
    }

    // ---- BYE

    @Test
    void byeOfTheFirstUserEndsTheCall() {
        Request bye = alice.send(call.first().request("BYE").with("Reason: Q.850;cause=31"));
        alice.awaitResponse(bye, 200);
        WireMessage toBob = bob.awaitRequest("BYE");
        bob.respond(toBob, 481);

        assertThat(toBob.header("Reason")).isEqualTo("Q.850;cause=31");
        assertThat(toBob.header("Call-ID")).isNotEqualTo(bye.callId());
        assertThat(end(call.call())).isEqualTo(new CallEnd(Side.CALLER, Reason.BYE, 0, ""));
        get(call.call().hangUp("again"));
        Request late = alice.send(call.first().request("INFO"));
        alice.awaitResponse(late, 481);
    }

    @Test
    void byesThatCrossGetTheirResponses() {
        CompletableFuture<CallEnd> released = call.call().hangUp("");
        WireMessage toAlice = alice.awaitRequest("BYE");
        Request bye = alice.send(call.first().request("BYE"));
        alice.awaitResponse(bye, 200);
        alice.respond(toAlice, 481);
        acceptBye(bob);

        assertThat(get(released).reason()).isEqualTo(Reason.HUNG_UP);
    }

    @Test
    void userWhoDoesNotRespondDoesNotKeepTheCall() {
        Request bye = alice.send(call.first().request("BYE"));
        alice.awaitResponse(bye, 200);
        bob.awaitRequest("BYE");
        CompletableFuture<CallEnd> released = call.call().hangUp("");
        scene.clock.advance(Duration.ofSeconds(33));

        assertThat(get(released).side()).isEqualTo(Side.CALLER);
    }

    // ---- re-INVITE

    @Test
    void holdIsPassedAndItsAnswerAndAckToo() {
        Request invite = alice.send(hold(alice, call.first()));
        WireMessage toBob = bob.awaitRequest("INVITE");
        alice.awaitResponse(invite, 100);
        bob.respond(toBob, 180, "Require: 100rel", "RSeq: 1");
        WireMessage ringing = alice.awaitResponse(invite, 180);
        bob.respond(
                toBob,
                200,
                "Content-Type: application/sdp",
                "Session-Expires: 1800;refresher=uac",
                "Require: timer",
                "Record-Route: <sip:192.0.2.9;lr>",
                "\r\nheld");
        WireMessage ok = alice.awaitResponse(invite, 200);
        assertThat(bob.pendingAfterRoundTrip()).noneMatch(m -> m.startLine().startsWith("ACK"));
        alice.send(Dialog.ofCaller(alice, ok).ack().body("text/x", "ack"));
        WireMessage ack = bob.awaitRequest("ACK");

        assertThat(toBob.body()).isEqualTo("hold");
        assertThat(toBob.header("CSeq")).isEqualTo("2 INVITE");
        assertThat(toBob.header("From")).contains("sip:alice@sip.test").contains(";tag=");
        assertThat(toBob.header("X-Hold")).isEqualTo("yes");
        assertThat(toBob.header("Session-Expires")).isEqualTo("1800;refresher=uac");
        assertThat(toBob.elements("Supported")).containsExactly("timer");
        assertThat(toBob.lines("Record-Route")).isEmpty();
        assertThat(WireMessage.uriOf(toBob.header("Contact")))
                .isEqualTo(call.second().target());
        assertThat(ringing.lines("RSeq")).isEmpty();
        assertThat(ringing.lines("Require")).isEmpty();
        assertThat(ok.body()).isEqualTo("held");
        assertThat(ok.header("Content-Type")).isEqualTo("application/sdp");
        assertThat(ok.header("Session-Expires")).isEqualTo("1800;refresher=uac");
        assertThat(ok.elements("Require")).containsExactly("timer");
        assertThat(ok.lines("Record-Route")).isEmpty();
        assertThat(WireMessage.uriOf(ok.header("Contact")))
                .isEqualTo(call.first().target());
        assertThat(ack.header("CSeq")).isEqualTo("2 ACK");
        assertThat(ack.body()).isEqualTo("ack");
    }

    @Test
    void lostAnswerOrAckOfAReInviteIsRetransmittedEndToEnd() {
        Request invite = bob.send(hold(bob, call.second()));
        WireMessage toAlice = alice.awaitRequest("INVITE");
        alice.respond(toAlice, 200);
        bob.awaitResponse(invite, 200);
        alice.respond(toAlice, 200);
        WireMessage again = bob.awaitResponse(invite, 200);
        bob.send(Dialog.ofCaller(bob, again).ack());
        alice.awaitRequest("ACK");
        alice.respond(toAlice, 200);
        alice.awaitRequest("ACK");

        assertThat(bob.pendingAfterRoundTrip()).noneMatch(m -> m.status() >= 200);
    }

    @Test
    void refusedReInviteChangesNothing() {
        Request invite = alice.send(hold(alice, call.first()));
        bob.respond(bob.awaitRequest("INVITE"), 488, "Warning: 304 x \"Media type not available\"");
        bob.awaitRequest("ACK");
        WireMessage refusal = alice.awaitResponse(invite, 488);
        alice.send(invite.ack(refusal));

        assertThat(refusal.header("Warning")).startsWith("304");
        assertThat(call.call().state()).isEqualTo(ThirdPartyCall.State.CONNECTED);
    }

    @Test
    void challengeOfTheOtherUserIsNotPassed() {
        Request invite = alice.send(hold(alice, call.first()));
        bob.respond(bob.awaitRequest("INVITE"), 407, "Proxy-Authenticate: Digest realm=\"b\", nonce=\"n\"");
        WireMessage refusal = alice.awaitResponse(invite, 403);
        alice.send(invite.ack(refusal));

        assertThat(refusal.lines("Proxy-Authenticate")).isEmpty();
    }

    @Test
    void cancelledReInviteIsCancelled() {
        Request invite = alice.send(hold(alice, call.first()));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.respond(toBob, 180);
        alice.awaitResponse(invite, 180);
        alice.awaitResponse(alice.send(invite.cancel()), 200);
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(toBob, 487);

        alice.send(invite.ack(alice.awaitResponse(invite, 487)));
    }

    @Test
    void offersThatMeetAreRefused() {
        Request ofAlice = alice.send(hold(alice, call.first()));
        WireMessage toBob = bob.awaitRequest("INVITE");

        Request ofBob = bob.send(hold(bob, call.second()));
        bob.send(ofBob.ack(bob.awaitResponse(ofBob, 491)));
        Request update = bob.send(call.second().request("UPDATE").body("application/sdp", "x"));
        bob.awaitResponse(update, 491);
        Request second = alice.send(hold(alice, call.first()));
        WireMessage early = alice.awaitResponse(second, 500);
        alice.send(second.ack(early));
        bob.respond(toBob, 486);
        alice.send(ofAlice.ack(alice.awaitResponse(ofAlice, 486)));

        assertThat(early.header("Retry-After")).isEqualTo("5");
        Request next = bob.send(hold(bob, call.second()));
        alice.respond(alice.awaitRequest("INVITE"), 486);
        bob.send(next.ack(bob.awaitResponse(next, 486)));
    }

    @Test
    void byeDuringAReInviteEndsIt() {
        Request invite = alice.send(hold(alice, call.first()));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.respond(toBob, 180);

        Request bye = bob.send(call.second().request("BYE"));
        bob.awaitResponse(bye, 200);
        alice.send(invite.ack(alice.awaitResponse(invite, 487)));
        acceptBye(alice);
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(toBob, 487);

        assertThat(end(call.call()).side()).isEqualTo(Side.CALLEE);
    }

    @Test
    void answerOfAReInviteThatCrossesTheEndIsAcknowledged() {
        Request invite = alice.send(hold(alice, call.first()));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.respond(toBob, 200);
        alice.awaitResponse(invite, 200);

        Request bye = alice.send(call.first().request("BYE"));
        alice.awaitResponse(bye, 200);
        release(bob);

        assertThat(end(call.call()).side()).isEqualTo(Side.CALLER);
    }

    @Test
    void newContactIsWhereLaterRequestsGo() {
        WireClient.Udp moved = scene.proxy.udp("moved");
        Request update = bob.send(call.second().request("UPDATE").contact("<" + moved.contact() + ">"));
        WireMessage toAlice = alice.awaitRequest("UPDATE");
        alice.respond(toAlice, 200, "Contact: <" + alice.contact() + ">");
        WireMessage ok = bob.awaitResponse(update, 200);

        Request info = alice.send(call.first().request("INFO"));
        moved.respond(moved.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);

        assertThat(WireMessage.uriOf(toAlice.header("Contact")))
                .isEqualTo(call.first().target());
        assertThat(WireMessage.uriOf(ok.header("Contact")))
                .isEqualTo(call.second().target());
        Request bye = alice.send(call.first().request("BYE"));
        alice.awaitResponse(bye, 200);
        acceptBye(moved);
        end(call.call());
    }

    // ---- other requests

    @Test
    void infoAndItsResponseArePassed() {
        Request info = alice.send(
                call.first().request("INFO").with("Info-Package: dtmf").body("application/dtmf-relay", "Signal=5"));
        WireMessage toBob = bob.awaitRequest("INFO");
        bob.respond(toBob, 415, "Accept: text/plain", "\r\nbody");
        WireMessage response = alice.awaitResponse(info, 415);

        assertThat(toBob.body()).isEqualTo("Signal=5");
        assertThat(toBob.header("Content-Type")).isEqualTo("application/dtmf-relay");
        assertThat(toBob.header("Info-Package")).isEqualTo("dtmf");
        assertThat(toBob.header("CSeq")).isEqualTo("2 INFO");
        assertThat(toBob.lines("Contact")).isEmpty();
        assertThat(response.header("Accept")).isEqualTo("text/plain");
        assertThat(response.body()).isEqualTo("body");
    }

    @Test
    void requestWithoutAResponseGets408() {
        Request info = alice.send(call.first().request("INFO"));
        bob.awaitRequest("INFO");
        scene.clock.advance(Duration.ofSeconds(33));

        alice.awaitResponse(info, 408);
    }

    @Test
    void requiredExtensionsAreRefusedExceptForSessionTimers() {
        Request prack = alice.send(call.first().request("INFO").with("Require: timer, 100rel", "Require: gruu"));
        WireMessage refusal = alice.awaitResponse(prack, 420);
        Request timer = alice.send(call.first().request("UPDATE").with("Require: timer"));
        WireMessage toBob = bob.awaitRequest("UPDATE");
        bob.respond(toBob, 200);
        alice.awaitResponse(timer, 200);

        assertThat(refusal.elements("Unsupported")).containsExactly("100rel", "gruu");
        assertThat(toBob.elements("Require")).containsExactly("timer");
    }

    @Test
    void retransmissionsAreAbsorbed() {
        Request info = alice.send(call.first().request("INFO"));
        WireMessage toBob = bob.awaitRequest("INFO");
        alice.send(info);
        bob.respond(toBob, 200);
        alice.awaitResponse(info, 200);
        alice.send(info);
        alice.awaitResponse(info, 200);

        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void requestsOfOthersAndOutOfOrderAreRefused() {
        WireClient.Udp mallory = scene.proxy.udp("mallory");
        Request guessed =
                mallory.send(mallory.request("BYE", call.first().target()).to("<sip:bob@sip.test>;tag=guess"));
        mallory.awaitResponse(guessed, 481);
        Request otherTag = mallory.send(mallory.request("BYE", call.first().target())
                .to(call.first().request("INFO").to())
                .callId(call.first().request("INFO").callId()));
        mallory.awaitResponse(otherTag, 481);
        Request outside = mallory.send(mallory.request("INVITE", call.first().target()));
        mallory.send(outside.ack(mallory.awaitResponse(outside, 404)));
        Request info = alice.send(call.first().request("INFO"));
        bob.respond(bob.awaitRequest("INFO"), 200);
        alice.awaitResponse(info, 200);
        Request old = alice.send(call.first().request("INFO").cseq(3));

        alice.awaitResponse(old, 500);
        assertThat(call.call().state()).isEqualTo(ThirdPartyCall.State.CONNECTED);
    }

    @Test
    void phoneThatIgnoresRecordRouteReachesTheProxyByItsContact() {
        Request info = call.first().request("INFO");
        alice.send(info.text().replaceAll("Route: [^\r]*\r\n", ""));
        bob.respond(bob.awaitRequest("INFO"), 200);

        alice.awaitResponse(info, 200);
    }

    @Test
    void reasonOfAHangUpIsOneLineOfText() {
        assertThatThrownBy(() -> call.call().hangUp("a\r\nVia: x")).hasMessageContaining("control character");
        assertThatThrownBy(() -> call.call().hangUp("x".repeat(201))).hasMessageContaining("at most 200");
        assertThat(call.call().state()).isEqualTo(ThirdPartyCall.State.CONNECTED);
    }

    @Test
    void futuresOfTheHostDoNotEndTheCall() {
        call.call().ended().complete(new CallEnd(Side.NONE, Reason.FAILED, 0, ""));
        call.call().connected().cancel(true);

        assertThat(call.call().ended()).isNotDone();
        assertThat(call.call().state()).isEqualTo(ThirdPartyCall.State.CONNECTED);
    }

    @Test
    void secondCallOfTheSameUsersHasItsOwnDialogs() {
        ThirdPartyCall other = scene.connect(alice, bob);
        Dialog first = answerFirst(alice, alice.awaitRequest("INVITE"));
        answerSecond(bob, bob.awaitRequest("INVITE"));
        bob.awaitRequest("ACK");
        alice.awaitRequest("ACK");
        Request bye = alice.send(first.request("BYE"));
        alice.awaitResponse(bye, 200);
        acceptBye(bob);

        assertThat(end(other).side()).isEqualTo(Side.CALLER);
        assertThat(call.call().state()).isEqualTo(ThirdPartyCall.State.CONNECTED);
    }
}

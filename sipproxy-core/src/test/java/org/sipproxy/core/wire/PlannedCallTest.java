package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.api.routing.FailureCause.BUSY;
import static org.sipproxy.api.routing.FailureCause.NO_ANSWER;
import static org.sipproxy.core.wire.CallScene.until;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.message.SipUri;

/** Requests of phones in calls that a plan has routed and the proxy tracks: transfers, reliable 1xx, early dialogs. */
class PlannedCallTest {

    private final CallScene scene = new CallScene(
            settings -> settings, builder -> builder.beforeRouting(RequestStage.onInvite(PlannedCallTest::plan)));
    private final WireClient.Udp alice = scene.proxy.registered("alice");
    private final WireClient.Udp bob = scene.proxy.registered("bob");
    private final WireClient.Udp carol = scene.proxy.registered("carol");

    private static Verdict plan(StageContext context) {
        return Verdict.relay(RelayPlan.toCallee()
                .ringFor(Duration.ofSeconds(20))
                .withHeader("P-Planned", "yes")
                .onFailure(BUSY, NO_ANSWER)
                .relay(RelayPlan.to(Target.of(SipUri.of("sip:voicemail@192.0.2.1")))));
    }

    @AfterEach
    void close() {
        scene.close();
    }

    private CallScene.Established establish(WireClient caller, WireClient callee, String... lines) {
        Request invite = caller.send(
                caller.request("INVITE", "sip:" + callee.name() + "@sip.test").with(lines));
        WireMessage received = callee.awaitRequest("INVITE");
        assertThat(received.lines("P-Planned")).containsExactly("yes");
        for (String line : lines) {
            assertThat(received.lines(line.replaceAll(":.*", ""))).containsExactly(line.replaceAll("^[^:]*: ", ""));
        }
        WireMessage ok = callee.respond(received, 200);
        Dialog ofCaller = Dialog.ofCaller(caller, caller.awaitResponse(invite, 200));
        caller.send(ofCaller.ack());
        callee.awaitRequest("ACK");
        return new CallScene.Established(ofCaller, Dialog.ofCallee(callee, received, ok));
    }

    private static void end(WireClient from, Dialog dialog, WireClient to) {
        Request bye = from.send(dialog.request("BYE"));
        to.respond(to.awaitRequest("BYE"), 200);
        from.awaitResponse(bye, 200);
    }

    /** RFC 5589 §7.1: bob connects alice to carol, with whom he has spoken. */
    @Test
    void attendedTransferReplacesTheCallOfTheTransferor() {
        CallScene.Established withAlice = establish(alice, bob);
        CallScene.Established withCarol = establish(bob, carol);
        Request ofBob = withCarol.caller().request("BYE");
        String toTag = ofBob.to().replaceAll(".*;tag=", "");
        String fromTag = ofBob.from().replaceAll(".*;tag=", "");

        Request refer = bob.send(withAlice
                .callee()
                .request("REFER")
                .contact("<" + bob.contact() + ">")
                .with("Refer-To: <sip:carol@sip.test?Replaces=" + ofBob.callId() + "%3Bto-tag%3D" + toTag
                        + "%3Bfrom-tag%3D" + fromTag + ">"));
        WireMessage referred = alice.awaitRequest("REFER");
        assertThat(referred.header("Refer-To")).contains("?Replaces=" + ofBob.callId());
        alice.respond(referred, 202);
        bob.awaitResponse(refer, 202);
        CallScene.Established replacing = establish(
                alice,
                carol,
                "Replaces: " + ofBob.callId() + ";to-tag=" + toTag + ";from-tag=" + fromTag,
                "Referred-By: <sip:bob@sip.test>");
        Request notify = alice.send(withAlice
                .caller()
                .request("NOTIFY")
                .contact("<" + alice.contact() + ">")
                .with("Event: refer", "Subscription-State: terminated"));
        bob.respond(bob.awaitRequest("NOTIFY"), 200);
        alice.awaitResponse(notify, 200);
        end(carol, withCarol.callee(), bob);
        end(bob, withAlice.callee(), alice);

        until(() -> scene.calls().count() == 1);
        Call left = scene.only();
        assertThat(left.caller().uri()).hasToString("sip:alice@sip.test");
        assertThat(left.callee().uri()).hasToString("sip:carol@sip.test");
        end(carol, replacing.callee(), alice);
        scene.nothingIsLeft();
    }

    /** RFC 5589 §5: bob connects alice to carol without having spoken to her. */
    @Test
    void blindTransferIsACallOfItsOwn() {
        CallScene.Established withAlice = establish(alice, bob);
        Request refer = bob.send(withAlice
                .callee()
                .request("REFER")
                .contact("<" + bob.contact() + ">")
                .with("Refer-To: <sip:carol@sip.test>"));
        alice.respond(alice.awaitRequest("REFER"), 202);
        bob.awaitResponse(refer, 202);
        end(bob, withAlice.callee(), alice);
        CallScene.Established withCarol = establish(alice, carol);

        assertThat(scene.only().callee().uri()).hasToString("sip:carol@sip.test");
        end(alice, withCarol.caller(), carol);
        scene.nothingIsLeft();
    }

    /** RFC 3262 and RFC 3311 in the early dialogs of two phones that send media before they answer. */
    @Test
    void eachEarlyDialogOfAForkHasItsOwnPrackAndUpdate() {
        WireClient.Udp desk = scene.proxy.udp("desk");
        scene.proxy.register(desk, "bob", "");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test").with("Supported: 100rel"));
        WireMessage atBob = bob.awaitRequest("INVITE");
        WireMessage atDesk = desk.awaitRequest("INVITE");
        WireMessage last = null;
        for (WireClient phone : List.of(bob, desk)) {
            WireMessage received = phone == bob ? atBob : atDesk;
            WireMessage early =
                    phone.respond(received, 183, "Require: 100rel", "RSeq: 1", "Contact: <" + phone.contact() + ">");
            WireMessage seen = alice.awaitResponse(invite, 183);
            assertThat(seen.header("To")).isEqualTo(early.header("To"));
            assertThat(seen.header("RSeq")).isEqualTo("1");
            Dialog dialog = Dialog.ofCaller(alice, seen);
            Request prack = alice.send(dialog.request("PRACK").with("RAck: 1 1 INVITE"));
            phone.respond(phone.awaitRequest("PRACK"), 200);
            alice.awaitResponse(prack, 200);
            Request update = alice.send(dialog.request("UPDATE").contact("<" + alice.contact() + ">"));
            phone.respond(phone.awaitRequest("UPDATE"), 200);
            alice.awaitResponse(update, 200);
            last = seen;
        }
        assertThat(last).isNotNull();
        WireMessage ok = desk.respond(atDesk, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        desk.awaitRequest("ACK");
        WireMessage cancel = bob.awaitRequest("CANCEL");
        bob.respond(cancel, 200);
        bob.respond(atBob, 487);
        bob.awaitRequest("ACK");

        assertThat(scene.only().callee().tag()).isEqualTo(ok.header("To").replaceAll(".*;tag=", ""));
        end(alice, caller, desk);
        scene.nothingIsLeft();
    }
}

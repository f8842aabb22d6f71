package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;

/** Phones that call each other through a real proxy. */
@Timeout(60)
class PhoneTest {

    @RegisterExtension
    static final SipProxyExtension SIP = SipProxyExtension.create();

    private static Phone registered(String user, TransportKind kind) {
        return SIP.registeredPhone(user, phone -> phone.transport(kind));
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void registersAndUnregisters(TransportKind kind) {
        Phone alice = registered("alice", kind);

        assertThat(SIP.bindings("alice"))
                .singleElement()
                .satisfies(b -> assertThat(b.contact()).hasToString(alice.contact()));

        alice.unregister();
        assertThat(SIP.bindings("alice")).isEmpty();
        assertThat(alice.registrations()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void callIsAnsweredChangedAndHungUpByEitherSide(TransportKind kind) {
        Phone alice = registered("alice", kind);
        Phone bob = registered("bob", kind);

        OutgoingCall calling =
                alice.call("bob", invite -> invite.header("Subject", "lunch").body("application/sdp", "v=0\r\n"));
        IncomingCall called = bob.awaitCall();
        assertThat(called.invite().header(HeaderName.SUBJECT)).hasValue("lunch");
        assertThat(called.invite().toString())
                .endsWith("Content-Type: application/sdp\r\nContent-Length: 5\r\n\r\nv=0\r\n");
        called.ring();
        calling.awaitRinging();
        called.answer(ok -> ok.body("application/sdp", "v=1\r\n"));
        assertThat(calling.awaitStatus(200).toString()).endsWith("v=1\r\n");
        called.awaitAck();

        calling.reinvite();
        called.awaitRequest("INVITE");
        called.awaitRequest("ACK");
        called.reinvite();
        calling.awaitRequest("INVITE");
        called.update();
        calling.awaitRequest("UPDATE");
        assertThat(calling.send("INFO").statusCode()).isEqualTo(200);
        assertThatThrownBy(() -> calling.send("ACK")).isInstanceOf(IllegalArgumentException.class);
        called.hangUp();
        calling.awaitHangUp();
        assertThat(calling.isOver()).isTrue();

        OutgoingCall again = bob.call("alice");
        alice.awaitCall().answer();
        again.awaitAnswer().hangUp();
    }

    @Test
    void refusedCallHasItsStatus() {
        Phone alice = SIP.phone("alice");
        Phone bob = SIP.registeredPhone("bob");

        OutgoingCall calling = alice.call("bob");
        bob.awaitCall().ring().busy();

        assertThat(calling.awaitFinal().statusCode()).isEqualTo(486);
        assertThat(calling.isOver()).isTrue();
        assertThatThrownBy(calling::awaitAnswer)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("alice: INVITE sip:bob@sip.test got 486 Busy Here")
                .hasMessageContaining("<- SIP/2.0 180 Ringing");
        assertThatThrownBy(() -> calling.awaitStatus(603)).hasMessageContaining("486 Busy Here (expected 603)");
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void callIsCancelledBeforeItIsAnswered(TransportKind kind) {
        Phone alice = registered("alice", kind);
        Phone bob = registered("bob", kind);
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall().ring();

        calling.cancel();

        called.awaitCancel();
        calling.awaitStatus(487);
        assertThat(called.isPending()).isFalse();
        assertThatThrownBy(called::answer)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("already has the final response 487");
    }

    @Test
    void oneOfTwoPhonesAnswersAndTheOtherIsCancelled() {
        Phone alice = SIP.phone("alice");
        Phone desk = SIP.registeredPhone("bob");
        Phone mobile = SIP.registeredPhone("bob");

        OutgoingCall calling = alice.call("bob");
        IncomingCall atDesk = desk.awaitCall().ring();
        IncomingCall atMobile = mobile.awaitCall().ring();
        atMobile.answer();

        calling.awaitAnswer();
        atDesk.awaitCancel();
        calling.hangUp();
        atMobile.awaitHangUp();
    }

    @Test
    void requestsInAnEarlyDialogReachItsPhoneOnly() {
        Phone alice = SIP.phone("alice");
        Phone desk = SIP.registeredPhone("bob");
        Phone mobile = SIP.registeredPhone("bob");
        OutgoingCall calling = alice.call("bob", invite -> invite.header("Supported", "100rel"));
        assertThatThrownBy(() -> calling.send("UPDATE"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no phone has responded to INVITE sip:bob@sip.test yet");
        IncomingCall atDesk = desk.awaitCall();
        IncomingCall atMobile = mobile.awaitCall();

        atDesk.respond(
                183,
                progress ->
                        progress.header("Require", "100rel").header("RSeq", "1").body("application/sdp", "v=1\r\n"));
        calling.awaitEarlyDialogs(1);
        atMobile.respond(
                183,
                progress ->
                        progress.header("Require", "100rel").header("RSeq", "7").body("application/sdp", "v=2\r\n"));
        List<EarlyDialog> early = calling.awaitEarlyDialogs(2);

        assertThat(early).extracting(dialog -> dialog.response().bodyLength()).containsExactly(5, 5);
        early.get(1).prack();
        assertThat(atMobile.awaitRequest("PRACK").header(HeaderName.of("RAck")))
                .hasValueSatisfying(rack -> assertThat(rack).startsWith("7 ").endsWith(" INVITE"));
        early.get(0).prack();
        atDesk.awaitRequest("PRACK");
        early.get(1).send("UPDATE");
        assertThat(atMobile.awaitRequest("UPDATE").toString()).contains(";tag=" + atMobile.localTag());
        atDesk.update();
        calling.awaitRequest("UPDATE");
        atMobile.answer();
        calling.awaitAnswer();
        atDesk.awaitCancel();
        calling.send("INFO");
        atMobile.awaitRequest("INFO");
        calling.hangUp();
        assertThatThrownBy(() -> early.get(0).send("CANCEL")).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void prackNeedsAReliableResponse() {
        Phone alice = SIP.phone("alice");
        Phone bob = SIP.registeredPhone("bob");
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall().ring();
        calling.awaitRinging();
        EarlyDialog early = calling.awaitEarlyDialogs(1).get(0);

        assertThat(early.remoteTag()).isEqualTo(called.localTag());
        assertThatThrownBy(early::prack)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("PRACK: 180 Ringing has no RSeq, so it is not reliable");
        called.decline();
        calling.awaitStatus(603);
    }

    @Test
    void answeringPhoneAnswersWithoutTheTest() {
        Phone bob = SIP.registeredPhone("bob", Phone.Builder::answering);

        SIP.phone("alice").call("bob").awaitAnswer().hangUp();

        bob.awaitCall().awaitHangUp();
    }

    @Test
    void requestsOutsideCallsGetTheConfiguredStatus() {
        Phone alice = SIP.phone("alice");
        Phone bob = SIP.registeredPhone("bob");

        assertThat(alice.message("bob", "Grüße").statusCode()).isEqualTo(200);
        assertThat(bob.awaitRequest("MESSAGE").toString()).endsWith("\r\n\r\nGrüße");
        assertThat(alice.options("bob").statusCode()).isEqualTo(200);
        assertThat(bob.pings()).isOne();

        bob.respondWith("MESSAGE", 480);
        SipResponse refused = alice.send(
                "MESSAGE",
                "sip:bob@sip.test",
                parts -> parts.header("X-Tag", "1").header("X-Tag", "2").header("Max-Forwards", "5"));
        assertThat(refused.statusCode()).isEqualTo(480);
        assertThat(bob.awaitRequest("MESSAGE")).satisfies(message -> {
            assertThat(message.headers(HeaderName.of("X-Tag"))).containsExactly("1", "2");
            assertThat(message.header(HeaderName.MAX_FORWARDS)).hasValue("4");
        });
        assertThatThrownBy(() -> alice.send("INVITE", "bob"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("use call(target)");
    }

    @Test
    void phoneRespondsToTheSourceOfARequestAndReportsIt() {
        Phone bob = SIP.phone("bob");
        Phone direct = SIP.phone("alice", phone -> phone.proxy(bob.localAddress()));

        assertThat(direct.message(bob.contact(), "hello").statusCode()).isEqualTo(200);

        SipRequest message = bob.awaitRequest("MESSAGE");
        assertThat(bob.sourceOf(message)).isEqualTo(direct.localAddress());
        assertThatThrownBy(() -> direct.sourceOf(message))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("request: alice has no transaction of this MESSAGE");
    }

    @Test
    void failedWaitListsTheReceivedMessages() {
        Phone alice = SIP.phone("alice", phone -> phone.patience(Duration.ofMillis(300)));
        alice.options("sip:" + SIP.domain());

        assertThatThrownBy(alice::awaitCall)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("alice: a call did not come within PT0.3S; messages on its wire:\n")
                .hasMessageContaining("-> OPTIONS sip:sip.test SIP/2.0  (CSeq 1 OPTIONS)")
                .hasMessageContaining("<- SIP/2.0 200 OK");
    }

    @Test
    void threadsOfAClosedPhoneHaveEnded() {
        Phone carol = SIP.registeredPhone("carol");

        carol.close();
        carol.close();

        await().untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet())
                .noneMatch(thread -> thread.getName().startsWith("phone-carol")));
    }
}

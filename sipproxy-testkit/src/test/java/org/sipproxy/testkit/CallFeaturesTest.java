package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipResponse;

/** What phones do in and around a call. */
@Timeout(60)
@SipProxyTest
class CallFeaturesTest {

    /** Returns the caller's side of an answered call; the callee has got the ACK. */
    private static OutgoingCall answered(OutgoingCall calling, IncomingCall called) {
        called.ring().answer();
        calling.awaitAnswer();
        called.awaitAck();
        return calling;
    }

    private static String body(SipResponse response) {
        return new String(response.body(), StandardCharsets.UTF_8);
    }

    @Test
    void eitherSideHoldsAndResumes(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob) {
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall();
        answered(calling, called);

        assertThat(body(calling.hold())).contains("\r\na=recvonly\r\n");
        assertThat(called.isHeld()).isTrue();
        assertThat(new String(called.awaitRequest("INVITE").body(), StandardCharsets.UTF_8))
                .contains("o=- 1 1 IN", "\r\na=sendonly\r\n");
        assertThat(body(calling.resume())).contains("\r\na=sendrecv\r\n");
        assertThat(called.isHeld()).isFalse();
        assertThat(new String(called.awaitRequest("INVITE").body(), StandardCharsets.UTF_8))
                .contains("o=- 1 2 IN", "\r\na=sendrecv\r\n");

        called.hold();
        assertThat(calling.isHeld()).isTrue();
        assertThat(body(called.reinvite(offer -> offer.body("application/sdp", "v=0\r\na=inactive\r\n"))))
                .contains("\r\na=inactive\r\n");
        assertThat(calling.isHeld()).isTrue();
        assertThat(body(called.reinvite(offer -> offer.body("application/sdp", "v=0\r\n"))))
                .contains("\r\na=sendrecv\r\n");
        assertThat(calling.isHeld()).isFalse();
        called.hangUp();
    }

    @Test
    void earlyMediaComesWithoutA180(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob) {
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall().earlyMedia();

        assertThat(body(calling.awaitStatus(183))).contains("m=audio");
        called.answer();
        calling.awaitAnswer().hangUp();
    }

    @Test
    void digitsArriveInTheirOrder(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob) {
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall();
        answered(calling, called);

        calling.dtmf("12#");
        assertThat(called.awaitDtmf(2)).isEqualTo("12");
        assertThat(called.awaitDtmf(1)).isEqualTo("#");
        called.dtmf("D*");
        assertThat(calling.awaitDtmf(2)).isEqualTo("D*");

        assertThatThrownBy(() -> calling.dtmf("x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("digits: x (expected 0 to 9, *, # and A to D)");
        calling.send("INFO");
        assertThatThrownBy(() -> called.awaitDtmf(1)).hasMessageContaining("INFO without a digit");
        calling.hangUp();
    }

    @Test
    void blindTransferCallsTheTarget(
            @SipUser("alice") Phone alice, @SipUser("bob") Phone bob, @SipUser("carol") Phone carol) {
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall();
        answered(calling, called);

        Transfer transfer = called.transfer("carol");
        OutgoingCall moved = calling.awaitTransfer();
        IncomingCall atCarol = carol.awaitCall();
        assertThat(atCarol.invite().header(HeaderName.REFERRED_BY)).hasValue("<sip:bob@sip.test>");
        assertThat(transfer.awaitProgress()).isEqualTo(100);
        answered(moved, atCarol);
        assertThat(transfer.awaitEnd()).isEqualTo(200);
        called.hangUp();
        moved.hangUp();
    }

    @Test
    void transferToABusyTargetReportsItsStatus(
            @SipUser("alice") Phone alice, @SipUser("bob") Phone bob, @SipUser("carol") Phone carol) {
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall();
        answered(calling, called);

        Transfer transfer = calling.transfer("carol");
        OutgoingCall moved = called.awaitTransfer();
        carol.awaitCall().busy();

        assertThat(moved.awaitFinal().statusCode()).isEqualTo(486);
        assertThat(transfer.awaitEnd()).isEqualTo(486);
        calling.hangUp();

        alice.respondWith("REFER", 603);
        OutgoingCall refusing = bob.call("alice");
        IncomingCall refused = alice.awaitCall();
        answered(refusing, refused);
        assertThatThrownBy(() -> refusing.transfer("carol")).hasMessageContaining("REFER got 603 Decline");
    }

    @Test
    void attendedTransferReplacesTheSecondCall(
            @SipUser("alice") Phone alice, @SipUser("bob") Phone bob, @SipUser("carol") Phone carol) {
        OutgoingCall calling = alice.call("bob");
        IncomingCall called = bob.awaitCall();
        answered(calling, called);
        called.hold();
        OutgoingCall asking = bob.call("carol");
        IncomingCall asked = carol.awaitCall();
        assertThat(asked.replaced()).isEmpty();
        answered(asking, asked);

        Transfer transfer = called.transfer(asking);
        OutgoingCall moved = calling.awaitTransfer();
        IncomingCall atCarol = carol.awaitCall();
        answered(moved, atCarol);

        asking.awaitHangUp();
        assertThat(asked.isOver()).isTrue();
        assertThat(atCarol.replaced()).containsSame(asked);
        assertThat(transfer.awaitEnd()).isEqualTo(200);
        called.hangUp();
        moved.hangUp();
    }

    /** Call-ID and header lines as other applications write them (RFC 3261 §19.1.1, §25.1). */
    @Test
    void transferOfACallOfAnotherApplication(@SipUser("bob") Phone bob, SipProxyExtension sip) {
        Phone application = sip.phone("app");
        application.sendBytes(
                """
            INVITE sip:bob@sip.test SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bKapp
            From: sip:app@sip.test;x=1;tag=t+1
            To: <sip:bob@sip.test>
            Call-ID: a+b/c=
            CSeq: 1 INVITE
            Contact: <%s>
            Max-Forwards: 70
            Content-Length: 0

            """.formatted(application.contact()).replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8));
        IncomingCall first = bob.awaitCall();
        OutgoingCall second = bob.call("bob");
        IncomingCall atBob = bob.awaitCall();
        answered(second, atBob);

        bob.respondWith("REFER", 202);
        second.transfer(first);

        assertThat(atBob.awaitRequest("REFER").header(HeaderName.REFER_TO))
                .hasValue("<sip:app@sip.test?Replaces=a%2Bb%2Fc%3D%3Bto-tag%3Dt%2B1%3Bfrom-tag%3D" + first.localTag()
                        + ">");
        second.send(
                "REFER",
                refer -> refer.header(
                        "Refer-To",
                        "<sip:bob@sip.test?Replaces=a+b/c%3D%3Bto-tag%3D" + first.localTag() + "%3Bfrom-tag%3Dt+1>"));
        atBob.awaitTransfer();
        IncomingCall replacing = bob.awaitCall();
        assertThat(replacing.replaced()).containsSame(first);
        second.send("REFER", refer -> refer.header("Refer-To", "<sip:bob@sip.test?Replaces=a%2>"));
        assertThatThrownBy(atBob::awaitTransfer).hasMessageContaining("Refer-To has a malformed escape: a%2");
        first.busy();
        replacing.busy();
        second.hangUp();
    }

    @Test
    void subscriberIsNotifiedUntilTheSubscriptionEnds(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob) {
        Subscription watching =
                alice.subscribe("bob", "presence", subscribe -> subscribe.header("Accept", "text/plain"));
        Subscription watched = bob.awaitSubscription();
        assertThat(watched.event()).isEqualTo("presence");
        assertThat(bob.awaitRequest("SUBSCRIBE").header(HeaderName.EXPIRES)).hasValue("3600");

        watched.sendNotify("active;expires=3600", notify -> notify.body("text/plain", "away"));
        assertThat(watching.awaitNotify()).satisfies(notify -> {
            assertThat(notify.header(HeaderName.EVENT)).hasValue("presence");
            assertThat(new String(notify.body(), StandardCharsets.UTF_8)).isEqualTo("away");
        });
        assertThat(watching.refresh(Duration.ofMinutes(2)).header(HeaderName.EXPIRES))
                .hasValue("120");
        watched.awaitRefresh();
        watching.end();
        assertThat(watched.awaitRefresh().header(HeaderName.EXPIRES)).hasValue("0");
        watched.sendNotify("terminated;reason=timeout", notify -> {});
        assertThat(watching.awaitNotify().header(HeaderName.of("Subscription-State")))
                .hasValue("terminated;reason=timeout");
    }

    @Test
    void refusedSubscriptionFails(@SipUser("alice") Phone alice, @SipUser("bob") Phone bob) {
        bob.respondWith("SUBSCRIBE", 489);

        assertThatThrownBy(() -> alice.subscribe("bob", "unknown"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("alice: SUBSCRIBE got 489 Bad Event");
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void anyBytesAreSentAndTheResponseIsRead(TransportKind kind, SipProxyExtension sip) {
        Phone mallory = sip.phone("mallory", phone -> phone.transport(kind));
        String request = """
            OPTIONS sip:sip.test SIP/2.0
            Via: SIP/2.0/%s 127.0.0.1:9;rport;branch=z9hG4bKodd
            From: <sip:mallory@sip.test>;tag=1
            To: <sip:sip.test>
            Call-ID: odd
            CSeq: 1 INVITE
            Max-Forwards: 70
            Content-Length: 0

            """.formatted(kind).replace("\n", "\r\n");

        mallory.sendBytes(request.getBytes(StandardCharsets.UTF_8));

        SipResponse response = mallory.awaitStrayResponse();
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.header(HeaderName.CALL_ID)).hasValue("odd");
    }

    @Test
    void phonesWorkAgainstAnyServerByItsAddress() {
        try (SipProxy other = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("other.test")
                .noAuthentication()
                .build()) {
            other.start();
            java.net.InetSocketAddress address = new java.net.InetSocketAddress(
                    "127.0.0.1", other.boundEndpoints().get(0).port());
            try (Phone alice = Phone.builder("alice")
                            .domain("other.test")
                            .proxy(address)
                            .open();
                    Phone bob = Phone.builder("bob")
                            .domain("other.test")
                            .proxy(address)
                            .open()) {
                bob.register();
                OutgoingCall calling = alice.call("bob");
                IncomingCall called = bob.awaitCall();
                answered(calling, called).hangUp();

                assertThat(alice.ladder().arrows())
                        .contains("alice -> proxy: INVITE", "proxy -> alice: 200 OK", "alice -> proxy: BYE");
            }
        }
    }
}

package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** CANCEL (RFC 3261 §9, §16.10; RFC 3326). */
class CancelTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp alice = proxy.registered("alice");
    private final WireClient.Udp bob = proxy.registered("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    private Request inviteBob() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        alice.awaitResponse(invite, 100);
        return invite;
    }

    @Test
    void cancelOfARingingCallGets200AndIsPassedOn() {
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);

        Request cancel = alice.send(invite.cancel());

        WireMessage ok = alice.awaitResponse(cancel, 200);
        assertThat(ok.toTag()).isNotEmpty();
        assertThat(ok.branch()).isEqualTo(invite.branch());
        WireMessage passedOn = bob.awaitRequest("CANCEL");
        assertThat(passedOn.uri()).isEqualTo(received.uri());
        assertThat(passedOn.elements("Via")).containsExactly(received.topVia());
        assertThat(passedOn.header("CSeq")).isEqualTo("1 CANCEL");
        assertThat(passedOn.header("From")).isEqualTo(received.header("From"));
        assertThat(passedOn.header("To")).isEqualTo(received.header("To"));
        assertThat(passedOn.header("Call-ID")).isEqualTo(received.header("Call-ID"));
        assertThat(passedOn.has("Require")).isFalse();
        assertThat(Integer.parseInt(passedOn.header("Max-Forwards"))).isPositive();
    }

    @Test
    void repeatedCancelCountsAsARetransmission() {
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);
        Request cancel = alice.send(invite.cancel());
        alice.awaitResponse(cancel, 200);
        assertThat(proxy.proxy().statistics().retransmissions()).isZero();

        alice.send(cancel);

        alice.awaitResponse(cancel, 200);
        await().untilAsserted(
                        () -> // counted after the response is sent
                        assertThat(proxy.proxy().statistics().retransmissions()).isOne());
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        assertThat(bob.pendingAfterRoundTrip())
                .noneMatch(message -> message.method().equals("CANCEL"));
    }

    @Test
    void cancelledCallEndsWith487AndItsAcks() {
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        Request cancel = alice.send(invite.cancel());
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(received, 487);

        WireMessage terminated = alice.awaitResponse(invite, 487);

        alice.awaitResponse(cancel, 200);
        assertThat(bob.awaitRequest("ACK").branch()).isEqualTo(received.branch());
        alice.send(invite.ack(terminated).text());
        assertThat(alice.pendingAfterRoundTrip()).allMatch(m -> m.status() == 180);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void responseToTheCancelOfTheProxyIsNotForwarded() {
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        Request cancel = alice.send(invite.cancel());
        alice.awaitResponse(cancel, 200);
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.pendingAfterRoundTrip();

        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.method().equals("CANCEL"));
    }

    @Test
    void cancelWaitsForAProvisional() {
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        Request cancel = alice.send(invite.cancel());
        alice.awaitResponse(cancel, 200);
        assertThat(bob.pendingAfterRoundTrip()).noneMatch(m -> m.method().equals("CANCEL"));

        bob.respond(received, 100);

        bob.awaitRequest("CANCEL");
        bob.respond(received, 487);
        alice.awaitResponse(invite, 487);
    }

    @Test
    void successThatOvertakesTheCancelWins() {
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        Request cancel = alice.send(invite.cancel());
        bob.awaitRequest("CANCEL");

        bob.respond(received, 200);

        alice.awaitResponse(cancel, 200);
        alice.awaitResponse(invite, 200);
    }

    @Test
    void cancelAfterTheFinalResponseHasNoEffect() {
        Request invite = inviteBob();
        bob.respond(bob.awaitRequest("INVITE"), 200);
        alice.awaitResponse(invite, 200);

        Request cancel = alice.send(invite.cancel());

        alice.awaitResponse(cancel, 200);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void cancelOfNothingIsRefused() {
        Request cancel = alice.send(alice.request("INVITE", "sip:bob@sip.test").cancel());

        WireMessage refused = alice.awaitFinal(cancel);

        assertThat(refused.status()).isEqualTo(481);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void cancelWithAnotherBranchCancelsNothing() {
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);

        Request cancel = alice.send(invite.cancel().branch(WireClient.unique("z9hG4bK")));

        assertThat(alice.awaitFinal(cancel).status()).isEqualTo(481);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void retransmittedCancelGetsAResponseAndIsForwardedOnce() {
        Request invite = inviteBob();
        bob.respond(bob.awaitRequest("INVITE"), 180);
        Request cancel = alice.send(invite.cancel());
        alice.awaitResponse(cancel, 200);
        bob.respond(bob.awaitRequest("CANCEL"), 200);

        alice.send(cancel);

        alice.awaitResponse(cancel, 200);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void reasonOfTheCancelIsPassedOn() {
        Request invite = inviteBob();
        bob.respond(bob.awaitRequest("INVITE"), 180);

        alice.send(invite.cancel().with("Reason: SIP;cause=200;text=\"Call completed elsewhere\""));

        assertThat(bob.awaitRequest("CANCEL").header("Reason"))
                .isEqualTo("SIP;cause=200;text=\"Call completed elsewhere\"");
    }

    @Test
    void cancelReachesEveryRingingBranch() {
        WireClient.Udp desk = proxy.udp("desk");
        proxy.register(desk, "bob", "");
        Request invite = inviteBob();
        WireMessage first = bob.awaitRequest("INVITE");
        WireMessage second = desk.awaitRequest("INVITE");
        bob.respond(first, 180);
        desk.respond(second, 180);
        alice.awaitResponse(invite, 180);
        alice.awaitResponse(invite, 180);

        alice.send(invite.cancel());

        bob.awaitRequest("CANCEL");
        desk.awaitRequest("CANCEL");
        bob.respond(first, 487);
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() == 487);
        desk.respond(second, 487);
        alice.awaitResponse(invite, 487);
    }

    @Test
    void cancelledSerialForkTriesNoOtherTarget() {
        WireClient.Udp desk = proxy.udp("desk");
        proxy.register(desk, "bob", ";q=0.1");
        Request invite = inviteBob();
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.send(invite.cancel());
        bob.awaitRequest("CANCEL");

        bob.respond(received, 487);

        alice.awaitResponse(invite, 487);
        assertThat(desk.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void cancelOverTcpReachesTheCalleeOverUdp() {
        WireClient.Tcp carol = proxy.tcp("carol");
        Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        carol.awaitResponse(invite, 180);

        Request cancel = carol.send(invite.cancel());

        carol.awaitResponse(cancel, 200);
        bob.awaitRequest("CANCEL");
        bob.respond(received, 487);
        carol.awaitResponse(invite, 487);
    }

    @Test
    void cancelOfAnInviteThatWasRefusedHasNoEffect() {
        try (ProxyUnderTest trusting = ProxyUnderTest.start(b -> b.beforeAuthentication(ProxyUnderTest.TRUST))) {
            WireClient.Udp peer = trusting.udp("peer");
            Request invite = peer.send(peer.request("INVITE", "sip:nobody@sip.test"));
            WireMessage failure = peer.awaitResponse(invite, 404);

            Request cancel = peer.send(invite.cancel());

            peer.awaitResponse(cancel, 200);
            peer.send(invite.ack(failure).text());
        }
    }

    @Test
    void cancelOfAStrangersInviteThatWasRefusedMatchesNothing() {
        Request invite = alice.send(alice.request("INVITE", "sip:nobody@sip.test"));
        WireMessage failure = alice.awaitResponse(invite, 404);

        Request cancel = alice.send(invite.cancel());

        alice.awaitResponse(cancel, 481);
        alice.send(invite.ack(failure).text());
    }
}

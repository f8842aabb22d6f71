package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.status.ProxyStatistics;

/** Retransmissions and timeouts with short timers (RFC 3261 §16.8, §17; RFC 4320; RFC 6026). */
class TimerTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK));
    private final WireClient.Udp alice = proxy.udp("alice");
    private final WireClient.Udp bob = proxy.registered("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    private static void until(BooleanSupplier condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(5))
                .until(condition::getAsBoolean);
    }

    @Test
    void inviteIsRetransmittedUntilAProvisional() {
        alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage first = bob.awaitRequest("INVITE");
        assertThat(bob.awaitRequest("INVITE").text()).isEqualTo(first.text());
        assertThat(bob.awaitRequest("INVITE").text()).isEqualTo(first.text());
        bob.respond(first, 180);
        bob.pendingAfterRoundTrip();
        bob.discardPending();

        // six transmissions of a MESSAGE take longer than two more doubling intervals of the INVITE
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        for (int i = 0; i < 6; i++) {
            bob.awaitRequest("MESSAGE");
        }

        assertThat(bob.pending()).noneMatch(m -> m.method().equals("INVITE"));
    }

    @Test
    void unansweredInviteEndsWith408() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage failure = alice.awaitResponse(invite, 408);

        assertThat(failure.toTag()).isNotEmpty();
        alice.send(invite.ack(failure).text());
    }

    @Test
    void cancelledInviteWithoutAResponseEndsWith487() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.awaitRequest("INVITE");
        alice.send(invite.cancel());

        alice.send(invite.ack(alice.awaitResponse(invite, 487)).text());
    }

    @Test
    void calleeThatIgnoresTheCancelIsAbandoned() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 180);
        alice.awaitResponse(invite, 180);
        alice.send(invite.cancel());
        bob.awaitRequest("CANCEL");
        bob.awaitRequest("CANCEL"); // it is retransmitted like any non-INVITE request

        alice.send(invite.ack(alice.awaitResponse(invite, 487)).text());
    }

    @Test
    void callThatRingsTooLongIsCancelled() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);

        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(received, 487);

        assertThat(alice.awaitFinal(invite).status()).isIn(408, 487);
    }

    @Test
    void unansweredNonInviteIsRetransmittedAndNeverGets408() {
        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        for (int i = 0; i < 5; i++) {
            bob.awaitRequest("MESSAGE");
        }
        alice.awaitResponse(message, 100); // RFC 4320 §4.1: only after the client's interval has grown to T2

        until(() -> proxy.proxy().statistics().unanswered() == 0);

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void nonInviteGetsNoTryingBeforeItsTime() {
        try (ProxyUnderTest unhurried = ProxyUnderTest.start()) {
            WireClient.Udp callee = unhurried.registered("callee");
            WireClient.Udp caller = unhurried.udp("caller");
            Request message = caller.send(caller.request("MESSAGE", "sip:callee@sip.test"));
            WireMessage received = callee.awaitRequest("MESSAGE");
            callee.awaitRequest("MESSAGE"); // half a second later

            assertThat(caller.pendingAfterRoundTrip()).isEmpty();
            callee.respond(received, 200);
            caller.awaitResponse(message, 200);
        }
    }

    @Test
    void requestTimeoutOfTheCalleeIsNotForwardedToANonInvite() {
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        bob.respond(bob.awaitRequest("MESSAGE"), 408);

        until(() -> proxy.proxy().statistics().unanswered() == 0);
        assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() == 408);
    }

    @Test
    void requestTimeoutOfTheCalleeIsForwardedToAnInvite() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 408);

        alice.send(invite.ack(alice.awaitResponse(invite, 408)).text());
    }

    @Test
    void failureToATrustedPeerIsRetransmittedUntilItsAck() {
        try (ProxyUnderTest trusting =
                ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK).beforeAuthentication(ProxyUnderTest.TRUST))) {
            WireClient.Udp peer = trusting.udp("peer");
            Request invite = peer.send(peer.request("INVITE", "sip:nobody@sip.test"));
            WireMessage failure = peer.awaitResponse(invite, 404);
            assertThat(peer.awaitResponse(invite, 404).text()).isEqualTo(failure.text());
            peer.awaitResponse(invite, 404);

            peer.send(invite.ack(failure).text());
            peer.pendingAfterRoundTrip();
            peer.discardPending();

            until(() -> trusting.proxy().statistics().serverTransactions() == 0);
            assertThat(peer.pendingAfterRoundTrip()).noneMatch(m -> m.status() == 404);
        }
    }

    @Test
    void failureToATrustedPeerWithoutAnAckIsAbandoned() {
        try (ProxyUnderTest trusting =
                ProxyUnderTest.start(b -> b.timers(ProxyUnderTest.QUICK).beforeAuthentication(ProxyUnderTest.TRUST))) {
            WireClient.Udp peer = trusting.udp("peer");
            Request invite = peer.send(peer.request("INVITE", "sip:nobody@sip.test"));
            peer.awaitResponse(invite, 404);

            until(() -> trusting.proxy().statistics().serverTransactions() == 0);
        }
    }

    @Test
    void serialForkContinuesWhenAPhoneIsSilent() {
        WireClient.Udp desk = proxy.udp("desk");
        proxy.register(desk, "bob", ";q=0.2");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.awaitRequest("INVITE");

        desk.respond(desk.awaitRequest("INVITE"), 200);

        alice.awaitResponse(invite, 200);
    }

    @Test
    void lateSuccessIsForwardedAndAnEvenLaterOneDropped() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 200);
        alice.awaitResponse(invite, 200);
        bob.respond(received, 200);
        alice.awaitResponse(invite, 200);

        until(() -> {
            bob.respond(received, 200);
            bob.pendingAfterRoundTrip();
            return alice.pendingAfterRoundTrip().stream().noneMatch(m -> m.status() == 200) || forget();
        });
    }

    private boolean forget() {
        alice.discardPending();
        return false;
    }

    @Test
    void nothingIsLeftWhenAllTimersHaveFired() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 200);
        Dialog dialog = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(dialog.ack());
        Request bye = alice.send(dialog.request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
        alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        until(() -> {
            ProxyStatistics s = proxy.proxy().statistics();
            return s.serverTransactions() == 0 && s.clientTransactions() == 0 && s.unanswered() == 0;
        });
    }
}

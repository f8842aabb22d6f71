package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.wire.ThirdPartyScene.OFFER;
import static org.sipproxy.core.wire.ThirdPartyScene.REJECTION;
import static org.sipproxy.core.wire.ThirdPartyScene.acceptBye;
import static org.sipproxy.core.wire.ThirdPartyScene.answerFirst;
import static org.sipproxy.core.wire.ThirdPartyScene.answerSecond;
import static org.sipproxy.core.wire.ThirdPartyScene.assertNoRequest;
import static org.sipproxy.core.wire.ThirdPartyScene.end;
import static org.sipproxy.core.wire.ThirdPartyScene.get;
import static org.sipproxy.core.wire.ThirdPartyScene.release;
import static org.sipproxy.core.wire.ThirdPartyScene.user;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.client.ThirdPartyCall.State;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.wire.ThirdPartyScene.Second;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipUri;

/** Set-up of a call between two users by flow I of RFC 3725. */
class ThirdPartySetupTest {

    private final ThirdPartyScene scene = new ThirdPartyScene();
    private final WireClient.Udp alice = scene.proxy.registered("alice");
    private final WireClient.Udp bob = scene.proxy.registered("bob");

    @AfterEach
    void close() {
        scene.nothingIsLeft();
        scene.close();
    }

    @Test
    void offerOfTheFirstUserGoesToTheSecondAndTheAnswerComesBackInTheAck() {
        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage toAlice = alice.awaitRequest("INVITE");
        assertThat(call.state()).isEqualTo(State.CALLING_FIRST);
        assertThat(bob.pending()).isEmpty();
        alice.respond(toAlice, 180);
        answerFirst(alice, toAlice);
        WireMessage toBob = bob.awaitRequest("INVITE");
        assertThat(call.state()).isEqualTo(State.CALLING_SECOND);
        bob.respond(toBob, 180);
        answerSecond(bob, toBob);
        WireMessage ackOfBob = bob.awaitRequest("ACK");
        WireMessage ackOfAlice = alice.awaitRequest("ACK");

        assertThat(get(call.connected())).isTrue();
        assertThat(call.state()).isEqualTo(State.CONNECTED);
        assertThat(toAlice.uri()).isEqualTo(alice.contact());
        assertThat(toAlice.body()).isEmpty();
        assertThat(toAlice.lines("Content-Type")).isEmpty();
        assertThat(toAlice.lines("Supported")).isEmpty();
        assertThat(toAlice.lines("Via")).hasSize(1);
        assertThat(toAlice.header("Max-Forwards")).isEqualTo("70");
        assertThat(toAlice.header("From")).startsWith("<sip:bob@sip.test>;tag=");
        assertThat(toAlice.header("To")).isEqualTo("<sip:alice@sip.test>");
        assertThat(toBob.header("From")).startsWith("<sip:alice@sip.test>;tag=");
        assertThat(toBob.header("Call-ID")).isNotEqualTo(toAlice.header("Call-ID"));
        assertThat(WireMessage.uriOf(toBob.header("Contact")))
                .matches("sip:3pcc\\.[0-9a-f]{32}@127\\.0\\.0\\.1:\\d+")
                .isNotEqualTo(WireMessage.uriOf(toAlice.header("Contact")));
        assertThat(toBob.body()).isEqualTo(OFFER);
        assertThat(toBob.header("Content-Type")).isEqualTo("application/sdp");
        assertThat(ackOfBob.body()).isEmpty();
        assertThat(ackOfBob.header("CSeq")).isEqualTo("1 ACK");
        assertThat(ackOfBob.uri()).isEqualTo(bob.contact());
        assertThat(ackOfAlice.body()).isEqualTo(ThirdPartyScene.ANSWER);
        assertThat(ackOfAlice.header("Content-Type")).isEqualTo("text/x-answer");
        assertThat(ackOfAlice.lines("Route")).isEmpty();

        CompletableFuture<CallEnd> released = call.hangUp("the \"end\"");
        WireMessage byeOfAlice = acceptBye(alice);
        acceptBye(bob);

        assertThat(get(released)).isEqualTo(new CallEnd(Side.PROXY, Reason.HUNG_UP, 0, "the \"end\""));
        assertThat(end(call)).isEqualTo(get(released));
        assertThat(call.state()).isEqualTo(State.ENDED);
        assertThat(byeOfAlice.header("Reason")).isEqualTo("Q.850;cause=16;text=\"the \\\"end\\\"\"");
        assertThat(byeOfAlice.header("CSeq")).isEqualTo("2 BYE");
        assertThat(byeOfAlice.header("To")).contains(";tag=");
    }

    @Test
    void invitesHaveTheAddressesAndHeadersOfTheirUsers() throws Exception {
        WireClient.Udp gateway = scene.proxy.udp("gateway");
        SipUri number = SipUri.of("sip:+4930123@provider.example");
        Participant first = Participant.builder(SipUri.of("sip:alice@sip.test"))
                .from(NameAddress.parse("\"Call back\" <sip:4930123@sip.test>"))
                .header(HeaderName.of("Alert-Info"), "<urn:alert:service:call-back>")
                .header(HeaderName.of("Answer-Mode"), "Auto")
                .build();
        Participant second = Participant.builder(number)
                .from(SipUri.of("sip:office@sip.test"))
                .target(Target.of(SipUri.of("sip:+4930123@" + gateway.hostPort())))
                .build();

        ThirdPartyCall call = scene.connect(first, second);
        WireMessage toAlice = alice.awaitRequest("INVITE");
        alice.respond(toAlice, 200, "Content-Type: application/sdp", "Allow: INVITE, ACK, BYE, UPDATE", "\r\n" + OFFER);
        WireMessage toGateway = gateway.awaitRequest("INVITE");
        gateway.respond(toGateway, 488);
        acceptBye(alice);

        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLEE, Reason.REJECTED, 488, "Whatever"));
        assertThat(toAlice.header("From")).startsWith("\"Call back\" <sip:4930123@sip.test>;tag=");
        assertThat(toAlice.header("Alert-Info")).isEqualTo("<urn:alert:service:call-back>");
        assertThat(toAlice.header("Answer-Mode")).isEqualTo("Auto");
        assertThat(toGateway.header("From")).startsWith("<sip:office@sip.test>;tag=");
        assertThat(toGateway.header("To")).isEqualTo("<sip:+4930123@provider.example>");
        assertThat(toGateway.uri()).isEqualTo("sip:+4930123@" + gateway.hostPort());
        assertThat(toGateway.lines("Alert-Info")).isEmpty();
        assertThat(toGateway.header("Allow")).isEqualTo("INVITE, ACK, BYE, UPDATE");
    }

    @Test
    void retransmittedAnswersGetTheirAckAgainAndTheFirstUserWaitsForIts() {
        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage toAlice = alice.awaitRequest("INVITE");
        answerFirst(alice, toAlice);
        WireMessage toBob = bob.awaitRequest("INVITE");

        answerFirst(alice, toAlice);
        assertNoRequest(alice, "ACK");
        answerSecond(bob, toBob);
        WireMessage ackOfBob = bob.awaitRequest("ACK");
        answerSecond(bob, toBob);
        WireMessage again = bob.awaitRequest("ACK");
        alice.awaitRequest("ACK");
        answerFirst(alice, toAlice);
        WireMessage ofAliceAgain = alice.awaitRequest("ACK");

        assertThat(again.header("CSeq")).isEqualTo(ackOfBob.header("CSeq"));
        assertThat(ofAliceAgain.body()).isEqualTo(ThirdPartyScene.ANSWER);
        assertThat(call.state()).isEqualTo(State.CONNECTED);
        CompletableFuture<CallEnd> released = call.hangUp("");
        acceptBye(alice);
        acceptBye(bob);
        get(released);
        answerSecond(bob, toBob); // the state of the call has been removed, but the ACK is kept
        bob.awaitRequest("ACK");
    }

    @Test
    void phonesOnTcpAreReachedOverTheirConnections() {
        WireClient.Tcp carol = scene.proxy.tcp("carol");
        WireClient.Tcp dave = scene.proxy.tcp("dave");
        String carolContact = "<sip:carol@127.0.0.1:" + carol.connectionPort() + ";transport=tcp>";
        String daveContact = "<sip:dave@127.0.0.1:" + dave.connectionPort() + ";transport=tcp>";
        scene.proxy.registerContact(carol, "carol", carolContact);
        scene.proxy.registerContact(dave, "dave", daveContact);

        ThirdPartyCall call = scene.connect(carol, dave);
        WireMessage toAlice = carol.awaitRequest("INVITE");
        WireMessage ok = carol.respond(
                toAlice, 200, "Contact: " + carolContact, "Content-Type: application/sdp", "\r\n" + OFFER);
        dave.respond(dave.awaitRequest("INVITE"), 200, "Contact: " + daveContact, "Content-Type: a/b", "\r\nanswer");
        dave.awaitRequest("ACK");
        carol.awaitRequest("ACK");

        assertThat(WireMessage.uriOf(toAlice.header("Contact"))).endsWith(";transport=tcp");
        Request bye = carol.send(Dialog.ofCallee(carol, toAlice, ok).request("BYE"));
        carol.awaitResponse(bye, 200);
        acceptBye(dave);
        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLER, Reason.BYE, 0, ""));
        assertThat(carol.acceptedConnections() + dave.acceptedConnections()).isZero();
    }

    @Test
    void challengesOfAProviderAreAnswered() {
        WireClient.Udp provider = scene.proxy.udp("provider");
        Participant second = Participant.builder(SipUri.of("sip:+49@" + provider.hostPort()))
                .login(DigestLogin.ofPassword("user", "secret"))
                .build();

        ThirdPartyCall call = scene.connect(user("alice"), second);
        Dialog first = answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage bare = provider.awaitRequest("INVITE");
        provider.respond(bare, 407, "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n\"");
        provider.awaitRequest("ACK");
        WireMessage authorized = provider.awaitRequest("INVITE");
        answerSecond(provider, authorized);
        WireMessage ack = provider.awaitRequest("ACK");
        alice.awaitRequest("ACK");
        Request bye = alice.send(first.request("BYE"));
        alice.awaitResponse(bye, 200);
        WireMessage byeOfProvider = provider.awaitRequest("BYE");
        provider.respond(byeOfProvider, 407, "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n2\"");
        WireMessage authorizedBye = acceptBye(provider);

        assertThat(authorized.header("CSeq")).isEqualTo("2 INVITE");
        assertThat(authorized.header("From")).isEqualTo(bare.header("From"));
        assertThat(authorized.header("Proxy-Authorization")).contains("username=\"user\"", "nonce=\"n\"");
        assertThat(authorized.body()).isEqualTo(OFFER);
        assertThat(ack.header("CSeq")).isEqualTo("2 ACK");
        assertThat(ack.lines("Proxy-Authorization")).isEqualTo(authorized.lines("Proxy-Authorization"));
        assertThat(byeOfProvider.header("CSeq")).isEqualTo("3 BYE");
        assertThat(authorizedBye.header("CSeq")).isEqualTo("4 BYE");
        assertThat(authorizedBye.header("Proxy-Authorization")).contains("nonce=\"n2\"");
        assertThat(end(call).side()).isEqualTo(Side.CALLER);
    }

    @Test
    void requestsOfAPhoneThatDoesNotAnswerDoNotCountForTheOther() {
        WireClient.Udp bob2 = scene.proxy.udp("bob2");
        scene.proxy.register(bob2, "bob", "");
        Second second = scene.callSecond(alice, bob);
        WireMessage toBob2 = bob2.awaitRequest("INVITE");
        WireMessage ringing = bob2.respond(toBob2, 180);

        Request early =
                bob2.send(Dialog.ofCallee(bob2, toBob2, ringing).request("INFO").cseq(70_000));
        bob2.awaitResponse(early, 491);
        Dialog ofBob = answerSecond(bob, second.invite());
        bob.awaitRequest("ACK");
        bob2.respond(bob2.awaitRequest("CANCEL"), 200);
        bob2.respond(toBob2, 487);
        get(second.call().connected());
        Request bye = bob.send(ofBob.request("BYE"));

        bob.awaitResponse(bye, 200);
        acceptBye(alice);
        assertThat(end(second.call()).side()).isEqualTo(Side.CALLEE);
    }

    @Test
    void lostAnswerOfTheSecondUserIsReplacedByItsRetransmission() {
        Second second = scene.callSecond(alice, bob);
        bob.respond(second.invite(), 180);

        scene.clock.advance(Duration.ofSeconds(20)); // the first 200 was lost
        Dialog ofBob = answerSecond(bob, second.invite());
        bob.awaitRequest("ACK");
        alice.awaitRequest("ACK");
        Request bye = bob.send(ofBob.request("BYE"));
        bob.awaitResponse(bye, 200);
        acceptBye(alice);

        assertThat(end(second.call())).isEqualTo(new CallEnd(Side.CALLEE, Reason.BYE, 0, ""));
    }

    @Test
    void requestsBeforeBothHaveAnsweredHaveToWait() {
        Second second = scene.callSecond(alice, bob);

        Request again = alice.send(second.first().request("INVITE"));
        alice.send(again.ack(alice.awaitResponse(again, 491)));
        Request info = alice.send(second.first().request("INFO"));
        alice.awaitResponse(info, 491);
        bob.respond(second.invite(), 486);
        release(alice);

        assertThat(end(second.call()).reason()).isEqualTo(Reason.BUSY);
    }

    @Test
    void otherPhonesOfBothUsersAreCancelledOrHungUp() {
        WireClient.Udp alice2 = scene.proxy.udp("alice2");
        scene.proxy.register(alice2, "alice", "");
        WireClient.Udp bob2 = scene.proxy.udp("bob2");
        scene.proxy.register(bob2, "bob", "");

        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage toAlice = alice.awaitRequest("INVITE");
        WireMessage toAlice2 = alice2.awaitRequest("INVITE");
        alice.respond(toAlice, 180);
        alice2.respond(toAlice2, 180);
        Dialog first = answerFirst(alice, toAlice);
        alice2.awaitRequest("CANCEL");
        answerFirst(alice2, toAlice2); // crosses the CANCEL
        assertThat(alice2.awaitRequest("ACK").body()).isEqualTo(REJECTION);
        acceptBye(alice2);
        answerFirst(alice2, toAlice2); // the ACK was lost
        alice2.awaitRequest("ACK");
        WireMessage toBob = bob.awaitRequest("INVITE");
        WireMessage toBob2 = bob2.awaitRequest("INVITE");
        bob.respond(toBob, 183);
        bob2.respond(toBob2, 183);
        answerSecond(bob2, toBob2);
        bob2.awaitRequest("ACK");
        answerSecond(bob, toBob);
        assertThat(bob.awaitRequest("ACK").body()).isEmpty();
        WireMessage byeOfFork = acceptBye(bob);
        alice.awaitRequest("ACK");

        assertThat(call.state()).isEqualTo(State.CONNECTED);
        assertThat(byeOfFork.header("Reason")).isEqualTo("SIP;cause=200;text=\"Call completed elsewhere\"");
        Request bye = alice.send(first.request("BYE"));
        alice.awaitResponse(bye, 200);
        acceptBye(bob2);
        assertThat(end(call).side()).isEqualTo(Side.CALLER);
        assertNoRequest(alice2, "BYE");
    }
}

package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.wire.ThirdPartyScene.OFFER;
import static org.sipproxy.core.wire.ThirdPartyScene.answerFirst;
import static org.sipproxy.core.wire.ThirdPartyScene.answerSecond;
import static org.sipproxy.core.wire.ThirdPartyScene.end;
import static org.sipproxy.core.wire.ThirdPartyScene.get;
import static org.sipproxy.core.wire.ThirdPartyScene.user;

import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEnd.Reason;
import org.sipproxy.api.call.CallEnd.Side;
import org.sipproxy.api.client.CallSetup;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.client.Participant;
import org.sipproxy.api.client.ThirdPartyCall;
import org.sipproxy.api.client.ThirdPartyCall.State;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.NameAddress;
import org.sipproxy.message.SipUri;

/** Set-up of a call between two users by flow I of RFC 3725, and all the ways in which it fails. */
class ThirdPartySetupTest {

    private static final String REJECTION = """
            v=0
            o=- 0 0 IN IP4 0.0.0.0
            s=-
            c=IN IP4 0.0.0.0
            t=0 0
            m=audio 0 RTP/AVP 0 8
            m=video 0 RTP/AVP 96
            """.replace("\n", "\r\n");

    private ThirdPartyScene scene = new ThirdPartyScene();

    @AfterEach
    void close() {
        scene.nothingIsLeft();
        scene.close();
    }

    private void restart(UnaryOperator<SipProxyBuilder> options) {
        scene.close();
        scene = new ThirdPartyScene(options);
    }

    private static boolean isRequest(WireMessage message, String method) {
        return !message.isResponse() && message.method().equals(method);
    }

    private static void assertNoRequest(WireClient client, String method) {
        assertThat(client.pendingAfterRoundTrip()).noneMatch(m -> isRequest(m, method));
    }

    // ---- flow I

    @Test
    void offerOfTheFirstUserGoesToTheSecondAndTheAnswerComesBackInTheAck() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");

        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage toAlice = alice.awaitRequest("INVITE");
        assertThat(call.state()).isEqualTo(State.CALLING_FIRST);
        assertThat(bob.pending()).isEmpty();
        alice.reply(toAlice, 180);
        answerFirst(alice, toAlice);
        WireMessage toBob = bob.awaitRequest("INVITE");
        assertThat(call.state()).isEqualTo(State.CALLING_SECOND);
        bob.reply(toBob, 180);
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
        WireMessage byeOfAlice = alice.awaitRequest("BYE");
        alice.reply(byeOfAlice, 200);
        bob.reply(bob.awaitRequest("BYE"), 200);

        assertThat(get(released)).isEqualTo(new CallEnd(Side.PROXY, Reason.HUNG_UP, 0, "the \"end\""));
        assertThat(end(call)).isEqualTo(get(released));
        assertThat(call.state()).isEqualTo(State.ENDED);
        assertThat(byeOfAlice.header("Reason")).isEqualTo("Q.850;cause=16;text=\"the \\\"end\\\"\"");
        assertThat(byeOfAlice.header("CSeq")).isEqualTo("2 BYE");
        assertThat(byeOfAlice.header("To")).contains(";tag=");
    }

    @Test
    void invitesHaveTheAddressesAndHeadersOfTheirUsers() throws Exception {
        WireClient.Udp alice = scene.proxy.registered("alice");
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
        alice.reply(toAlice, 200, "Content-Type: application/sdp", "Allow: INVITE, ACK, BYE, UPDATE", "\r\n" + OFFER);
        WireMessage toGateway = gateway.awaitRequest("INVITE");
        gateway.reply(toGateway, 488);
        alice.reply(alice.awaitRequest("BYE"), 200);

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
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
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
        alice.reply(alice.awaitRequest("BYE"), 200);
        bob.reply(bob.awaitRequest("BYE"), 200);
        get(released);
        answerSecond(bob, toBob); // the state of the call is gone, the ACK is not
        bob.awaitRequest("ACK");
    }

    @Test
    void phonesOnTcpAreReachedOverTheirConnections() {
        WireClient.Tcp alice = scene.proxy.tcp("alice");
        WireClient.Tcp bob = scene.proxy.tcp("bob");
        String aliceContact = "<sip:alice@127.0.0.1:" + alice.connectionPort() + ";transport=tcp>";
        String bobContact = "<sip:bob@127.0.0.1:" + bob.connectionPort() + ";transport=tcp>";
        scene.proxy.registerContact(alice, "alice", aliceContact);
        scene.proxy.registerContact(bob, "bob", bobContact);

        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage toAlice = alice.awaitRequest("INVITE");
        WireMessage ok =
                alice.reply(toAlice, 200, "Contact: " + aliceContact, "Content-Type: application/sdp", "\r\n" + OFFER);
        bob.reply(bob.awaitRequest("INVITE"), 200, "Contact: " + bobContact, "Content-Type: a/b", "\r\nanswer");
        bob.awaitRequest("ACK");
        alice.awaitRequest("ACK");

        assertThat(WireMessage.uriOf(toAlice.header("Contact"))).endsWith(";transport=tcp");
        Request bye = alice.send(Dialog.ofCallee(alice, toAlice, ok).request("BYE"));
        alice.awaitResponse(bye, 200);
        bob.reply(bob.awaitRequest("BYE"), 200);
        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLER, Reason.BYE, 0, ""));
        assertThat(alice.acceptedConnections() + bob.acceptedConnections()).isZero();
    }

    @Test
    void challengesOfAProviderAreAnswered() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp provider = scene.proxy.udp("provider");
        Participant second = Participant.builder(SipUri.of("sip:+49@" + provider.hostPort()))
                .login(DigestLogin.ofPassword("user", "secret"))
                .build();

        ThirdPartyCall call = scene.connect(user("alice"), second);
        Dialog first = answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage bare = provider.awaitRequest("INVITE");
        provider.reply(bare, 407, "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n\"");
        provider.awaitRequest("ACK");
        WireMessage authorized = provider.awaitRequest("INVITE");
        answerSecond(provider, authorized);
        WireMessage ack = provider.awaitRequest("ACK");
        alice.awaitRequest("ACK");
        Request bye = alice.send(first.request("BYE"));
        alice.awaitResponse(bye, 200);
        WireMessage byeOfProvider = provider.awaitRequest("BYE");
        provider.reply(byeOfProvider, 407, "Proxy-Authenticate: Digest realm=\"p\", nonce=\"n2\"");
        WireMessage authorizedBye = provider.awaitRequest("BYE");
        provider.reply(authorizedBye, 200);

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

    // ---- failures of the first user

    @ParameterizedTest
    @CsvSource({"486, BUSY", "603, DECLINED", "480, NO_ANSWER", "302, REJECTED", "503, UNREACHABLE", "401, REJECTED"})
    void failureOfTheFirstUserIsTheEnd(int status, Reason reason) {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");

        ThirdPartyCall call = scene.connect(alice, bob);
        alice.reply(alice.awaitRequest("INVITE"), status, "Contact: <sip:other@192.0.2.1>");
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
        ThirdPartyCall call = scene.connect(user("alice"), user("bob"));

        assertThat(end(call).reason()).isEqualTo(Reason.REJECTED);
        assertThat(end(call).statusCode()).isEqualTo(404);
    }

    @Test
    void firstUserWhoDoesNotAnswerInTimeIsCancelled() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        ThirdPartyCall call = scene.connect(user("alice"), user("bob"));
        WireMessage invite = alice.awaitRequest("INVITE");
        alice.reply(invite, 180);

        scene.clock.advance(Duration.ofSeconds(31));
        WireMessage cancel = alice.awaitRequest("CANCEL");
        alice.reply(cancel, 200);
        alice.reply(invite, 487);
        alice.awaitRequest("ACK");

        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLER, Reason.NO_ANSWER, 408, "not answered in time"));
        assertThat(cancel.header("Reason")).startsWith("SIP;cause=408");
    }

    @Test
    void silentFirstUserEndsTheCall() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        ThirdPartyCall call = scene.connect(user("alice"), user("bob"));
        alice.awaitRequest("INVITE");

        scene.clock.advance(Duration.ofSeconds(33));

        assertThat(end(call).side()).isEqualTo(Side.CALLER);
        assertThat(end(call).reason()).isEqualTo(Reason.NO_ANSWER);
        assertThat(end(call).statusCode()).isEqualTo(408);
    }

    @Test
    void answerWithoutADescriptionIsHungUp() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);

        alice.reply(alice.awaitRequest("INVITE"), 200);
        alice.awaitRequest("ACK");
        alice.reply(alice.awaitRequest("BYE"), 200);

        assertThat(end(call).reason()).isEqualTo(Reason.FAILED);
        assertNoRequest(bob, "INVITE");
    }

    @Test
    void hangUpCancelsTheFirstUserAndAnAnswerThatCrossesIsHungUp() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        ThirdPartyCall call = scene.connect(user("alice"), user("bob"));
        WireMessage invite = alice.awaitRequest("INVITE");
        alice.reply(invite, 180);

        CompletableFuture<CallEnd> released = call.hangUp("changed my mind");
        alice.reply(alice.awaitRequest("CANCEL"), 200);
        answerFirst(alice, invite);
        WireMessage ack = alice.awaitRequest("ACK");
        WireMessage bye = alice.awaitRequest("BYE");
        assertThat(released).isNotDone();
        alice.reply(bye, 200);

        assertThat(get(released).reason()).isEqualTo(Reason.HUNG_UP);
        assertThat(ack.body()).isEqualTo(REJECTION);
        assertThat(bye.header("Reason")).contains("changed my mind");
    }

    // ---- failures of the second user

    @ParameterizedTest
    @CsvSource({"486, BUSY", "603, DECLINED", "480, NO_ANSWER", "302, REJECTED", "488, REJECTED", "401, REJECTED"})
    void failureOfTheSecondUserReleasesTheFirst(int status, Reason reason) {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");

        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        bob.reply(bob.awaitRequest("INVITE"), status);
        bob.awaitRequest("ACK");
        WireMessage ack = alice.awaitRequest("ACK");
        WireMessage bye = alice.awaitRequest("BYE");
        alice.reply(bye, 200);

        assertThat(end(call).side()).isEqualTo(Side.CALLEE);
        assertThat(end(call).reason()).isEqualTo(reason);
        assertThat(end(call).statusCode()).isEqualTo(status);
        assertThat(ack.body()).isEqualTo(REJECTION);
        assertThat(ack.header("Content-Type")).isEqualTo("application/sdp");
        assertThat(bye.header("Reason")).startsWith("SIP;cause=" + status + ";text=");
        assertThat(get(call.connected())).isFalse();
    }

    @Test
    void secondUserWithoutAPhoneReleasesTheFirst() {
        WireClient.Udp alice = scene.proxy.registered("alice");

        ThirdPartyCall call = scene.connect(user("alice"), user("bob"));
        answerFirst(alice, alice.awaitRequest("INVITE"));
        alice.awaitRequest("ACK");
        WireMessage bye = alice.awaitRequest("BYE");
        alice.reply(bye, 200);

        assertThat(bye.header("Reason")).startsWith("SIP;cause=404");
        assertThat(end(call).statusCode()).isEqualTo(404);
    }

    @Test
    void secondUserWhoDoesNotAnswerWithinTheTimeOfTheFirstIsCancelled() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.reply(toBob, 180);

        scene.clock.advance(Duration.ofSeconds(24));
        assertNoRequest(bob, "CANCEL");
        scene.clock.advance(Duration.ofSeconds(2));
        bob.reply(bob.awaitRequest("CANCEL"), 200);
        bob.reply(toBob, 487);
        alice.awaitRequest("ACK");
        WireMessage bye = alice.awaitRequest("BYE");
        alice.reply(bye, 200);

        assertThat(bye.header("Reason")).startsWith("SIP;cause=408");
        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLEE, Reason.NO_ANSWER, 408, "not answered in time"));
    }

    @Test
    void silentSecondUserDoesNotKeepTheFirstWaiting() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        bob.awaitRequest("INVITE");

        scene.clock.advance(Duration.ofSeconds(26));
        alice.awaitRequest("ACK");
        alice.reply(alice.awaitRequest("BYE"), 200);
        assertThat(end(call).reason()).isEqualTo(Reason.NO_ANSWER);
        CompletableFuture<CallEnd> released = call.hangUp("");
        assertThat(released).isNotDone();
        scene.clock.advance(Duration.ofSeconds(8));

        get(released);
    }

    @Test
    void usersWhoCannotBeReachedEndTheCall() throws Exception {
        WireClient.Udp alice = scene.proxy.registered("alice");
        int closed;
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            closed = socket.getLocalPort();
        }
        Participant nobody = Participant.of(SipUri.of("sip:x@127.0.0.1:" + closed + ";transport=tcp"));

        ThirdPartyCall first = scene.connect(nobody, user("alice"));
        ThirdPartyCall second = scene.connect(user("alice"), nobody);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        alice.awaitRequest("ACK");
        alice.reply(alice.awaitRequest("BYE"), 200);

        assertThat(end(first).side()).isEqualTo(Side.CALLER);
        assertThat(end(first).reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(end(first).text()).contains("tcp:127.0.0.1:" + closed);
        assertThat(end(second).side()).isEqualTo(Side.CALLEE);
        assertThat(end(second).reason()).isEqualTo(Reason.UNREACHABLE);
    }

    @Test
    void requestsOfAPhoneThatDoesNotAnswerDoNotCountForTheOther() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp bob2 = scene.proxy.udp("bob2");
        scene.proxy.register(bob2, "bob", "");
        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");
        WireMessage toBob2 = bob2.awaitRequest("INVITE");
        WireMessage ringing = bob2.reply(toBob2, 180);

        Request early =
                bob2.send(Dialog.ofCallee(bob2, toBob2, ringing).request("INFO").cseq(70_000));
        bob2.awaitResponse(early, 491);
        Dialog second = answerSecond(bob, toBob);
        bob.awaitRequest("ACK");
        bob2.reply(bob2.awaitRequest("CANCEL"), 200);
        bob2.reply(toBob2, 487);
        get(call.connected());
        Request bye = bob.send(second.request("BYE"));

        bob.awaitResponse(bye, 200);
        alice.reply(alice.awaitRequest("BYE"), 200);
        assertThat(end(call).side()).isEqualTo(Side.CALLEE);
    }

    @Test
    void lostAnswerOfTheSecondUserIsReplacedByItsRetransmission() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.reply(toBob, 180);

        scene.clock.advance(Duration.ofSeconds(20)); // the first 200 was lost
        Dialog second = answerSecond(bob, toBob);
        bob.awaitRequest("ACK");
        alice.awaitRequest("ACK");
        Request bye = bob.send(second.request("BYE"));
        bob.awaitResponse(bye, 200);
        alice.reply(alice.awaitRequest("BYE"), 200);

        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLEE, Reason.BYE, 0, ""));
    }

    @Test
    void answerOfTheSecondUserWithoutADescriptionReleasesBoth() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        bob.reply(bob.awaitRequest("INVITE"), 200);
        bob.awaitRequest("ACK");
        bob.reply(bob.awaitRequest("BYE"), 200);
        assertThat(alice.awaitRequest("ACK").body()).isEqualTo(REJECTION);
        alice.reply(alice.awaitRequest("BYE"), 200);

        assertThat(end(call).reason()).isEqualTo(Reason.FAILED);
    }

    @Test
    void answerThatCannotBeReadReleasesTheFirst() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.reply(toBob, 200, "Record-Route: <sip:a b@", "Content-Type: text/x", "\r\nanswer");
        alice.awaitRequest("ACK");
        alice.reply(alice.awaitRequest("BYE"), 200);

        assertThat(end(call).side()).isEqualTo(Side.CALLEE);
        assertThat(end(call).reason()).isEqualTo(Reason.FAILED);
    }

    // ---- users who hang up early

    @Test
    void firstUserWhoHangsUpWhileTheSecondRingsCancelsTheCall() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        Dialog first = answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.reply(toBob, 180);

        Request bye = alice.send(first.request("BYE").with("Reason: Q.850;cause=16"));
        alice.awaitResponse(bye, 200);
        WireMessage cancel = bob.awaitRequest("CANCEL");
        bob.reply(cancel, 200);
        bob.reply(toBob, 487);
        bob.awaitRequest("ACK");

        assertThat(cancel.header("Reason")).isEqualTo("Q.850;cause=16");
        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLER, Reason.CANCELLED, 0, ""));
        alice.awaitRequest("ACK"); // the 200 has an ACK (RFC 3261 §13.2.2.4)
        assertNoRequest(alice, "BYE");
    }

    @Test
    void answerOfTheSecondUserThatCrossesTheEndIsHungUp() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        Dialog first = answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");
        bob.reply(toBob, 180);

        Request bye = alice.send(first.request("BYE"));
        alice.awaitResponse(bye, 200);
        bob.awaitRequest("CANCEL");
        answerSecond(bob, toBob);
        bob.awaitRequest("ACK");
        bob.reply(bob.awaitRequest("BYE"), 200);

        assertThat(end(call).reason()).isEqualTo(Reason.CANCELLED);
    }

    @Test
    void secondUserWhoHangsUpBeforeItsAnswerArrivesEndsTheCall() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");
        WireMessage lost = Response.of(bob, toBob, 200, "Content-Type: text/x-answer", "\r\nanswer");

        Request bye = bob.send(Dialog.ofCallee(bob, toBob, lost).request("BYE"));
        bob.awaitResponse(bye, 200);
        alice.awaitRequest("ACK");
        alice.reply(alice.awaitRequest("BYE"), 200);
        bob.send(lost.text());
        bob.awaitRequest("ACK");
        bob.reply(bob.awaitRequest("BYE"), 481);

        assertThat(end(call)).isEqualTo(new CallEnd(Side.CALLEE, Reason.BYE, 0, ""));
    }

    @Test
    void requestsBeforeBothHaveAnsweredHaveToWait() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall call = scene.connect(alice, bob);
        Dialog first = answerFirst(alice, alice.awaitRequest("INVITE"));
        WireMessage toBob = bob.awaitRequest("INVITE");

        Request again = alice.send(first.request("INVITE"));
        alice.send(again.ack(alice.awaitResponse(again, 491)));
        Request info = alice.send(first.request("INFO"));
        alice.awaitResponse(info, 491);
        bob.reply(toBob, 486);
        alice.awaitRequest("ACK");
        alice.reply(alice.awaitRequest("BYE"), 200);

        assertThat(end(call).reason()).isEqualTo(Reason.BUSY);
    }

    // ---- forks

    @Test
    void otherPhonesOfBothUsersAreCancelledOrHungUp() {
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp alice2 = scene.proxy.udp("alice2");
        scene.proxy.register(alice2, "alice", "");
        WireClient.Udp bob = scene.proxy.registered("bob");
        WireClient.Udp bob2 = scene.proxy.udp("bob2");
        scene.proxy.register(bob2, "bob", "");

        ThirdPartyCall call = scene.connect(alice, bob);
        WireMessage toAlice = alice.awaitRequest("INVITE");
        WireMessage toAlice2 = alice2.awaitRequest("INVITE");
        alice.reply(toAlice, 180);
        alice2.reply(toAlice2, 180);
        Dialog first = answerFirst(alice, toAlice);
        alice2.awaitRequest("CANCEL");
        answerFirst(alice2, toAlice2); // crosses the CANCEL
        assertThat(alice2.awaitRequest("ACK").body()).isEqualTo(REJECTION);
        alice2.reply(alice2.awaitRequest("BYE"), 200);
        answerFirst(alice2, toAlice2); // the ACK was lost
        alice2.awaitRequest("ACK");
        WireMessage toBob = bob.awaitRequest("INVITE");
        WireMessage toBob2 = bob2.awaitRequest("INVITE");
        bob.reply(toBob, 183);
        bob2.reply(toBob2, 183);
        answerSecond(bob2, toBob2);
        bob2.awaitRequest("ACK");
        answerSecond(bob, toBob);
        assertThat(bob.awaitRequest("ACK").body()).isEmpty();
        WireMessage byeOfFork = bob.awaitRequest("BYE");
        bob.reply(byeOfFork, 200);
        alice.awaitRequest("ACK");

        assertThat(call.state()).isEqualTo(State.CONNECTED);
        assertThat(byeOfFork.header("Reason")).isEqualTo("SIP;cause=200;text=\"Call completed elsewhere\"");
        Request bye = alice.send(first.request("BYE"));
        alice.awaitResponse(bye, 200);
        bob2.reply(bob2.awaitRequest("BYE"), 200);
        assertThat(end(call).side()).isEqualTo(Side.CALLER);
        assertNoRequest(alice2, "BYE");
    }

    // ---- limits, end of the proxy

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
        WireMessage bye = alice.awaitRequest("BYE");
        alice.reply(bye, 200);
        bob.reply(bob.awaitRequest("BYE"), 200);

        assertThat(end(call).reason()).isEqualTo(Reason.MAX_DURATION);
        assertThat(bye.header("Reason")).startsWith("Q.850;cause=102");
    }

    @Test
    void callsAreLimitedAndEachEndMakesRoom() {
        restart(b -> b.thirdPartyCalls(1));
        WireClient.Udp alice = scene.proxy.registered("alice");
        WireClient.Udp bob = scene.proxy.registered("bob");
        ThirdPartyCall one = scene.connect(alice, bob);
        WireMessage invite = alice.awaitRequest("INVITE");

        CallEnd refused = end(scene.connect(alice, bob));
        alice.reply(invite, 486);
        end(one);
        get(one.hangUp("")); // both users are released
        ThirdPartyCall next = scene.connect(alice, bob);
        WireMessage second = alice.awaitRequest("INVITE");
        assertThat(end(scene.connect(alice, bob)).statusCode()).isEqualTo(503); // each call makes room once
        alice.reply(second, 486);

        assertThat(refused.side()).isEqualTo(Side.PROXY);
        assertThat(refused.reason()).isEqualTo(Reason.REJECTED);
        assertThat(refused.statusCode()).isEqualTo(503);
        assertThat(end(next).reason()).isEqualTo(Reason.BUSY);
    }

    @Test
    void drainingProxyStartsNoCallAndLetsOthersGoOn() {
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
        carol.reply(toCarol, 180);

        CompletableFuture<Void> closed = CompletableFuture.runAsync(scene.proxy.proxy()::close);
        alice.reply(alice.awaitRequest("BYE"), 200);
        bob.reply(bob.awaitRequest("BYE"), 200);
        carol.reply(carol.awaitRequest("CANCEL"), 200);
        carol.reply(toCarol, 487);

        get(closed);
        assertThat(end(connected.call()).reason()).isEqualTo(Reason.PROXY_CLOSED);
        assertThat(end(ringing).reason()).isEqualTo(Reason.PROXY_CLOSED);
        scene = new ThirdPartyScene(); // for the check
    }
}

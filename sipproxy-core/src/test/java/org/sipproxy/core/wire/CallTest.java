package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Calls from INVITE to BYE through the proxy (RFC 3261 §12, §13, §16, §17). */
class CallTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp alice = proxy.registered("alice");
    private final WireClient.Udp bob = proxy.registered("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    private record Call(Request invite, WireMessage received, WireMessage ok, Dialog caller, Dialog callee) {}

    private Call call(WireClient from, WireClient to, String user) {
        Request invite = from.send(from.request("INVITE", "sip:" + user + "@sip.test"));
        from.awaitResponse(invite, 100);
        WireMessage received = to.awaitRequest("INVITE");
        to.respond(received, 180);
        from.awaitResponse(invite, 180);
        WireMessage sent = to.respond(received, 200);
        WireMessage ok = from.awaitResponse(invite, 200);
        return new Call(invite, received, ok, Dialog.ofCaller(from, ok), Dialog.ofCallee(to, received, sent));
    }

    // ---- the forwarded INVITE

    @Test
    void inviteArrivesAtTheContactWithTheViaOfTheProxyOnTop() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");

        assertThat(received.uri()).isEqualTo(bob.contact());
        assertThat(received.elements("Via")).hasSize(2);
        assertThat(received.topVia()).startsWith("SIP/2.0/UDP " + proxy.udpHostPort());
        assertThat(received.branch()).startsWith("z9hG4bK").isNotEqualTo(invite.branch());
        assertThat(received.elements("Via").get(1)).contains("branch=" + invite.branch());
        assertThat(received.header("From")).isEqualTo(invite.from());
        assertThat(received.header("To")).isEqualTo(invite.to());
        assertThat(received.header("Call-ID")).isEqualTo(invite.callId());
        assertThat(received.header("CSeq")).isEqualTo("1 INVITE");
        assertThat(received.header("Contact")).isEqualTo("<" + alice.contact() + ">");
    }

    @Test
    void senderSeesItsAddressInItsVia() {
        alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        String via = bob.awaitRequest("INVITE").elements("Via").get(1);

        assertThat(WireMessage.parameter(via, "received")).contains("127.0.0.1");
        assertThat(WireMessage.parameter(via, "rport")).contains(String.valueOf(alice.port()));
    }

    @ParameterizedTest
    @CsvSource({"70,69", "10,9", "1,0", "69,68", "100,99", "255,254"})
    void maxForwardsIsOneLess(int sent, String received) {
        alice.send(alice.request("INVITE", "sip:bob@sip.test").maxForwards(sent));

        assertThat(bob.awaitRequest("INVITE").header("Max-Forwards")).isEqualTo(received);
    }

    @Test
    void missingMaxForwardsBecomes70() {
        alice.send(alice.request("INVITE", "sip:bob@sip.test").withoutMaxForwards());

        assertThat(bob.awaitRequest("INVITE").header("Max-Forwards")).isEqualTo("70");
    }

    @Test
    void recordRouteIsLooseAndOnTop() {
        alice.send(alice.request("INVITE", "sip:bob@sip.test").with("Record-Route: <sip:192.0.2.77;lr>"));

        List<String> routes = bob.awaitRequest("INVITE").elements("Record-Route");

        assertThat(routes).hasSize(2);
        assertThat(routes.get(0))
                .startsWith("<sip:" + proxy.udpHostPort())
                .contains(";lr")
                .endsWith(">");
        assertThat(routes.get(1)).isEqualTo("<sip:192.0.2.77;lr>");
    }

    @Test
    void unknownHeadersAndBodyArriveByteForByte() {
        String odd = "X-Odd:\t a  b;;c=\"\\\"\" , é trailing";
        String body = "v=0\r\n\u0000\u0001ÿ binary \r\n\r\nINVITE sip:x SIP/2.0\r\n";
        alice.send(alice.request("INVITE", "sip:bob@sip.test")
                .with(odd, "subject:   short  form", "X-Folded: one\r\n  two", "P-Empty:", "x-odd: again")
                .body("application/octet-stream", body));

        WireMessage received = bob.awaitRequest("INVITE");

        assertThat(received.text())
                .contains("\r\n" + odd
                        + "\r\nsubject:   short  form\r\nX-Folded: one\r\n  two\r\nP-Empty:\r\nx-odd: again\r\n");
        assertThat(received.body()).isEqualTo(body);
        assertThat(received.header("Content-Length")).isEqualTo(String.valueOf(body.length()));
    }

    @Test
    void compactFormsAndFoldsAreUnderstoodAndKept() {
        String branch = WireClient.unique("z9hG4bK");
        alice.send("INVITE sip:bob@sip.test SIP/2.0\r\n"
                + "v: SIP / 2.0 / UDP\r\n  " + alice.hostPort() + " ; branch = " + branch
                + " ;rport , SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKold\r\n"
                + "max-forwards:  70  \r\n"
                + "f: \"A \\\"l\\\" ice\"\r\n <sip:alice@sip.test> ; tag = folded\r\n"
                + "t: sip:bob@sip.test\r\n"
                + "i: compact" + branch + "\r\n"
                + "cseq:  0000007\r\n INVITE\r\n"
                + "m: <" + alice.contact() + ">\r\n"
                + "l: 0\r\n\r\n");

        WireMessage received = bob.awaitRequest("INVITE");

        assertThat(received.elements("Via")).hasSize(3);
        assertThat(received.text()).contains("\r\nf: \"A \\\"l\\\" ice\"\r\n <sip:alice@sip.test> ; tag = folded\r\n");
        assertThat(received.text()).contains("\r\ni: compact" + branch + "\r\n");
        bob.respond(received, 180);
        WireMessage ringing = alice.await("180", m -> m.status() == 180);
        assertThat(ringing.elements("Via")).hasSize(2);
        assertThat(ringing.elements("Via").get(1)).isEqualTo("SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKold");
    }

    // ---- responses

    @Test
    void tryingIsGeneratedAtOnceByTheProxy() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test").with("Timestamp: 54.3"));

        WireMessage trying = alice.awaitResponse(invite, 100);

        assertThat(trying.toTag()).isEmpty();
        assertThat(trying.header("Timestamp")).startsWith("54.3");
        assertThat(trying.elements("Via")).hasSize(1);
        assertThat(trying.branch()).isEqualTo(invite.branch());
    }

    @Test
    void tryingOfTheCalleeIsNotForwarded() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        alice.awaitResponse(invite, 100);
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 100);
        bob.respond(received, 180);

        alice.awaitResponse(invite, 180);

        assertThat(alice.pending()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {180, 181, 182, 183, 199})
    void provisionalsAreForwarded(int status) {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), status);

        WireMessage response = alice.awaitResponse(invite, status);

        assertThat(response.elements("Via")).hasSize(1);
        assertThat(response.toTag()).isNotEmpty();
    }

    @Test
    void responseArrivesUnchangedExceptForTheViaOfTheProxy() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");

        bob.respond(received, 183, "X-Odd:\t a  ;;", "Content-Type: application/sdp", "\r\nv=0\r\n\r\n\u0000");

        WireMessage progress = alice.awaitResponse(invite, 183);
        assertThat(progress.text()).contains("\r\nX-Odd:\t a  ;;\r\n");
        assertThat(progress.body()).isEqualTo("v=0\r\n\r\n\u0000");
        assertThat(progress.elements("Record-Route")).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 302, 400, 401, 404, 407, 415, 480, 486, 500, 504, 600, 603})
    void failureIsForwardedAndAcknowledgedHopByHop(int status) {
        Request invite = alice.send(
                alice.request("INVITE", "sip:bob@sip.test").with("Route: <sip:" + proxy.udpHostPort() + ";lr>"));
        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage sent = bob.respond(received, status);

        WireMessage ack = bob.awaitRequest("ACK");
        WireMessage failure = alice.awaitResponse(invite, status);

        assertThat(ack.uri()).isEqualTo(received.uri());
        assertThat(ack.elements("Via")).hasSize(1);
        assertThat(ack.branch()).isEqualTo(received.branch());
        assertThat(ack.header("CSeq")).isEqualTo("1 ACK");
        assertThat(ack.header("To")).isEqualTo(sent.header("To"));
        assertThat(ack.header("From")).isEqualTo(received.header("From"));
        assertThat(ack.header("Call-ID")).isEqualTo(received.header("Call-ID"));
        assertThat(failure.header("To")).isEqualTo(sent.header("To"));

        alice.send(invite.ack(failure).text());
        assertThat(alice.pendingAfterRoundTrip()).allMatch(m -> m.status() == 100);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void serviceUnavailableBecomesServerError() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 503, "Retry-After: 30");

        assertThat(alice.awaitFinal(invite).status()).isEqualTo(500);
    }

    @Test
    void retransmittedSuccessIsForwardedEachTime() {
        Call call = call(alice, bob, "bob");

        bob.respond(call.received(), 200);
        bob.respond(call.received(), 200);

        alice.awaitResponse(call.invite(), 200);
        alice.awaitResponse(call.invite(), 200);
    }

    // ---- in-dialog requests

    @Test
    void ackOfSuccessGoesEndToEnd() {
        Call call = call(alice, bob, "bob");

        Request ack = alice.send(call.caller().ack());

        WireMessage received = bob.awaitRequest("ACK");
        assertThat(received.uri()).isEqualTo(bob.contact());
        assertThat(received.elements("Via")).hasSize(2);
        assertThat(received.elements("Via").get(1)).contains(ack.branch());
        assertThat(received.has("Route")).isFalse();
        assertThat(received.header("Max-Forwards")).isEqualTo("69");
        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void ackWithBodyArrivesComplete() {
        Call call = call(alice, bob, "bob");

        alice.send(call.caller().ack().body("application/sdp", "v=0\r\n"));

        assertThat(bob.awaitRequest("ACK").body()).isEqualTo("v=0\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"BYE", "INVITE", "UPDATE", "INFO", "PRACK", "REFER", "MESSAGE", "NOTIFY", "OPTIONS", "FOO"})
    void inDialogRequestsOfTheCallerFollowTheRoute(String method) {
        Call call = call(alice, bob, "bob");
        alice.send(call.caller().ack());
        bob.awaitRequest("ACK");

        Request request = alice.send(call.caller().request(method));

        WireMessage received = bob.awaitRequest(method);
        assertThat(received.uri()).isEqualTo(bob.contact());
        assertThat(received.has("Route")).isFalse();
        bob.respond(received, 200);
        assertThat(alice.awaitResponse(request, 200).elements("Via")).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"BYE", "INVITE", "UPDATE", "INFO", "MESSAGE", "NOTIFY"})
    void inDialogRequestsOfTheCalleeFollowTheRoute(String method) {
        Call call = call(alice, bob, "bob");
        alice.send(call.caller().ack());

        Request request = bob.send(call.callee().request(method));

        WireMessage received = alice.awaitRequest(method);
        assertThat(received.uri()).isEqualTo(alice.contact());
        assertThat(received.has("Route")).isFalse();
        alice.respond(received, 200);
        bob.awaitResponse(request, 200);
    }

    @Test
    void failureOfAReinviteLeavesTheDialogUsable() {
        Call call = call(alice, bob, "bob");
        alice.send(call.caller().ack());
        Request again = bob.send(call.callee().request("INVITE"));
        alice.respond(alice.awaitRequest("INVITE"), 488);
        WireMessage failure = bob.awaitResponse(again, 488);
        alice.awaitRequest("ACK");
        bob.send(again.ack(failure).text());

        Request bye = alice.send(call.caller().request("BYE"));

        bob.respond(bob.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
    }

    @Test
    void byeForNoDialogIsForwardedAndItsResponseToo() {
        Call call = call(alice, bob, "bob");
        Request bye = alice.send(call.caller().request("BYE").callId("never-heard-of"));

        bob.respond(bob.awaitRequest("BYE"), 481);

        alice.awaitResponse(bye, 481);
    }

    @Test
    void otherElementsOfTheRouteStayInOrder() {
        Call call = call(alice, bob, "bob");
        WireClient.Udp next = proxy.udp("next");
        Request bye = call.caller()
                .request("BYE")
                .with("Route: <sip:" + next.hostPort() + ";lr;x=1>, \"Far\" <sip:192.0.2.5;lr>");

        alice.send(bye);

        WireMessage received = next.awaitRequest("BYE");
        assertThat(received.uri()).isEqualTo(bob.contact());
        assertThat(received.elements("Route"))
                .containsExactly("<sip:" + next.hostPort() + ";lr;x=1>", "\"Far\" <sip:192.0.2.5;lr>");
    }

    @Test
    void routeElementsMayStandInOneLine() {
        Call call = call(alice, bob, "bob");
        WireClient.Udp next = proxy.udp("next");
        Request bye = alice.request("BYE", bob.contact())
                .from(call.ok().header("From"))
                .to(call.ok().header("To"))
                .callId(call.invite().callId())
                .cseq(2)
                .with("Route: " + call.caller().routes().get(0) + " ,\r\n <sip:" + next.hostPort() + ";lr>");

        alice.send(bye);

        assertThat(next.awaitRequest("BYE").elements("Route")).containsExactly("<sip:" + next.hostPort() + ";lr>");
    }

    @Test
    void nextHopWithoutLooseRoutingGetsItsOwnUri() {
        Call call = call(alice, bob, "bob");
        WireClient.Udp strict = proxy.udp("strict");

        alice.send(call.caller()
                .request("BYE")
                .with("Route: <sip:strict@" + strict.hostPort() + ">", "Route: <sip:192.0.2.5;lr>"));

        WireMessage received = strict.awaitRequest("BYE");
        assertThat(received.uri()).isEqualTo("sip:strict@" + strict.hostPort());
        assertThat(received.elements("Route")).containsExactly("<sip:192.0.2.5;lr>", "<" + bob.contact() + ">");
    }

    @Test
    void requestThroughAStrictRouterIsRestored() {
        Call call = call(alice, bob, "bob");
        String ours = WireMessage.uriOf(call.caller().routes().get(0));
        Request bye = alice.request("BYE", ours)
                .from(call.ok().header("From"))
                .to(call.ok().header("To"))
                .callId(call.invite().callId())
                .cseq(2)
                .with("Route: <" + bob.contact() + ">");

        alice.send(bye);

        WireMessage received = bob.awaitRequest("BYE");
        assertThat(received.uri()).isEqualTo(bob.contact());
        assertThat(received.has("Route")).isFalse();
    }

    @Test
    void reinviteInTheDialogNeedsNoRegistration() {
        Call call = call(alice, bob, "bob");
        Request gone = bob.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("*")
                .with("Expires: 0");
        bob.send(gone);
        bob.awaitResponse(gone, 200);

        alice.send(call.caller().request("INVITE"));

        bob.awaitRequest("INVITE");
    }

    // ---- retransmissions

    @Test
    void retransmittedInviteIsForwardedOnceAndGetsTheLastProvisional() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        alice.awaitResponse(invite, 100);
        alice.send(invite);
        alice.awaitResponse(invite, 100);
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 180);
        alice.awaitResponse(invite, 180);

        alice.send(invite);

        alice.awaitResponse(invite, 180);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void inviteRetransmittedAfterFailureGetsThatFailureAgain() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.awaitResponse(invite, 486);
        bob.awaitRequest("ACK");

        alice.send(invite);

        alice.awaitResponse(invite, 486);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void inviteRetransmittedAfterSuccessIsAbsorbed() {
        Call call = call(alice, bob, "bob");

        alice.send(call.invite());

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void failureRetransmittedByTheCalleeIsAcknowledgedAgain() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 486);
        bob.awaitRequest("ACK");
        alice.awaitResponse(invite, 486);

        bob.respond(received, 486);

        bob.awaitRequest("ACK");
    }

    @Test
    void retransmittedByeIsForwardedOnceAndGetsTwoResponses() {
        Call call = call(alice, bob, "bob");
        Request bye = alice.send(call.caller().request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        WireMessage first = alice.awaitResponse(bye, 200);

        alice.send(bye);

        assertThat(alice.awaitResponse(bye, 200).text()).isEqualTo(first.text());
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    // ---- unavailable users

    @Test
    void unknownUserIsNotFound() {
        Request invite = alice.send(alice.request("INVITE", "sip:nobody@sip.test"));

        WireMessage failure = alice.awaitFinal(invite);

        assertThat(failure.status()).isEqualTo(404);
        assertThat(failure.toTag()).isNotEmpty();
        alice.send(invite.ack(failure).text());
        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void userMayBeWrittenWithEscapesCaseAndPort() {
        for (String uri : List.of(
                "sip:b%6Fb@sip.test",
                "sip:BOB@SIP.test",
                "sip:bob@sip.test:5060",
                "sip:bob@sip.test;user=phone",
                "sip:bob@" + proxy.udpHostPort())) {
            Request message = alice.send(alice.request("MESSAGE", uri));
            bob.respond(bob.awaitRequest("MESSAGE"), 200);
            alice.awaitResponse(message, 200);
        }
    }
}

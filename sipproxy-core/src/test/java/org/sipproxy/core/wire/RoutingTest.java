package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Routing and refusals of requests (RFC 3261 §8.2, §11, §16.3 to §16.5; RFC 5393). */
class RoutingTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start();
    private final WireClient.Udp alice = proxy.udp("alice");
    private final WireClient.Udp bob = proxy.registered("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    private WireMessage answer(Request request) {
        alice.send(request);
        return alice.awaitFinal(request);
    }

    private void assertRefusedBeforeBob(Request request, int status) {
        WireMessage answer = answer(request);

        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.toTag()).isNotEmpty();
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
        if (request.method().equals("INVITE")) {
            alice.send(request.ack(answer).text());
            assertThat(alice.pendingAfterRoundTrip()).noneMatch(m -> m.status() >= 200);
            assertThat(bob.pendingAfterRoundTrip()).isEmpty();
        }
    }

    // ---- OPTIONS

    @Test
    void optionsToTheProxyGet200() {
        Request options = alice.request("OPTIONS", "sip:" + proxy.udpHostPort());

        WireMessage ok = answer(options);

        assertThat(ok.status()).isEqualTo(200);
        assertThat(ok.elements("Allow")).contains("INVITE", "ACK", "CANCEL", "OPTIONS", "BYE", "REGISTER");
        assertThat(ok.has("Accept")).isTrue();
        assertThat(ok.has("Accept-Encoding")).isTrue();
        assertThat(ok.has("Accept-Language")).isTrue();
        assertThat(ok.has("Supported")).isTrue();
        assertThat(ok.toTag()).isNotEmpty();
        assertThat(ok.header("From")).isEqualTo(options.from());
        assertThat(ok.header("CSeq")).isEqualTo("1 OPTIONS");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 70})
    void optionsToTheDomainGet200WithAnyMaxForwards(int maxForwards) {
        assertThat(answer(alice.request("OPTIONS", "sip:sip.test").maxForwards(maxForwards))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void optionsToAUserAreForwarded() {
        Request options = alice.send(alice.request("OPTIONS", "sip:bob@sip.test"));

        bob.respond(bob.awaitRequest("OPTIONS"), 200, "Allow: X-BOB");

        assertThat(alice.awaitResponse(options, 200).header("Allow")).isEqualTo("X-BOB");
    }

    @Test
    void optionsByARouteToTheProxyAreForTheProxy() {
        assertThat(answer(alice.request("OPTIONS", "sip:sip.test").with("Route: <sip:" + proxy.udpHostPort() + ";lr>"))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void optionsToAUserWithoutHopsLeftAreRefused() {
        assertRefusedBeforeBob(alice.request("OPTIONS", "sip:bob@sip.test").maxForwards(0), 483);
    }

    // ---- refusals

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE", "BYE", "SUBSCRIBE"})
    void noHopsLeftIs483(String method) {
        assertRefusedBeforeBob(alice.request(method, "sip:bob@sip.test").maxForwards(0), 483);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE"})
    void proxyRequireIs420AndNamesWhatIsUnknown(String method) {
        Request request =
                alice.request(method, "sip:bob@sip.test").with("Proxy-Require: foo, bar", "Proxy-Require: baz");

        WireMessage refused = answer(request);

        assertThat(refused.status()).isEqualTo(420);
        assertThat(refused.elements("Unsupported")).containsExactly("foo", "bar", "baz");
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"Proxy-Require:", "Proxy-Require: ", "Proxy-Require: , ,"})
    void emptyProxyRequireRequiresNothing(String line) {
        alice.send(alice.request("INVITE", "sip:bob@sip.test").with(line));

        assertThat(bob.awaitRequest("INVITE").text()).contains("\r\n" + line.stripTrailing());
    }

    @Test
    void requireIsForTheCallee() {
        alice.send(alice.request("INVITE", "sip:bob@sip.test").with("Require: 100rel, unheard-of"));

        assertThat(bob.awaitRequest("INVITE").header("Require")).isEqualTo("100rel, unheard-of");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "tel:+15551234567",
                "mailto:bob@sip.test",
                "nobodyKnowsThisScheme:totallyopaquecontent",
                "http://sip.test"
            })
    void unknownSchemeIs416(String uri) {
        assertRefusedBeforeBob(alice.request("INVITE", uri).to("<sip:bob@sip.test>"), 416);
    }

    @Test
    void otherVersionIs505() {
        Request request = alice.request("MESSAGE", "sip:bob@sip.test");

        alice.send(request.text().replaceFirst(" SIP/2.0\r\n", " SIP/3.0\r\n"));

        assertThat(alice.awaitFinal(request).status()).isEqualTo(505);
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE", "SUBSCRIBE"})
    void unknownUserIs404(String method) {
        assertRefusedBeforeBob(alice.request(method, "sip:nobody@sip.test"), 404);
    }

    @Test
    void domainWithoutUserIs484() {
        assertRefusedBeforeBob(alice.request("INVITE", "sip:sip.test"), 484);
    }

    @Test
    void strangerMayNotCallOtherDomains() {
        assertRefusedBeforeBob(
                alice.request("INVITE", "sip:eve@198.51.100.1").from("<sip:mallory@elsewhere.test>;tag=1"), 403);
    }

    @Test
    void strangerMayNotUseTheProxyByAPreloadedRoute() {
        assertRefusedBeforeBob(
                alice.request("INVITE", "sip:eve@198.51.100.1")
                        .from("<sip:mallory@elsewhere.test>;tag=1")
                        .with("Route: <sip:" + proxy.udpHostPort() + ";lr>", "Route: <" + bob.contact() + ";lr>"),
                403);
    }

    @Test
    void strangerMayCallUsersOfTheProxy() {
        alice.send(alice.request("INVITE", "sip:bob@sip.test").from("<sip:mallory@elsewhere.test>;tag=1"));

        bob.awaitRequest("INVITE");
    }

    @Test
    void usersOfTheProxyMayCallOtherDomains() {
        WireClient.Udp stranger = proxy.udp("stranger");

        alice.send(alice.request("INVITE", stranger.contact()));

        assertThat(stranger.awaitRequest("INVITE").uri()).isEqualTo(stranger.contact());
    }

    @Test
    void preloadedRouteToTheProxyIsRemoved() {
        alice.send(alice.request("INVITE", "sip:bob@sip.test").with("Route: <sip:" + proxy.udpHostPort() + ";lr>"));

        WireMessage received = bob.awaitRequest("INVITE");

        assertThat(received.has("Route")).isFalse();
        assertThat(received.uri()).isEqualTo(bob.contact());
    }

    // ---- malformed

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "CSeq: 1 MESSAGE | CSeq: 1 INVITE",
                "CSeq: 1 MESSAGE | CSeq: MESSAGE",
                "CSeq: 1 MESSAGE | CSeq: 4294967296 MESSAGE",
                "CSeq: 1 MESSAGE | CSeq: -1 MESSAGE",
                "CSeq: 1 MESSAGE | CSeq: 1",
                "CSeq: 1 MESSAGE | X-No-CSeq: 1",
                "From:            | X-No-From:",
                "To:              | X-No-To:",
                "Call-ID:         | X-No-Call-ID:",
                "Max-Forwards: 70 | Max-Forwards: 70 x",
                "Max-Forwards: 70 | Max-Forwards: -1",
                "Max-Forwards: 70 | Max-Forwards: x",
                "Content-Length: 0| Content-Length: 5",
                "Content-Length: 0| Content-Length: -1",
                "Content-Length: 0| Content-Length: zero",
                "From: <sip:alice@sip.test> | From: <sip:alice@sip.test",
                "From: <sip:alice@sip.test> | From: \"Alice <sip:alice@sip.test>",
                "To: <sip:bob@sip.test> | To: <sip:bob@sip.test>, <sip:carol@sip.test>",
                "MESSAGE sip:bob@sip.test SIP | MESSAGE  sip:bob@sip.test SIP",
                "MESSAGE sip:bob@sip.test SIP | MESSAGE <sip:bob@sip.test> SIP",
                "MESSAGE sip:bob@sip.test SIP | MESSAGE sip:bob@sip.test?Route=x SIP",
                "MESSAGE sip:bob@sip.test SIP | MESSAGE sip:bob@sip.test; lr SIP",
                "MESSAGE sip:bob@sip.test SIP | MESSAGE sip:bob@[::1 SIP",
                "MESSAGE sip:bob@sip.test SIP | MESSAGE sip:bob@sip.test:99999 SIP",
                "Max-Forwards: 70 | Route: <sip:127.0.0.1;lr",
            })
    void malformedIs400(String original, String broken) {
        Request request = alice.request("MESSAGE", "sip:bob@sip.test");
        assertThat(request.text()).contains(original);

        alice.send(request.text().replace(original, broken));

        WireMessage answer = alice.await("400", WireMessage::isResponse);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.branch()).isEqualTo(request.branch());
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void headersThatMayStandOnceAreRefusedTwice() {
        for (String line : new String[] {
            "From: <sip:x@sip.test>;tag=2", "To: <sip:x@sip.test>", "Call-ID: 2", "CSeq: 2 MESSAGE", "Max-Forwards: 5"
        }) {
            Request request =
                    alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with(line));
            assertThat(alice.await("400", WireMessage::isResponse).status())
                    .as(line)
                    .isEqualTo(400);
            assertThat(request.method()).isEqualTo("MESSAGE");
        }
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void bytesAfterContentLengthAreCutOffADatagram() {
        Request request = alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "hello");

        alice.send(request.text() + "garbage behind the body");

        assertThat(bob.awaitRequest("MESSAGE").body()).isEqualTo("hello");
    }

    @Test
    void datagramWithoutContentLengthReachesToItsEnd() {
        Request request = alice.request("MESSAGE", "sip:bob@sip.test").body("text/plain", "hello");

        alice.send(request.text().replaceFirst("Content-Length: 5\r\n", ""));

        assertThat(bob.awaitRequest("MESSAGE").body()).isEqualTo("hello");
    }

    @Test
    void lineEndsBeforeTheStartLineAreSkipped() {
        Request request = alice.request("OPTIONS", "sip:sip.test");

        alice.send("\r\n\r\n" + request.text());

        assertThat(alice.awaitFinal(request).status()).isEqualTo(200);
    }

    @Test
    void ackNeverGetsAResponse() {
        alice.send(alice.request("ACK", "sip:nobody@sip.test"));
        alice.send(alice.request("ACK", "sip:bob@sip.test").maxForwards(0));
        alice.send(alice.request("ACK", "tel:1"));
        alice.send(alice.request("ACK", "sip:bob@sip.test").text().replace("CSeq: 1 ACK", "CSeq: x"));
        alice.send(alice.request("ACK", "sip:bob@sip.test").with("Proxy-Require: foo"));

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    // ---- methods

    @ParameterizedTest
    @ValueSource(
            strings = {
                "MESSAGE",
                "SUBSCRIBE",
                "NOTIFY",
                "REFER",
                "PUBLISH",
                "INFO",
                "UPDATE",
                "PRACK",
                "BYE",
                "FOO",
                "invite",
                "a-b.c!%*_+`'~9"
            })
    void anyMethodIsRelayed(String method) {
        Request request = alice.send(alice.request(method, "sip:bob@sip.test").body("text/x", "body"));

        WireMessage received = bob.awaitRequest(method);
        assertThat(received.body()).isEqualTo("body");
        assertThat(received.header("Max-Forwards")).isEqualTo("69");
        bob.respond(received, 202, "X-Answer: yes", "\r\nanswer");

        WireMessage answer = alice.awaitResponse(request, 202);
        assertThat(answer.body()).isEqualTo("answer");
        assertThat(answer.header("X-Answer")).isEqualTo("yes");
    }

    @ParameterizedTest
    @CsvSource({
        "INVITE,true",
        "SUBSCRIBE,true",
        "REFER,true",
        "NOTIFY,true",
        "MESSAGE,false",
        "OPTIONS,false",
        "PUBLISH,false"
    })
    void requestsThatMakeADialogAreRecordRouted(String method, boolean recorded) {
        alice.send(alice.request(method, "sip:bob@sip.test"));

        assertThat(bob.awaitRequest(method).has("Record-Route")).isEqualTo(recorded);
    }

    @Test
    void notifyInADialogIsRecordRoutedSinceItMayMakeOne() {
        Request subscribe =
                alice.send(alice.request("SUBSCRIBE", "sip:bob@sip.test").with("Event: presence"));
        WireMessage received = bob.awaitRequest("SUBSCRIBE");
        WireMessage ok = bob.respond(received, 200);
        alice.awaitResponse(subscribe, 200);

        bob.send(Dialog.ofCallee(bob, received, ok).request("NOTIFY").with("Event: presence"));

        assertThat(alice.awaitRequest("NOTIFY").elements("Record-Route")).hasSize(1);
    }

    @Test
    void provisionalOfANonInviteIsNotForwarded() {
        Request request = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");
        bob.respond(received, 100);
        bob.respond(received, 183);
        bob.respond(received, 200);

        alice.awaitResponse(request, 200);

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"200,200", "202,202", "302,302", "404,404", "489,489", "500,500", "503,500", "603,603"})
    void finalOfANonInviteIsForwarded(int sent, int received) {
        Request request = alice.send(alice.request("SUBSCRIBE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("SUBSCRIBE"), sent);

        assertThat(alice.awaitFinal(request).status()).isEqualTo(received);
    }

    // ---- loops

    @Test
    void requestThatComesBackUnchangedLoops() {
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");

        // bob sends it back to the proxy with its old Request-URI
        String again = received.text()
                .replaceFirst("MESSAGE \\S+ ", "MESSAGE sip:bob@sip.test ")
                .replaceFirst("Via:", "Via: SIP/2.0/UDP " + bob.hostPort() + ";rport;branch=z9hG4bKback\r\nVia:");
        bob.send(again);

        WireMessage refused = bob.await("482", WireMessage::isResponse);
        assertThat(refused.status()).isEqualTo(482);
        assertThat(refused.elements("Via")).hasSize(3);
    }

    @Test
    void requestThatComesBackForAnotherUserSpirals() {
        WireClient.Udp carol = proxy.registered("carol");
        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");

        bob.send(received.text()
                .replaceFirst("MESSAGE \\S+ ", "MESSAGE sip:carol@sip.test ")
                .replaceFirst("Via:", "Via: SIP/2.0/UDP " + bob.hostPort() + ";rport;branch=z9hG4bKback\r\nVia:"));

        WireMessage spiralled = carol.awaitRequest("MESSAGE");
        assertThat(spiralled.elements("Via")).hasSize(4);
        carol.respond(spiralled, 200);
        WireMessage back = bob.await("200", WireMessage::isResponse);
        bob.send(back.text().replaceFirst("Via: [^\r]*\r\n", ""));
        alice.awaitResponse(message, 200);
    }

    @Test
    void contactThatLeadsBackToItselfEndsIn482() {
        Request register = alice.request("REGISTER", "sip:sip.test")
                .to("<sip:loop@sip.test>")
                .contact("<sip:loop@" + proxy.udpHostPort() + ">");
        assertThat(answer(register).status()).isEqualTo(200);

        WireMessage failure = answer(alice.request("MESSAGE", "sip:loop@sip.test"));

        assertThat(failure.status()).isIn(482, 483);
    }

    // ---- stray responses

    @Test
    void strayResponsesAreDropped() {
        for (int status : new int[] {100, 180, 200, 404, 603}) {
            alice.send(
                    "SIP/2.0 " + status + " X\r\nVia: SIP/2.0/UDP " + proxy.udpHostPort() + ";branch=z9hG4bKnever\r\n"
                            + "Via: SIP/2.0/UDP " + bob.hostPort()
                            + ";branch=z9hG4bKnever2\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\n"
                            + "Call-ID: stray\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n");
        }

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void responseThatNamesAnotherSentByIsDropped() {
        Request request = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");
        WireMessage response = Response.of(bob, received, 200);

        bob.send(response.text().replaceFirst(proxy.udpHostPort(), "192.0.2.99:5060"));
        bob.pendingAfterRoundTrip();
        assertThat(alice.pendingAfterRoundTrip()).isEmpty();

        bob.send(response.text());
        alice.awaitResponse(request, 200);
    }

    @Test
    void responseWithAnotherMethodIsDropped() {
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage response = Response.of(bob, bob.awaitRequest("MESSAGE"), 200);

        bob.send(response.text().replace("CSeq: 1 MESSAGE", "CSeq: 1 INFO"));
        bob.pendingAfterRoundTrip();

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }
}

package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;

/** Addresses that responses are sent to and from (RFC 3261 §18.2, RFC 3581). */
class ResponseAddressTest extends TransportScene {

    @Test
    void rportIsFilledAndReceivedIsAdded() {
        Request options =
                alice.send(alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP 10.9.9.9:5555;rport;branch="));

        String via = alice.awaitFinal(options).topVia();

        assertThat(via).startsWith("SIP/2.0/UDP 10.9.9.9:5555");
        assertThat(WireMessage.parameter(via, "received")).contains("127.0.0.1");
        assertThat(WireMessage.parameter(via, "rport")).contains(String.valueOf(alice.port()));
        assertThat(WireMessage.parameter(via, "branch")).contains(options.branch());
    }

    @Test
    void receivedIsAddedForANameToo() {
        Request options = alice.send(
                alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP phone.invalid:" + alice.port() + ";branch="));

        assertThat(WireMessage.parameter(alice.awaitFinal(options).topVia(), "received"))
                .contains("127.0.0.1");
    }

    @Test
    void forgedReceivedIsReplaced() {
        Request options = alice.send(
                alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP 10.9.9.9;received=192.0.2.66;rport;branch="));

        assertThat(WireMessage.parameter(alice.awaitFinal(options).topVia(), "received"))
                .contains("127.0.0.1");
    }

    @Test
    void withoutRportTheResponseGoesToThePortOfSentBy() {
        WireClient.Udp other = proxy.udp("other");
        Request options =
                alice.request("OPTIONS", "sip:sip.test").via("SIP/2.0/UDP 127.0.0.1:" + other.port() + ";branch=");

        alice.send(options);

        WireMessage answer = other.awaitFinal(options);
        assertThat(WireMessage.parameter(answer.topVia(), "rport")).isEmpty();
        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void withRportTheResponseGoesToTheSourcePort() {
        WireClient.Udp other = proxy.udp("other");
        Request options = alice.request("OPTIONS", "sip:sip.test")
                .via("SIP/2.0/UDP 127.0.0.1:" + other.port() + ";rport;branch=");

        alice.send(options);

        alice.awaitFinal(options);
        assertThat(other.pendingAfterRoundTrip()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"127.0.0.77", "10.77.0.5", "224.0.1.75", "255.255.255.255", "localhost", "[::1]", "0.0.0.0"})
    void maddrOfAThirdPartyIsNotFollowed(String maddr) {
        String sentBy = "SIP/2.0/UDP 127.0.0.1:" + alice.port() + ";maddr=" + maddr;
        for (String via : new String[] {sentBy + ";branch=", sentBy + ";rport;branch="}) {
            Request options =
                    alice.send(alice.request("OPTIONS", "sip:sip.test").via(via));
            Request malformed =
                    alice.send(alice.request("OPTIONS", "sip:sip.test").via(via).with("Content-Length: none"));
            Request denied = alice.send(alice.request("MESSAGE", "sip:x@elsewhere.test")
                    .from("<sip:m@elsewhere.test>;tag=1")
                    .via(via));

            assertThat(alice.awaitFinal(options).status()).isEqualTo(200);
            assertThat(alice.awaitFinal(malformed).status()).isEqualTo(400);
            assertThat(alice.awaitFinal(denied).status()).isEqualTo(403);
        }
    }

    @Test
    void maddrThatIsTheSourceHasNoEffect() {
        WireClient.Udp other = proxy.udp("other");
        Request options = alice.request("OPTIONS", "sip:sip.test")
                .via("SIP/2.0/UDP 10.9.9.9:" + other.port() + ";maddr=127.0.0.1;branch=");

        alice.send(options);

        other.awaitFinal(options);
    }

    @Test
    void forwardedResponsesUseTheSourcePortToo() {
        WireClient.Udp bob = proxy.registered("bob");
        Request message =
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test").via("SIP/2.0/UDP 10.9.9.9:5555;rport;branch="));

        bob.respond(bob.awaitRequest("MESSAGE"), 200);

        assertThat(alice.awaitResponse(message, 200).topVia()).startsWith("SIP/2.0/UDP 10.9.9.9:5555");
    }

    @Test
    void responseComesFromTheAddressThatTheRequestWentTo() {
        Request options = alice.send(alice.request("OPTIONS", "sip:sip.test"));

        assertThat(alice.awaitFinal(options).source()).isEqualTo(proxy.address(TransportKind.UDP));
    }

    @Test
    void forwardedRequestIsSentFromTheListeningPort() {
        WireClient.Udp bob = proxy.registered("bob");

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        assertThat(bob.awaitRequest("MESSAGE").source()).isEqualTo(proxy.address(TransportKind.UDP));
    }

    @Test
    void keepaliveDatagramsGetNoResponse() {
        for (String text : new String[] {"\r\n", "\r\n\r\n", "\u0000\u0000\u0000\u0000", "", " "}) {
            alice.sendBytes(text.getBytes(ISO_8859_1));
        }

        assertThat(alice.pendingAfterRoundTrip()).isEmpty();
    }
}

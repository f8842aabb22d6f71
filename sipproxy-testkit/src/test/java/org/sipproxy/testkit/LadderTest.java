package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.api.event.WireMessage;
import org.sipproxy.core.trace.Ladder;
import org.sipproxy.core.trace.RecordedMessage;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.testkit.fakes.FakeFlow;

@Timeout(30)
class LadderTest {

    private final Ladder unnamed = new Ladder();
    private final Ladder noted = new Ladder(
            address -> Optional.of("phone"),
            (from, to, message) -> from + " to " + to + ", " + message.cseq().number());

    @RegisterExtension
    final SipProxyExtension sip =
            SipProxyExtension.builder().wireListener(unnamed).build();

    @Test
    void phoneBehindTwoNatsIsDrawnWithItsName() {
        NatRouter home = sip.closing(NatRouter.of(NatKind.PORT_RESTRICTED));
        NatRouter carrier = sip.closing(NatRouter.of(NatKind.SYMMETRIC));
        Phone alice = sip.phone("alice", phone -> phone.behind(home, carrier));
        Phone bob = sip.registeredPhone("bob", Phone.Builder::answering);
        sip.ladder().clear();

        alice.call("bob").awaitAnswer();
        bob.awaitCall().awaitAck();

        assertThat(sip.ladder().arrows())
                .contains("alice -> proxy: INVITE", "proxy -> bob: INVITE", "bob -> proxy: 180 Ringing")
                .contains("bob -> proxy: 200 OK", "proxy -> alice: 200 OK", "alice -> proxy: ACK", "proxy -> bob: ACK");
        List<String> lines = sip.ladder()
                .toString()
                .lines()
                .map(line -> line.substring(10)) // after the time
                .toList();
        assertThat(lines)
                .startsWith(
                        "alice                      proxy                       bob",
                        "  |                          |                          |",
                        "  |-- INVITE --------------->|                          |  sip:bob@sip.test")
                .containsSubsequence(
                        "  |                          |-- INVITE --------------->|  " + bob.contact(),
                        "  |                          |<- 200 OK ----------------|  to INVITE",
                        "  |<- 200 OK ----------------|                          |  to INVITE",
                        "  |                          |-- ACK ------------------>|  " + bob.contact());
        assertThat(sip.ladder().toString()).contains(" ms ");
    }

    @Test
    void peersAreNamedByTheirAddressesAndRetransmissionsAreMarked() throws Exception {
        byte[] options = """
            OPTIONS sip:sip.test SIP/2.0
            Via: SIP/2.0/UDP 127.0.0.1:9;rport;branch=z9hG4bK1
            From: <sip:a@sip.test>;tag=1
            To: <sip:sip.test>
            Call-ID: 1
            CSeq: 1 OPTIONS
            Max-Forwards: 70
            Content-Length: 0

            """.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII);
        try (DatagramSocket socket = new DatagramSocket(0, InetAddress.getLoopbackAddress())) {
            socket.setSoTimeout(5_000);
            for (int i = 0; i < 2; i++) {
                socket.send(new DatagramPacket(options, options.length, sip.udp()));
                socket.receive(new DatagramPacket(new byte[2_000], 2_000));
            }
            String name = "127.0.0.1:" + socket.getLocalPort();

            List<String> once = List.of(name + " -> proxy: OPTIONS", "proxy -> " + name + ": 200 OK");
            assertThat(unnamed.awaitMissing(once, Duration.ofSeconds(5))).isEmpty();
            assertThat(unnamed.arrows()).isEqualTo(once);
            assertThat(unnamed.toString()).contains(">|  sip:sip.test\n", ">|  sip:sip.test (again)\n");
        }
    }

    @Test
    void expectedMessagesAreAwaitedAndTheMissingOnesReturned() {
        sip.phone("alice").options("sip:sip.test");
        List<String> seen = List.of("alice -> proxy: OPTIONS", "proxy -> alice: 200 OK");

        assertThat(sip.ladder().awaitMissing(seen, Duration.ofSeconds(5))).isEmpty();
        assertThat(sip.ladder()
                        .awaitMissing(List.of(seen.get(1), seen.get(1), "alice -> proxy: BYE"), Duration.ofMillis(1)))
                .containsExactly(seen.get(1), "alice -> proxy: BYE");
    }

    @Test
    void messagesAreTypedWithoutRetransmissionsAndWhatIsNotSip() {
        String options = "OPTIONS sip:sip.test SIP/2.0\r\nCSeq: 7 OPTIONS\r\n\r\n";
        for (String text : List.of(options, options, "hello", "SIP/2.0 200 OK\r\nCSeq: 7 OPTIONS\r\n\r\n")) {
            noted.onMessage(WireMessage.received(
                    text.getBytes(StandardCharsets.US_ASCII), FakeFlow.udp("192.0.2.7", 5060), Instant.EPOCH));
        }

        assertThat(noted.arrows())
                .containsExactly("phone -> proxy: OPTIONS", "phone -> proxy: malformed", "phone -> proxy: 200 OK");
        assertThat(noted.messages())
                .extracting(RecordedMessage::toString)
                .containsExactly("phone -> proxy: OPTIONS", "phone -> proxy: 200 OK");
        assertThat(noted.messages().get(0).request())
                .hasValueSatisfying(request -> assertThat(request.toString()).isEqualTo(options));
        assertThat(noted.messages().get(0).time()).isEqualTo(Instant.EPOCH);
        assertThat(noted.messages().get(1).response())
                .hasValueSatisfying(
                        response -> assertThat(response.statusCode()).isEqualTo(200));
        assertThat(noted.await(messages -> messages.size() == 2, Duration.ZERO)).isTrue();
        assertThat(noted.await(messages -> messages.size() == 3, Duration.ofMillis(1)))
                .isFalse();
    }

    @Test
    void ipv6PeerIsNamedAsInMessages() {
        Ladder ladder = new Ladder();
        String options = "OPTIONS sip:sip.test SIP/2.0\r\nCSeq: 7 OPTIONS\r\n\r\n";

        ladder.onMessage(WireMessage.received(
                options.getBytes(StandardCharsets.US_ASCII), FakeFlow.udp("2001:db8:0:0::7", 5060), Instant.EPOCH));

        assertThat(ladder.arrows()).containsExactly("[2001:db8::7]:5060 -> proxy: OPTIONS");
    }

    @Test
    void notesAreThoseOfTheTest() {
        String options = "OPTIONS sip:sip.test SIP/2.0\r\nCSeq: 7 OPTIONS\r\n\r\n";

        noted.onMessage(WireMessage.received(
                options.getBytes(StandardCharsets.US_ASCII), FakeFlow.udp("192.0.2.7", 5060), Instant.EPOCH));

        assertThat(noted.toString()).contains(">|  phone to proxy, 7\n");
    }

    @Test
    void ladderWithoutMessagesHasText() {
        assertThat(sip.ladder()).hasToString("no messages on the proxy's wire\n");
    }

    @Test
    void longNamesAndLabelsAreFitted() {
        Phone bob = sip.registeredPhone("bob");
        bob.respondWith("MESSAGE", 407);

        sip.phone("somebody-with-a-name-that-is-longer-than-the-gap").message("bob", "hi");

        assertThat(sip.ladder().toString().lines())
                .anyMatch(line -> line.endsWith(" proxy somebody-with-a-name-that-is-longer-than-the-gap"))
                .anyMatch(line -> line.contains("-- 407 Proxy Authentic.. >|"));
    }

    @Test
    void aPhoneMayBeNamedProxy() {
        Phone phone = sip.phone("proxy");
        phone.options("sip:sip.test");

        assertThat(phone.ladder().toString()).contains("phone proxy");
        assertThat(phone.ladder().arrows()).contains("phone proxy -> proxy: OPTIONS");
        assertThat(sip.ladder().toString()).contains("127.0.0.1:");
    }

    @Test
    void aMessageIsFromOrToTheProxy() throws Exception {
        SipMessage message = SipMessage.parse(
                "SIP/2.0 200 OK\r\nCSeq: 7 OPTIONS\r\n\r\n".getBytes(StandardCharsets.US_ASCII), ParseLimits.DEFAULT);

        assertThatThrownBy(() -> noted.add(new RecordedMessage(Instant.EPOCH, "alice", "bob", message)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("recorded: from alice to bob (expected one of them to be proxy)");
    }
}

package org.sipproxy.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Retransmissions of a phone over UDP to a scripted proxy. T1 is 20 ms, so the phone gives up after 1.28 s. */
@Timeout(30)
class RetransmissionTest {

    private DatagramSocket proxy;
    private Phone alice;

    @BeforeEach
    void open() throws Exception {
        proxy = new DatagramSocket(0, InetAddress.getLoopbackAddress());
        proxy.setSoTimeout(5_000);
        alice = Phone.builder("alice")
                .proxy((InetSocketAddress) proxy.getLocalSocketAddress())
                .t1(Duration.ofMillis(20))
                .patience(Duration.ofSeconds(2))
                .open();
    }

    @AfterEach
    void close() {
        alice.close();
        proxy.close();
    }

    private String receive() throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        proxy.receive(packet);
        return new String(packet.getData(), 0, packet.getLength(), StandardCharsets.UTF_8);
    }

    /** Returns the next message with this start. Skips others, because an INVITE may be retransmitted meanwhile. */
    private String receive(String start) throws Exception {
        String text = receive();
        while (!text.startsWith(start)) {
            text = receive();
        }
        return text;
    }

    private void send(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        proxy.send(new DatagramPacket(bytes, bytes.length, alice.localAddress()));
    }

    /** Returns all messages until none has arrived for longer than any interval. */
    private List<String> receiveAll() throws Exception {
        return receiveUntilSilent(1_000);
    }

    /** Discards the messages sent before, and asserts that no further ones arrive. */
    private void assertNoFurtherRetransmissions() throws Exception {
        receiveUntilSilent(20);
        assertThat(receiveUntilSilent(400)).isEmpty();
    }

    private List<String> receiveUntilSilent(int millis) throws Exception {
        List<String> all = new ArrayList<>();
        proxy.setSoTimeout(millis);
        try {
            while (true) {
                all.add(receive());
            }
        } catch (SocketTimeoutException e) {
            return all;
        } finally {
            proxy.setSoTimeout(5_000);
        }
    }

    private static String response(String request, int status, String more) {
        StringBuilder text = new StringBuilder("SIP/2.0 " + status + " Whatever\r\n");
        for (String line : request.split("\r\n", -1)) {
            if (line.matches("(Via|From|Call-ID|CSeq): .*")) {
                text.append(line).append("\r\n");
            } else if (line.startsWith("To: ")) {
                text.append(line).append(";tag=proxys\r\n");
            }
        }
        return text + more + "Content-Length: 0\r\n\r\n";
    }

    private String inviteForAlice() {
        return "INVITE " + alice.contact() + " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n"
                + "From: <sip:bob@sip.test>;tag=b\r\nTo: <sip:alice@sip.test>\r\nCall-ID: 1\r\nCSeq: 1 INVITE\r\n"
                + "Contact: <sip:bob@192.0.2.9>\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
    }

    @Test
    void inviteIsRetransmittedUntilAProvisionalResponse() throws Exception {
        OutgoingCall call = alice.call("bob");
        String invite = receive();
        assertThat(receive()).isEqualTo(invite);

        send(response(invite, 100, ""));

        call.awaitStatus(100);
        assertNoFurtherRetransmissions();
        send(response(invite, 486, ""));
        call.awaitStatus(486);
        receive("ACK sip:bob@sip.test SIP/2.0\r\n");
    }

    @Test
    void inviteIsRetransmittedAtDoublingIntervalsUntilTimerB() throws Exception {
        OutgoingCall call = alice.call("bob");

        assertThat(receiveAll()).hasSize(7); // at 0, 20, 60, 140, 300, 620 and 1,260 ms

        assertThatThrownBy(call::awaitFinal)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("a final response to INVITE sip:bob@sip.test did not come within PT2S");
    }

    @Test
    void everyFinalResponseToAnInviteIsAcknowledged() throws Exception {
        alice.call("bob");
        String accepted = receive();
        String ok = response(accepted, 200, "Contact: <sip:bob@192.0.2.9>\r\nRecord-Route: <sip:192.0.2.1;lr>\r\n");
        send(ok);
        assertThat(receive("ACK sip:bob@192.0.2.9 SIP/2.0\r\n")).contains("Route: <sip:192.0.2.1;lr>\r\n");
        send(ok);
        receive("ACK sip:bob@192.0.2.9 SIP/2.0\r\n");

        alice.call("bob");
        String refused = receive("INVITE ");
        send(response(refused, 603, ""));
        String first = receive("ACK ");
        send(response(refused, 603, ""));
        assertThat(receive("ACK ")).isEqualTo(first);
    }

    @Test
    void secondPhoneThatAnswersTheSameInviteGetsAckAndBye() throws Exception {
        OutgoingCall call = alice.call("bob");
        String invite = receive();
        send(response(invite, 200, "Contact: <sip:bob@192.0.2.8>\r\n"));
        receive("ACK sip:bob@192.0.2.8 SIP/2.0\r\n");

        send(response(invite, 200, "Contact: <sip:bob@192.0.2.9>\r\n").replace("tag=proxys", "tag=second"));

        assertThat(receive("ACK sip:bob@192.0.2.9 SIP/2.0\r\n")).contains(";tag=second\r\n");
        assertThat(receive("BYE sip:bob@192.0.2.9 SIP/2.0\r\n")).contains(";tag=second\r\n");
        assertThat(call.awaitAnswer().remoteTarget()).isEqualTo("sip:bob@192.0.2.8");
    }

    @Test
    void otherRequestIsRetransmittedUntilItsFinalResponse() throws Exception {
        Thread sending = new Thread(() -> alice.message("bob", "hi"));
        sending.start();
        String message = receive();
        assertThat(receive()).isEqualTo(message);
        assertThat(receive()).isEqualTo(message);

        send(response(message, 200, ""));

        sending.join(5_000);
        assertThat(sending.isAlive()).isFalse();
        assertNoFurtherRetransmissions();
    }

    @Test
    void successIsRetransmittedUntilItsAckAndAfterARetransmittedInvite() throws Exception {
        send(inviteForAlice());
        IncomingCall call = alice.awaitCall().ring();
        String ringing = receive();
        send(inviteForAlice());
        assertThat(receive()).as("to the retransmission").isEqualTo(ringing);
        call.answer();
        String ok = receive();
        assertThat(ok).startsWith("SIP/2.0 200 OK\r\n");
        assertThat(receive()).isEqualTo(ok);

        String tag = ok.replaceAll("(?s).*\r\nTo: [^\r]*;tag=([^\r]*).*", "$1");
        send(inviteForAlice()
                .replace("INVITE", "ACK")
                .replace("z9hG4bK1", "z9hG4bK2")
                .replace("alice@sip.test>", "alice@sip.test>;tag=" + tag));

        call.awaitAck();
        assertNoFurtherRetransmissions();
        assertThat(alice.pendingCalls()).isEmpty();
    }

    @Test
    void refusalIsRetransmittedUntilItsAck() throws Exception {
        send(inviteForAlice());
        alice.awaitCall().busy();
        String busy = receive();
        assertThat(busy).startsWith("SIP/2.0 486 Busy Here\r\n");
        assertThat(receive()).isEqualTo(busy);

        String tag = busy.replaceAll("(?s).*\r\nTo: [^\r]*;tag=([^\r]*).*", "$1");
        send(inviteForAlice().replace("INVITE", "ACK").replace("alice@sip.test>", "alice@sip.test>;tag=" + tag));

        send("OPTIONS " + alice.contact() + " SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK3\r\n"
                + "From: <sip:bob@sip.test>;tag=b\r\nTo: <sip:alice@sip.test>\r\nCall-ID: 3\r\nCSeq: 1 OPTIONS\r\n"
                + "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n");
        receive("SIP/2.0 200 "); // the phone has read the ACK before
        assertNoFurtherRetransmissions();
    }

    @Test
    void requestForAnotherContactIsRefusedAndAComplaint() throws Exception {
        send(inviteForAlice().replace(alice.contact(), "sip:alice@192.0.2.77"));

        assertThat(receive()).startsWith("SIP/2.0 404 Not Found\r\n");
        assertThat(alice.complaints()).containsExactly("INVITE sip:alice@192.0.2.77 is not for " + alice.contact());
    }

    @Test
    void malformedMessageIsAComplaint() throws Exception {
        send("INVITE nonsense\r\n\r\n");
        send("OPTIONS " + alice.contact() + " SIP/2.0\r\nContent-Length: 0\r\n\r\n");
        send(inviteForAlice());

        alice.awaitCall();
        assertThat(alice.complaints())
                .hasSize(2)
                .allSatisfy(c -> assertThat(c).startsWith("a message could not be handled: "));
    }

    @Test
    void keepalivesCountAsPings() throws Exception {
        send("\r\n\r\n");
        send("\0\0\0\0");
        send(inviteForAlice());

        alice.awaitCall();
        assertThat(alice.pings()).isEqualTo(2);
    }

    @Test
    void unresponsivePhoneIgnoresMessages() throws Exception {
        alice.stopResponding();
        send(inviteForAlice());

        assertThat(receiveAll()).isEmpty();
    }
}

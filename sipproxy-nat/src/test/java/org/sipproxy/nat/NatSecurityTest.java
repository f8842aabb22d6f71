package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.sipproxy.testkit.Phone;
import org.sipproxy.testkit.SipProxyExtension;
import org.sipproxy.testkit.fakes.FakeFlow;

/** Attacks by unauthenticated senders on a proxy with NAT traversal. */
@Timeout(30)
class NatSecurityTest {

    private final NatTraversal nat = NatTraversal.builder().build();

    @RegisterExtension
    final SipProxyExtension sip = with(nat);

    @RegisterExtension
    final SipProxyExtension believing =
            with(NatTraversal.builder().foreignAliases().build());

    @RegisterExtension
    final SipProxyExtension fixing = with(NatTraversal.builder().fixContact().build());

    private DatagramSocket attacker;
    private DatagramSocket victim;

    private static SipProxyExtension with(NatTraversal nat) {
        return SipProxyExtension.builder()
                .configure(proxy -> proxy.component(nat).udpReceivers(1))
                .withoutLeakCheck() // an attacker's request may have no reachable target
                .build();
    }

    @BeforeEach
    void open() throws Exception {
        attacker = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        victim = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        victim.setSoTimeout(700);
        attacker.setSoTimeout(2_000);
    }

    @AfterEach
    void close() throws Exception {
        attacker.close();
        victim.close();
    }

    private void send(String method, String uri, String to, String contact) throws Exception {
        send(sip, method, uri, to, contact);
    }

    private void send(SipProxyExtension proxy, String method, String uri, String to, String contact) throws Exception {
        String text = method + " " + uri + " SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 192.168.9.9:5060;rport;branch=z9hG4bK" + System.nanoTime() + "\r\n"
                + "Route: <sip:127.0.0.1:" + proxy.udp().getPort() + ";lr>\r\n"
                + "Max-Forwards: 70\r\n"
                + "From: <sip:mallory@sip.test>;tag=1\r\n"
                + "To: " + to + "\r\n"
                + "Call-ID: c" + System.nanoTime() + "\r\n"
                + "CSeq: 1 " + method + "\r\n"
                + contact
                + "Content-Length: 0\r\n\r\n";
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        attacker.send(new DatagramPacket(bytes, bytes.length, proxy.udp()));
    }

    /** Receives the next message; responds to a request, so that the proxy's transaction ends. */
    private static String receive(DatagramSocket socket) throws Exception {
        DatagramPacket packet = new DatagramPacket(new byte[65_536], 65_536);
        socket.receive(packet);
        String text = new String(packet.getData(), 0, packet.getLength(), StandardCharsets.US_ASCII);
        if (!text.startsWith("SIP/2.0 ")) {
            String copied = text.lines()
                    .filter(line -> line.matches("(Via|From|To|Call-ID|CSeq): .*"))
                    .collect(Collectors.joining("\r\n"));
            byte[] answer = ("SIP/2.0 200 OK\r\n" + copied + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII);
            socket.send(new DatagramPacket(answer, answer.length, packet.getSocketAddress()));
        }
        return text;
    }

    private String aliasOf(DatagramSocket socket) {
        return "127.0.0.1~" + socket.getLocalPort() + "~1";
    }

    @Test
    void forgedAliasIsNotFollowed() throws Exception {
        send("INFO", "sip:x@127.255.1.1:9;alias=" + aliasOf(victim), "<sip:x@sip.test>;tag=2", "");
        send(
                "INFO",
                "sip:x@127.255.1.1:9;alias=" + aliasOf(victim) + ";alias-key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "<sip:x@sip.test>;tag=2",
                "");

        assertThatThrownBy(() -> receive(victim)).isInstanceOf(SocketTimeoutException.class);
        assertThat(nat.statistics().aliasesRefused()).isEqualTo(2);
    }

    @Test
    void foreignAliasIsFollowedIfEnabled() throws Exception {
        send(believing, "INFO", "sip:x@127.255.1.1:9;alias=" + aliasOf(victim), "<sip:x@sip.test>;tag=2", "");

        assertThat(receive(victim)).startsWith("INFO sip:x@127.255.1.1:9 SIP/2.0\r\n");
    }

    @Test
    void registeringAnotherUsersContactDoesNotDivertItsRequests() throws Exception {
        sip.registeredPhone("mallory", options -> options.claiming("192.168.1.10:5060"));

        // an in-dialog request for alice, who has the same private address behind another NAT
        send("INFO", "sip:mallory@192.168.1.10:5060", "<sip:alice@sip.test>;tag=2", "");
        assertThat(receive(attacker)).startsWith("SIP/2.0 500"); // the private address cannot be reached
        assertThat(nat.statistics().registeredFlowsUsed()).isZero();

        // and one for mallory: its registered flow is known, even without the alias
        send("INFO", "sip:mallory@192.168.1.10:5060", "<sip:mallory@sip.test>;tag=2", "");
        assertThat(receive(attacker)).startsWith("SIP/2.0 481"); // from the phone, which has no such dialog
        assertThat(nat.statistics().registeredFlowsUsed()).isEqualTo(1);
    }

    @Test
    void echoedAliasInRegisterIsNotSigned() throws Exception {
        Phone bob = sip.phone("bob", options -> options.claiming("192.168.1.10:5060"));

        assertThat(bob.register().toString()).doesNotContain("alias");
    }

    @Test
    void requestThatCameThroughAnotherProxyKeepsItsContact() throws Exception {
        String viaProxy = "<sip:mallory@192.168.9.9:5060>";
        String text = "MESSAGE sip:x@127.0.0.1:" + victim.getLocalPort() + " SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 127.0.0.1:" + attacker.getLocalPort() + ";branch=z9hG4bKp\r\n"
                + "Via: SIP/2.0/UDP 192.168.9.9:5060;branch=z9hG4bKq\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:mallory@sip.test>;tag=1\r\nTo: <sip:x@elsewhere.test>\r\n"
                + "Call-ID: hop\r\nCSeq: 1 MESSAGE\r\nContact: " + viaProxy + "\r\nContent-Length: 0\r\n\r\n";
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        attacker.send(new DatagramPacket(bytes, bytes.length, sip.udp()));

        assertThat(receive(victim)).contains("Contact: " + viaProxy + "\r\n");
    }

    @Test
    void registrationWithAPathIsReachedThroughTheEdgeProxy() throws Exception {
        String text = "REGISTER sip:sip.test SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 192.168.9.9:5060;rport;branch=z9hG4bKr\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:alice@sip.test>;tag=1\r\nTo: <sip:alice@sip.test>\r\n"
                + "Call-ID: path\r\nCSeq: 1 REGISTER\r\nContact: <sip:alice@192.168.9.9:5060>\r\n"
                + "Supported: path\r\nPath: <sip:127.0.0.1:" + victim.getLocalPort() + ";lr>\r\n"
                + "Expires: 300\r\nContent-Length: 0\r\n\r\n";
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        attacker.send(new DatagramPacket(bytes, bytes.length, sip.udp()));
        assertThat(receive(attacker)).startsWith("SIP/2.0 200");

        assertThat(sip.bindings("alice")).singleElement().satisfies(binding -> {
            assertThat(binding.received()).isEmpty();
            assertThat(binding.path()).hasSize(1);
        });
        attackerWritesTo("alice");
        assertThat(receive(victim)).startsWith("MESSAGE sip:alice@192.168.9.9:5060");
    }

    private void attackerWritesTo(String user) throws Exception {
        String text = "MESSAGE sip:" + user + "@sip.test SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 192.168.9.9:5060;rport;branch=z9hG4bKm\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:mallory@sip.test>;tag=1\r\nTo: <sip:" + user + "@sip.test>\r\n"
                + "Call-ID: message\r\nCSeq: 1 MESSAGE\r\nContent-Length: 0\r\n\r\n";
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        attacker.send(new DatagramPacket(bytes, bytes.length, sip.udp()));
    }

    @Test
    void stunRequestGetsItsSourceAddressAndOtherBytesGetNothing() throws Exception {
        byte[] request = new byte[20];
        request[1] = 1;
        request[4] = 0x21;
        request[5] = 0x12;
        request[6] = (byte) 0xa4;
        request[7] = 0x42;
        FakeFlow flow = FakeFlow.udp("203.0.113.9", 40_001);

        byte[] answer = StunResponder.answer(request, flow);

        assertThat(answer).hasSize(32).startsWith(1, 1, 0, 12);
        assertThat((answer[26] & 0xff) << 8 | answer[27] & 0xff).isEqualTo(40_001 ^ 0x2112);
        assertThat(answer).endsWith(203 ^ 0x21, 0x12, 113 ^ 0xa4, 9 ^ 0x42);
        assertThat(StunResponder.answer(answer, flow))
                .as("a response gets no response")
                .isNull();
        request[3] = 4;
        assertThat(StunResponder.answer(request, flow)).as("a wrong length").isNull();
        assertThat(StunResponder.answer(new byte[] {'\r', '\n'}, flow)).isNull();
    }

    @Test
    void contradictingOptionsAreReportedTogether() {
        assertThatThrownBy(() -> NatTraversal.builder()
                        .privateNetwork("10.0.0.0/33")
                        .ping(PingMethod.CRLF, Duration.ofMillis(10))
                        .removeAfter(3)
                        .fixContact()
                        .foreignAliases()
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("privateNetwork: \"10.0.0.0/33\"")
                .hasMessageContaining("ping: 10ms (expected 1s to 10m)")
                .hasMessageContaining("removeAfter: only OPTIONS pings get a response")
                .hasMessageContaining("foreignAliases:");
    }

    @Test
    void fixedContactContainsTheMappingInsteadOfAnAlias() throws Exception {
        String text = "MESSAGE sip:x@127.0.0.1:" + victim.getLocalPort() + " SIP/2.0\r\n"
                + "Via: SIP/2.0/UDP 192.168.9.9:5060;rport;branch=z9hG4bKm\r\n"
                + "Max-Forwards: 70\r\nFrom: <sip:mallory@sip.test>;tag=1\r\nTo: <sip:x@elsewhere.test>\r\n"
                + "Call-ID: fix\r\nCSeq: 1 MESSAGE\r\nContact: <sip:mallory@192.168.9.9:5060>\r\n"
                + "Content-Length: 0\r\n\r\n";
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        attacker.send(new DatagramPacket(bytes, bytes.length, fixing.udp()));

        assertThat(receive(victim)).contains("Contact: <sip:mallory@127.0.0.1:" + attacker.getLocalPort() + ">\r\n");
    }
}

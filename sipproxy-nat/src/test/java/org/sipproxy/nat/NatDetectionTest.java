package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.nat.NatTest.CONTACT_ADDRESS_MISMATCH;
import static org.sipproxy.nat.NatTest.CONTACT_PORT_MISMATCH;
import static org.sipproxy.nat.NatTest.PRIVATE_CONTACT;
import static org.sipproxy.nat.NatTest.PRIVATE_SDP;
import static org.sipproxy.nat.NatTest.PRIVATE_SOURCE;
import static org.sipproxy.nat.NatTest.PRIVATE_VIA;
import static org.sipproxy.nat.NatTest.SDP_MISMATCH;
import static org.sipproxy.nat.NatTest.VIA_ADDRESS_MISMATCH;
import static org.sipproxy.nat.NatTest.VIA_PORT_MISMATCH;
import static org.sipproxy.nat.NatTest.WEBSOCKET;

import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipText;
import org.sipproxy.testkit.fakes.FakeFlow;

class NatDetectionTest {

    private static final Flow FROM = FakeFlow.udp("203.0.113.9", 40_001);

    private static SipRequest invite(String via, String contact, String... body) {
        String sdp = String.join("\n", body);
        return SipText.request(
                """
                INVITE sip:bob@example.org SIP/2.0
                Via: SIP/2.0/UDP %s;rport;branch=z9hG4bK1
                From: <sip:alice@example.org>;tag=1
                To: <sip:bob@example.org>
                Call-ID: c
                CSeq: 1 INVITE
                Contact: %s
                Content-Length: %d

                %s""".formatted(via, contact, sdp.replace("\n", "\r\n").length(), sdp));
    }

    private static boolean tells(NatTest test, SipRequest request, Flow flow) throws Exception {
        return new NatDetection(Set.of(test), new PrivateNetworks()).isBehindNat(request, flow);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "10.1.2.3",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.1.7:5060",
                "100.64.0.1",
                "100.127.9.9",
                "127.0.0.1",
                "169.254.1.1",
                "192.0.0.8",
                "[fd00::1]:5060",
                "[fe80::1]",
                "[::1]",
                "[::ffff:10.0.0.1]"
            })
    void contactReachableOnlyInItsOwnNetworkIsPrivate(String host) throws Exception {
        SipRequest request = invite("203.0.113.9:40001", "\"A, <b\" <sip:alice;x=1@" + host + ";ob>;expires=9");

        assertThat(tells(PRIVATE_CONTACT, request, FROM)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "11.0.0.1",
                "172.15.0.1",
                "172.32.0.1",
                "192.169.0.1",
                "100.63.0.1",
                "100.128.0.1",
                "203.0.113.9",
                "192.0.1.1",
                "[2001:db8::1]",
                "10.1.2.3.example.org",
                "phone.example.org",
                "10.1.2",
                "10.1.2.300"
            })
    void publicContactIsNotPrivate(String host) throws Exception {
        assertThat(tells(PRIVATE_CONTACT, invite("203.0.113.9", "sip:alice@" + host), FROM))
                .isFalse();
    }

    @Test
    void networksAreAddedAndExcluded() throws Exception {
        PrivateNetworks networks = new PrivateNetworks();
        networks.include("203.0.113.0/24");
        networks.exclude("10.8.0.0/16");
        networks.exclude("fd00:1::/32");
        NatDetection detection = new NatDetection(Set.of(PRIVATE_CONTACT), networks);

        assertThat(detection.isBehindNat(invite("x", "<sip:a@203.0.113.7>"), FROM))
                .isTrue();
        assertThat(detection.isBehindNat(invite("x", "<sip:a@10.8.3.4>"), FROM)).isFalse();
        assertThat(detection.isBehindNat(invite("x", "<sip:a@10.9.3.4>"), FROM)).isTrue();
        assertThat(detection.isBehindNat(invite("x", "<sip:a@[fd00:1::5]>"), FROM))
                .isFalse();
        assertThat(detection.isBehindNat(invite("x", "<sip:a@[fd00:2::5]>"), FROM))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        // via, contact, via address, private via, via port, contact port, contact address
        "203.0.113.9:40001, sip:a@203.0.113.9:40001, false, false, false, false, false",
        "203.0.113.9, sip:a@203.0.113.9, false, false, true, true, false",
        "192.168.1.7:40001, sip:a@192.168.1.7:40001, true, true, false, false, true",
        "phone.example.org:40001, sip:a@phone.example.org:40001, true, false, false, false, false",
        "203.0.113.8:5060, sip:a@203.0.113.8:5060, true, false, true, true, true",
        "df7jal23ls0d.invalid, sip:a@df7jal23ls0d.INVALID:40001, true, false, true, false, true"
    })
    void viaAndContactAreComparedWithTheSource(
            String via,
            String contact,
            boolean viaAddress,
            boolean privateVia,
            boolean viaPort,
            boolean contactPort,
            boolean contactAddress)
            throws Exception {
        SipRequest request = invite(via, "<" + contact + ">");

        assertThat(tells(VIA_ADDRESS_MISMATCH, request, FROM)).isEqualTo(viaAddress);
        assertThat(tells(PRIVATE_VIA, request, FROM)).isEqualTo(privateVia);
        assertThat(tells(VIA_PORT_MISMATCH, request, FROM)).isEqualTo(viaPort);
        assertThat(tells(CONTACT_PORT_MISMATCH, request, FROM)).isEqualTo(contactPort);
        assertThat(tells(CONTACT_ADDRESS_MISMATCH, request, FROM)).isEqualTo(contactAddress);
    }

    @Test
    void ipv6SourcesAreComparedByValue() throws Exception {
        Flow flow = FakeFlow.udp("2001:db8::9", 5060);

        assertThat(tells(VIA_ADDRESS_MISMATCH, invite("[2001:DB8:0:0::9]", "<sip:a@x>"), flow))
                .isFalse();
        assertThat(tells(VIA_ADDRESS_MISMATCH, invite("[2001:db8::8]", "<sip:a@x>"), flow))
                .isTrue();
    }

    @Test
    void streamPortCountsOnlyIfANewConnectionCouldBeOpened() throws Exception {
        Flow flow = FakeFlow.of(TransportKind.TCP, "203.0.113.9", 40_001);

        assertThat(tells(VIA_PORT_MISMATCH, invite("203.0.113.9", "<sip:a@203.0.113.9;transport=tcp>"), flow))
                .isTrue();
        assertThat(tells(VIA_PORT_MISMATCH, invite("203.0.113.9", "<sip:a@sbc.example.net;transport=tcp>"), flow))
                .isFalse();
    }

    @Test
    void sourceAndTransportAreSufficientSigns() throws Exception {
        SipRequest request = invite("203.0.113.9", "<sip:a@203.0.113.9>");

        assertThat(tells(PRIVATE_SOURCE, request, FakeFlow.udp("10.0.0.9", 5060)))
                .isTrue();
        assertThat(tells(PRIVATE_SOURCE, request, FROM)).isFalse();
        assertThat(tells(WEBSOCKET, request, FakeFlow.of(TransportKind.WSS, "203.0.113.9", 40_001)))
                .isTrue();
        assertThat(tells(WEBSOCKET, request, FROM)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "c=IN IP4 192.168.1.7, true, true",
        "c=IN IP4 203.0.113.9, false, false",
        "c=IN IP4 203.0.113.10/127, false, true",
        "c=IN IP6 fd00::1, true, true",
        "c=IN IP6 2001:db8::1, false, true",
        "a=rtcp:1 IN IP4 10.0.0.1, false, false"
    })
    void connectionLinesOfTheSdpAreChecked(String line, boolean isPrivate, boolean differs) throws Exception {
        SipRequest request = invite("203.0.113.9", "<sip:a@203.0.113.9>", "v=0", "s=-", line, "m=audio 4000 RTP/AVP 0");

        assertThat(tells(PRIVATE_SDP, request, FROM)).isEqualTo(isPrivate);
        assertThat(tells(SDP_MISMATCH, request, FROM)).isEqualTo(differs);
    }

    @Test
    void requestWithoutAContactIsDetectedByItsVia() throws Exception {
        SipRequest bye = SipText.request("""
                BYE sip:bob@example.org SIP/2.0
                Via: SIP/2.0/UDP 192.168.1.7;branch=z9hG4bK1
                From: <sip:alice@example.org>;tag=1
                To: <sip:bob@example.org>;tag=2
                Call-ID: c
                CSeq: 2 BYE
                Content-Length: 0

                """);

        assertThat(tells(PRIVATE_CONTACT, bye, FROM)).isFalse();
        assertThat(tells(VIA_ADDRESS_MISMATCH, bye, FROM)).isTrue();
    }

    @Test
    void kamailioFlagsMapToTests() {
        assertThat(NatTest.fromKamailioFlags(19))
                .containsExactlyInAnyOrder(PRIVATE_CONTACT, VIA_ADDRESS_MISMATCH, VIA_PORT_MISMATCH);
        assertThat(NatTest.fromKamailioFlags(511)).hasSize(9).doesNotContain(CONTACT_ADDRESS_MISMATCH);
        assertThatThrownBy(() -> NatTest.fromKamailioFlags(512)).hasMessageContaining("512 (expected 1 to 511");
        assertThatThrownBy(() -> NatTest.fromKamailioFlags(0)).hasMessageContaining("expected 1 to 511");
    }
}

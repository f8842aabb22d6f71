package org.sipproxy.core.internal.codec;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.codec.PeerHops.NamedFlow;
import org.sipproxy.message.ParseLimits;
import org.sipproxy.message.SipMessage;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

class PeerHopsTest {

    private static final byte[] KEY = "key of all nodes".getBytes(StandardCharsets.US_ASCII);
    private static final long NOW = 1_790_000_000_000L;

    private final PeerHops one = new PeerHops("one", Endpoint.tcp("192.0.2.1", 5060), KEY);
    private final PeerHops two = new PeerHops("two", Endpoint.udp("2001:db8::2", 5060), KEY);

    private record Connection(TransportKind kind, Endpoint endpoint, InetSocketAddress remoteAddress) implements Flow {

        @Override
        public boolean isOpen() {
            return true;
        }
    }

    private static Flow flow(TransportKind kind, String remote) {
        return new Connection(
                kind, new Endpoint(kind, "192.0.2.1", 5060, "", 0), new InetSocketAddress(remote, 40_001));
    }

    private static SipRequest message(String callId, int cseq) throws Exception {
        String text = "MESSAGE sip:bob@192.0.2.9 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx\r\n"
                + "From: <sip:alice@sip.test>;tag=a\r\nTo: <sip:bob@sip.test>\r\nCall-ID: " + callId + "\r\nCSeq: "
                + cseq
                + " MESSAGE\r\nMax-Forwards: 70\r\n\r\n";
        return (SipRequest) SipMessage.parse(text.getBytes(StandardCharsets.US_ASCII), ParseLimits.DEFAULT);
    }

    @ParameterizedTest
    @ValueSource(strings = {"198.51.100.7", "2001:db8::7"})
    void aNodeReadsTheFlowThatItWrote(String remote) throws Exception {
        SipUri hop = one.hopTo(flow(TransportKind.WSS, remote), 0x1_0000_0001L);
        SipRequest request = message("c", 1);

        NamedFlow flow = one.flowOf(two.signed(hop, request, NOW), request, NOW);

        assertThat(flow).isNotNull();
        assertThat(flow.kind()).isEqualTo(TransportKind.WSS);
        assertThat(flow.remote()).isEqualTo(new InetSocketAddress(remote, 40_001));
        assertThat(flow.point()).isEqualTo(Endpoint.wss("192.0.2.1", 5060));
        assertThat(flow.connection()).isEqualTo(0x1_0000_0001L);
        assertThat(one.isOfThisProcess(flow)).isTrue();
        assertThat(new PeerHops("one", Endpoint.tcp("192.0.2.1", 5060), KEY).isOfThisProcess(flow))
                .as("after a restart")
                .isFalse();
    }

    @Test
    void aHopNamesTheNodeAndItsAddress() {
        SipUri hop = two.hopTo(flow(TransportKind.UDP, "198.51.100.7"), 0);

        assertThat(hop.toString()).matches("sip:[-_A-Za-z0-9]+@\\[2001:db8::2]:5060;lr;node=two");
        assertThat(two.isOwn(hop)).isTrue();
        assertThat(two.isOfOther(hop)).isFalse();
        assertThat(one.isOwn(hop)).isFalse();
        assertThat(one.isOfOther(hop)).isTrue();
    }

    @Test
    void aProofIsForOneRequestOneNodeAndAMinute() throws Exception {
        SipUri hop = one.hopTo(flow(TransportKind.TCP, "198.51.100.7"), 1);
        SipUri signed = two.signed(hop, message("c", 1), NOW);

        assertThat(one.flowOf(signed, message("c", 1), NOW + 59_000)).isNotNull();
        assertThat(one.flowOf(signed, message("c", 1), NOW - 59_000))
                .as("clocks differ")
                .isNotNull();
        assertThat(one.flowOf(signed, message("c", 1), NOW + 61_000)).isNull();
        assertThat(one.flowOf(signed, message("other", 1), NOW)).isNull();
        assertThat(one.flowOf(signed, message("c", 2), NOW)).isNull();
        assertThat(two.flowOf(signed, message("c", 1), NOW))
                .as("another node's")
                .isNull();
        assertThat(one.flowOf(hop, message("c", 1), NOW)).as("without a proof").isNull();
        SipUri another = one.hopTo(flow(TransportKind.TCP, "198.51.100.8"), 2);
        SipUri exchanged = SipUri.of(
                another + signed.toString().substring(signed.toString().indexOf(";by=")));
        assertThat(one.flowOf(exchanged, message("c", 1), NOW))
                .as("of another flow")
                .isNull();
    }

    @Test
    void whatWasSignedWithAnotherKeyIsNotOfACluster() throws Exception {
        byte[] otherKey = "another key, not".getBytes(StandardCharsets.US_ASCII);
        PeerHops stranger = new PeerHops("one", Endpoint.tcp("192.0.2.1", 5060), otherKey);
        SipUri hop = stranger.hopTo(flow(TransportKind.TCP, "198.51.100.7"), 1);

        assertThat(one.isOwn(hop)).isFalse();
        assertThat(two.isOfOther(hop)).isFalse();
        assertThat(one.flowOf(stranger.signed(hop, message("c", 1), NOW), message("c", 1), NOW))
                .isNull();
    }

    @Test
    void aMarkIsForOneSignature() {
        byte[] mark = one.mark(";rs=abc".getBytes(StandardCharsets.US_ASCII));
        String text = new String(mark, StandardCharsets.US_ASCII);

        assertThat(two.isMarked(SipUri.of("sip:192.0.2.1;lr;rs=abc" + text))).isTrue();
        assertThat(two.isMarked(SipUri.of("sip:192.0.2.1;lr;rs=abd" + text))).isFalse();
        assertThat(two.isMarked(SipUri.of("sip:192.0.2.1;lr;rs=abc;po="))).isFalse();
        assertThat(two.isMarked(SipUri.of("sip:192.0.2.1;lr;rs=abc"))).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sip:h;node=one",
                "sip:AQ@h;node=one",
                "sip:AQAAAAAAAAAAAAAAAAAAAAAAAAAA@h;node=one;by=",
                "sip:%41%51@h;node=one;by=00000000000",
                "sip:AQAAAAAAAAAAAAAAAAAAAAAAAAAA@h;node=one;by=zzzzzzzzzzzAAAA",
                "sip:AQAAAAAAAAAAAAAAAAAAAAAAAAAA@h;node",
                "sip:ü@h;node=one;by=0123456789abcdef"
            })
    void malformedHopsAreNobodysHop(String text) throws Exception {
        SipUri hop = SipUri.of(text);

        assertThat(one.isOwn(hop)).isFalse();
        assertThat(two.isOfOther(hop)).isFalse();
        assertThat(one.flowOf(hop, message("c", 1), NOW)).isNull();
    }
}

package org.sipproxy.nat;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.explain.Explanation;
import org.sipproxy.api.explain.Explanation.Decision;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/** NAT tests of rehearsed requests. */
class RehearsalTest {

    private static final String REGISTER = """
            REGISTER sip:example.org SIP/2.0
            Via: SIP/2.0/UDP 10.0.0.7:5060;rport;branch=z9hG4bK1
            Max-Forwards: 70
            From: <sip:1001@example.org>;tag=1
            To: <sip:1001@example.org>
            Call-ID: 1
            CSeq: 1 REGISTER
            Contact: <sip:1001@10.0.0.7:5060>
            """;

    private final NatTraversal nat = NatTraversal.builder().build();

    private SipProxy proxy() {
        SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("example.org")
                .noAuthentication()
                .component(nat)
                .build();
        proxy.start();
        return proxy;
    }

    private static Decision decision(Explanation explanation, String stage) {
        return explanation.decisions().stream()
                .filter(decision -> decision.stage().equals(stage))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void eachTestIsShownWithWhatItCompares() {
        try (SipProxy proxy = proxy()) {
            NatStatistics before = nat.statistics();

            Explanation explanation = proxy.explain(ExplainRequest.of(REGISTER)
                    .sentBy(TransportKind.UDP, new InetSocketAddress("203.0.113.9", 40_001)));

            Decision detection = decision(explanation, "DetectNat");
            assertThat(detection.detail("private-contact")).contains("yes: Contact 10.0.0.7:5060");
            assertThat(detection.detail("via-address-mismatch"))
                    .contains("yes: Via 10.0.0.7:5060, source 203.0.113.9:40001");
            assertThat(detection.detail("via-port-mismatch"))
                    .contains("yes: Via 10.0.0.7:5060, source 203.0.113.9:40001");
            assertThat(detection.detail("websocket")).contains("no: udp");
            assertThat(detection.detail("NAT")).contains("the sender is behind one");
            assertThat(decision(explanation, "Register").detail("adds").orElseThrow())
                    .endsWith(", received sip:203.0.113.9:40001");
            assertThat(nat.statistics()).isEqualTo(before);
        }
    }

    @Test
    void senderWithoutANatIsShown() {
        try (SipProxy proxy = proxy()) {
            Explanation explanation = proxy.explain(ExplainRequest.of(Method.REGISTER, SipUri.of("sip:example.org"))
                    .from(SipUri.of("sip:1001@example.org"))
                    .sentBy(TransportKind.UDP, new InetSocketAddress("203.0.113.9", 5060)));

            assertThat(decision(explanation, "DetectNat").detail("NAT")).contains("none");
            assertThat(decision(explanation, "DetectNat").detail("private-contact"))
                    .contains("no: Contact 203.0.113.9:5060");
        }
    }

    @Test
    void aliasOfACallerIsNotCounted() {
        try (SipProxy proxy = proxy()) {
            NatStatistics before = nat.statistics();

            Explanation explanation = proxy.explain(ExplainRequest.of(REGISTER.replace("REGISTER", "INVITE")
                            .replace("sip:example.org SIP", "sip:1002@203.0.113.10 SIP"))
                    .sentBy(TransportKind.UDP, new InetSocketAddress("203.0.113.9", 40_001)));

            assertThat(decision(explanation, "RouteThroughNat").outcome()).isEqualTo("passes");
            assertThat(explanation.isAccepted()).isTrue();
            assertThat(nat.statistics()).isEqualTo(before);
        }
    }
}

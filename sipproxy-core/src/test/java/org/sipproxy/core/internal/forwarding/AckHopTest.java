package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.tcp;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** Next hops of the ACK of a 2xx. */
class AckHopTest extends NextHopScene {

    @Test
    void ackOfASuccessIsForwardedWithoutATransaction() throws Exception {
        scene.forwarder.relayAck(
                scene.context(request("ACK", "Route: <sip:10.0.0.1;lr>")
                        .replace("To: <sip:bob@example.org>", "To: <sip:bob@example.org>;tag=2")),
                List.of(target("sip:bob@" + A)));

        assertThat(scene.last(A, "ACK").text())
                .startsWith("ACK sip:bob@192.0.2.11 SIP/2.0\nVia: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bK")
                .contains("\nMax-Forwards: 69\n")
                .doesNotContain("Route:");
        scene.advance(64_000);
        assertThat(scene.whatTo(A)).containsExactly("ACK");
        scene.transactions.assertNothingLeft();
    }

    @Test
    void ackToANameFollowsItsLookUp() throws Exception {
        scene.resolver.knows("b.example.net", udp(B), tcp(A));
        scene.resolver.slow = true;
        scene.forwarder.relayAck(scene.context(request("ACK")), List.of(NAMED));

        scene.resolver.answer();

        assertThat(scene.whatTo(B)).containsExactly("ACK");
    }

    @Test
    void ackGoesToTheNextHopIfTheFirstRefuses() throws Exception {
        scene.resolver.knows("b.example.net", tcp(A), udp(B));
        tcpA.refuse();

        ack(NAMED);

        assertThat(scene.whatTo(B)).containsExactly("ACK");
    }

    @Test
    void ackGoesToTheNextHopIfTheConnectionFailsLater() throws Exception {
        scene.resolver.knows("b.example.net", tcp(A), udp(B));
        ack(NAMED);
        assertThat(scene.whatTo(B)).isEmpty();

        tcpA.failPending();

        assertThat(scene.whatTo(B)).containsExactly("ACK");
    }

    @Test
    void ackFollowsItsInviteToTheNextHopAfterSilence() throws Exception {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        scene.invite(NAMED);
        scene.advance(32_000);
        scene.answer(B, 180);
        scene.advance(100_000); // longer than a failure is remembered

        scene.answer(B, 200);
        ack(NAMED);

        assertThat(scene.whatTo(B)).containsExactly("INVITE", "ACK");
    }

    @Test
    void ackIsSentOverTheConnectionOfTheBindingToo() throws Exception {
        tcpA.refuse();
        RecordingFlow registered = scene.transport.flow(TransportKind.TCP, A, 40_000);

        ack(new Target(SipUri.of("sip:bob@" + A + ";transport=tcp"), 1f, List.of(), registered));

        assertThat(registered.sent()).extracting(Sent::what).containsExactly("ACK");
    }

    @Test
    void largeAckGoesByUdpIfTcpFails() throws Exception {
        tcpA.refuse();

        scene.forwarder.relayAck(
                scene.context(request("ACK", "X-Filler: " + "x".repeat(1_300))), List.of(target("sip:bob@" + A)));

        assertThat(udpA.sent()).extracting(Sent::what).containsExactly("ACK");
    }

    @Test
    void ackThatCannotBeSentLeavesNothing() throws Exception {
        tcpA.refuse();

        ack(target("sip:bob@" + A + ";transport=tcp"));
        ack(NAMED);

        scene.transactions.assertNothingLeft();
        assertThat(scene.failures)
                .satisfiesExactly(
                        why -> assertThat(why).startsWith("not sent to tcp:" + A + ":5060: '"),
                        why -> assertThat(why).startsWith("no next hop: '"));
    }

    private void ack(Target target) throws SipParseException {
        scene.forwarder.relayAck(scene.context(request("ACK")), List.of(target));
    }
}

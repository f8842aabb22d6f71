package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.options.NextHopPolicy;

/** Next hops of requests above the size for UDP. */
class LargeRequestHopTest extends NextHopScene {

    @Test
    void requestOver1300BytesGoesByTcpAndItsViaNamesTcp() {
        String text = withFiller(1_300);

        scene.relay(text, target("sip:bob@" + A));

        assertThat(udpA.sent()).isEmpty();
        assertThat(tcpA.sent()).hasSize(1);
        assertThat(tcpA.sent().get(0).text()).contains("\nVia: SIP/2.0/TCP 10.0.0.1:5060;rport;branch=");
    }

    @Test
    void limitIs1300BytesWithEverythingThatWeAdd() {
        scene.relay(withFiller(100), target("sip:bob@" + A));
        int fits = 100 + 1_300 - udpA.sent().get(0).wire().length;

        scene.relay(withFiller(fits).replace("z9hG4bKcaller", "z9hG4bKcallea"), target("sip:bob@" + A));
        assertThat(udpA.sent()).hasSize(2);
        assertThat(udpA.sent().get(1).wire()).hasSize(1_300);

        scene.relay(withFiller(fits + 1).replace("z9hG4bKcaller", "z9hG4bKcalleb"), target("sip:bob@" + A));
        assertThat(udpA.sent()).hasSize(2);
        assertThat(tcpA.sent()).hasSize(1);
    }

    @Test
    void refusedTcpFallsBackToADatagram() {
        tcpA.refuse();
        String text = withFiller(1_300);

        scene.relay(text, target("sip:bob@" + A));

        assertThat(udpA.sent()).hasSize(1);
        assertThat(udpA.sent().get(0).text()).contains("\nVia: SIP/2.0/UDP 10.0.0.1:5060;");
        scene.answer(udpA.sent().get(0), 200);
        assertUpstream("200");
    }

    @Test
    void tcpThatIsRefusedLaterFallsBackToADatagram() {
        scene.relay(withFiller(1_300), target("sip:bob@" + A));

        tcpA.failPending();

        assertThat(udpA.sent()).hasSize(1);
    }

    @Test
    void withoutTcpALargeRequestGoesByUdp() {
        scene.transport.withdraw(TransportKind.TCP);

        scene.relay(withFiller(1_300), target("sip:bob@" + A));

        assertThat(udpA.sent()).hasSize(1);
    }

    @Test
    void eachDatagramHopOfALargeRequestIsTriedByTcpFirst() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        tcpA.refuse();
        udpA.refuse();

        scene.relay(withFiller(1_300), NAMED);

        assertThat(scene.transport.flow(TransportKind.TCP, B, 5060).sent()).hasSize(1);
        assertThat(scene.whatTo(B)).isEmpty();
    }

    @Test
    void a503OverTcpIsNotRetriedOverUdp() {
        scene.relay(withFiller(1_300), target("sip:bob@" + A));

        scene.answer(tcpA.sent().get(0), 503);

        assertThat(udpA.sent()).isEmpty();
        assertUpstream("500");
    }

    @Test
    void tcpThatFailedForItsSizeIsNotTriedAgain() {
        scene.relay(freshBranch(withFiller(1_300), 1), target("sip:bob@" + A));
        tcpA.failPending();
        scene.answer(scene.last(A, "MESSAGE"), 200);
        assertThat(tcpA.sent()).hasSize(1);

        scene.relay(freshBranch(withFiller(1_300), 2), target("sip:bob@" + A));

        assertThat(tcpA.sent()).hasSize(1);
        assertThat(scene.whatTo(A)).hasSize(2);
    }

    @Test
    void withoutALimitRequestsOfAnySizeGoByUdp() {
        ForwardingScene unlimited = new ForwardingScene(NextHopPolicy.DEFAULT.withLargestUdpRequest(0));

        unlimited.relay(withFiller(5_000), target("sip:bob@" + A));

        assertThat(unlimited.whatTo(A)).containsExactly("MESSAGE");
    }
}

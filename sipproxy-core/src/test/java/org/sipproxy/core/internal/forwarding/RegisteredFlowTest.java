package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.message.SipUri;

/** Targets with the connection of their binding, or behind a NAT. */
class RegisteredFlowTest extends NextHopScene {

    @Test
    void connectionOfTheBindingIsUsedWhenItsContactCannotBeReached() {
        tcpA.refuse();
        RecordingFlow registered = scene.transport.flow(TransportKind.TCP, A, 40_000);
        Target target = new Target(SipUri.of("sip:bob@" + A + ";transport=tcp"), 1f, List.of(), registered);

        scene.invite(target);

        assertThat(registered.sent()).extracting(Sent::what).containsExactly("INVITE");
        scene.answer(registered.sent().get(0), 486);
        assertThat(registered.sent()).extracting(Sent::what).containsExactly("INVITE", "ACK");
        assertUpstream("486");
    }

    @Test
    void closedConnectionOfTheBindingIsNotTried() {
        tcpA.refuse();
        RecordingFlow registered = scene.transport.flow(TransportKind.TCP, A, 40_000);
        registered.close();

        scene.invite(new Target(SipUri.of("sip:bob@" + A + ";transport=tcp"), 1f, List.of(), registered));

        assertUpstream("480");
    }

    @Test
    void callOverAConnectionChangesItsTransportWithTwoRecordRoutes() {
        scene.invite(
                new Target(SipUri.of("sip:bob@" + A + ";transport=tcp"), 1f, List.of(), null), target("sip:b@" + B));

        assertThat(tcpA.sent().get(0).text())
                .containsPattern(
                        "\nRecord-Route: <sip:10.0.0.1:5060;transport=tcp;r2=on;lr;rs=[0-9a-f]{21}>\nRecord-Route: <sip:10.0.0.1:5060;r2=on;lr;rs=[0-9a-f]{21}>\n");
        assertThat(scene.last(B, "INVITE").text())
                .containsPattern("\nRecord-Route: <sip:10.0.0.1:5060;lr;rs=[0-9a-f]{21}>\n");
    }

    @Test
    void connectionOfTheBindingComesBeforeAContactThatFailed() {
        tcpA.refuse();
        RecordingFlow registered = scene.transport.flow(TransportKind.TCP, A, 40_000);
        Target target = new Target(SipUri.of("sip:bob@" + A + ";transport=tcp"), 1f, List.of(), registered);
        scene.relay(freshBranch(request("MESSAGE"), 1), target);
        tcpA.accept();

        scene.relay(freshBranch(request("MESSAGE"), 2), target);
        assertThat(registered.sent()).hasSize(2);
        registered.close();
        scene.relay(freshBranch(request("MESSAGE"), 3), target);

        assertThat(tcpA.sent()).hasSize(1);
    }

    @Test
    void addressBehindANatIsNotLookedAtOnlyWhereItWasSeen() {
        scene.invite(behindNat("sip:bob@10.1.1.1:5070", "sip:" + A + ":5060"));

        assertThat(scene.whatTo(A)).containsExactly("INVITE");
        assertThat(scene.last(A, "INVITE").text()).startsWith("INVITE sip:bob@10.1.1.1:5070 SIP/2.0\n");
    }

    @Test
    void largeRequestGoesThroughTheNatByUdpAsNoConnectionWouldGetIn() {
        scene.relay(withFiller(1500), behindNat("sip:bob@10.1.1.1", "sip:" + A + ":5060"));

        assertThat(scene.whatTo(A)).containsExactly("MESSAGE");
        assertThat(tcpA.sent()).isEmpty();
    }

    @Test
    void closedConnectionFailsTheTargetAtOnceWithoutConnectingToTheNat() {
        scene.invite(behindNat("sip:bob@10.1.1.1;transport=tcp", "sip:" + A + ":5060;transport=tcp"));

        assertThat(tcpA.sent()).isEmpty();
        assertUpstream("480");
    }

    @Test
    void closedConnectionIsReopenedWithoutNat() {
        scene.invite(behindNat("sip:bob@" + A + ":5060;transport=tcp", "sip:" + A + ":40001;transport=tcp"));

        assertThat(tcpA.sent().stream().map(Sent::what)).containsExactly("INVITE");
    }

    @Test
    void otherTargetsRingWhenOneConnectionIsClosed() {
        scene.invite(
                behindNat("sip:bob@10.1.1.1;transport=tcp", "sip:" + A + ":5060;transport=tcp"),
                target("sip:bob@" + B));

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(scene.whatUpstream()).isEmpty();
    }

    private static Target behindNat(String uri, String received) {
        return Target.behindNat(SipUri.of(uri), SipUri.of(received));
    }
}

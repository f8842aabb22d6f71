package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.message.SipUri;

/** Next hops of a target, tried in order. */
class NextHopTest extends NextHopScene {

    @Test
    void nameIsLookedUpAndItsBestHopTried() {
        scene.resolver.knows("b.example.net", udp(B), udp(A));

        scene.invite(NAMED);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(scene.whatTo(A)).isEmpty();
        assertThat(scene.last(B, "INVITE").text()).startsWith("INVITE sip:bob@b.example.net SIP/2.0\n");
    }

    @Test
    void nameIsTriedWhenItsAnswerComes() {
        scene.resolver.knows("b.example.net", udp(B));
        scene.resolver.slow = true;
        scene.invite(NAMED);
        assertThat(scene.whatTo(B)).isEmpty();

        scene.resolver.answer();

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void nameThatLeadsNowhereEndsIn500() {
        scene.invite(NAMED);

        assertUpstream("500");
        assertThat(scene.failures).singleElement().asString().startsWith("no next hop: '");
    }

    @Test
    void transportThatIsNotSupportedEndsIn500() {
        scene.invite(target("sip:bob@" + A + ";transport=tls"));

        assertUpstream("500");
    }

    @Test
    void reasonNamesTheHopThatFailedLastAndHow() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        udpA.refuse();
        scene.transport.flow(TransportKind.UDP, B, 5060).refuse();

        scene.invite(NAMED);

        assertThat(scene.failures).singleElement().asString().startsWith("not sent to udp:" + B + ":5060: '");
    }

    @Test
    void reasonNamesTheHopThatDidNotRespond() {
        scene.relay(request("MESSAGE"), target("sip:bob@" + A));

        scene.advance(64_000);

        assertThat(scene.failures).containsExactly("no final response from udp:" + A + ":5060");
    }

    @ParameterizedTest
    @CsvSource({"NO_SUCH_HOST, 500", "UNSUPPORTED, 500", "DNS_FAILED, 500", "OVERLOADED, 503"})
    void lookUpThatFailsIsReportedAs503OnlyIfThisProxyHasTooManyOfThem(Reason reason, String status) {
        scene.resolver.failure = reason;

        scene.invite(NAMED);

        assertUpstream(status);
    }

    @ParameterizedTest
    @CsvSource({"true, 480", "false, 500"})
    void unreachableContactIs480AndAnyOtherUnreachableTarget500(boolean registered, String status) {
        udpA.refuse();
        RecordingFlow closed = scene.transport.flow(TransportKind.TCP, A, 40_000);
        closed.close();

        scene.invite(new Target(SipUri.of("sip:bob@" + A), 1f, List.of(), registered ? closed : null));

        assertUpstream(status);
    }

    @Test
    void transportErrorTriesTheNextHop() {
        udpA.refuse();
        scene.resolver.knows("b.example.net", udp(A), udp(B));

        scene.invite(NAMED);
        scene.answer(B, 200);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertUpstream("200");
    }

    @Test
    void transportErrorThatIsKnownLaterTriesTheNextHop() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        scene.relay(request("MESSAGE"), NAMED);

        udpA.failPending();
        assertThat(scene.whatTo(B)).containsExactly("MESSAGE");
        scene.answer(scene.last(B, "MESSAGE"), 200);

        assertUpstream("200");
    }

    @Test
    void transportErrorOfTheLastHopEndsIn500() {
        udpA.refuse();

        scene.invite(target("sip:bob@" + A));

        assertUpstream("500");
    }

    @ParameterizedTest
    @CsvSource({"INVITE", "MESSAGE"})
    void silenceOfOneHopTriesTheNextOnABranchOfItsOwn(String method) throws Exception {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        scene.relay(request(method), NAMED);

        scene.advance(32_000);
        assertThat(scene.whatTo(B)).containsExactly(method);
        assertThat(scene.last(B, method).request().topVia().branch())
                .isNotEqualTo(scene.last(A, method).request().topVia().branch());
        scene.answer(scene.last(B, method), 200);

        assertThat(scene.whatUpstream()).endsWith("200");
    }

    @ParameterizedTest
    @CsvSource({"INVITE", "MESSAGE"})
    void a503TriesTheNextHopAndIsNotForwarded(String method) {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        scene.relay(request(method), NAMED);

        scene.answer(scene.last(A, method), 503);
        assertThat(scene.whatTo(B)).containsExactly(method);
        scene.answer(scene.last(B, method), 486);

        assertUpstream("486");
    }

    @Test
    void anyOtherFailureIsTheResponse() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        scene.invite(NAMED);

        scene.answer(A, 500);

        assertThat(scene.whatTo(B)).isEmpty();
        assertUpstream("500");
    }

    @Test
    void pathDecidesTheNextHop() {
        Target behind = new Target(SipUri.of("sip:bob@" + A), 1f, List.of(SipUri.of("sip:" + B + ";lr")), null);

        scene.invite(behind);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(scene.last(B, "INVITE").text())
                .startsWith("INVITE sip:bob@192.0.2.11 SIP/2.0\n")
                .contains("\nRoute: <sip:192.0.2.12;lr>\n");
    }

    @Test
    void routeDecidesTheNextHopWhereTheTargetHasNone() {
        scene.relay(request("MESSAGE", "Route: <sip:" + B + ";lr>"), target("sip:bob@" + A));

        assertThat(scene.whatTo(B)).containsExactly("MESSAGE");
        assertThat(scene.whatTo(A)).isEmpty();
    }
}

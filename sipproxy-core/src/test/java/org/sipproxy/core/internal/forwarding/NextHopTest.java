package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.tcp;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.dns.ResolutionFailure.Reason;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.core.options.NextHopPolicy;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/**
 * Destination of a branch's request, and the next one if that fails (RFC 3261 §16.6 step 7, §16.9, §18.1.1, RFC 3263
 * §4.3).
 */
class NextHopTest {

    private static final String A = "192.0.2.11";
    private static final String B = "192.0.2.12";
    private static final Target NAMED = target("sip:bob@b.example.net");

    private final ForwardingScene scene = new ForwardingScene();
    private final RecordingFlow udpA = scene.transport.flow(TransportKind.UDP, A, 5060);
    private final RecordingFlow tcpA = scene.transport.flow(TransportKind.TCP, A, 5060);

    private static String withFiller(int length) {
        return request("MESSAGE", "X-Filler: " + "x".repeat(length));
    }

    private void assertUpstream(String... statuses) {
        assertThat(scene.whatUpstream()).containsExactly(statuses);
        scene.advance(64_000);
        scene.transactions.assertNothingLeft();
    }

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
    void transportThatWeDoNotSpeakEndsIn500() {
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

    // ---- UDP to TCP by size

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

    // ---- the flow of a binding

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

    // ---- ACK of a 2xx

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

    private void ack(Target target) throws SipParseException {
        scene.forwarder.relayAck(scene.context(request("ACK")), List.of(target));
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
    void ackWithoutAWayCostsNothing() throws Exception {
        tcpA.refuse();

        ack(target("sip:bob@" + A + ";transport=tcp"));
        ack(NAMED);

        scene.transactions.assertNothingLeft();
        assertThat(scene.failures)
                .satisfiesExactly(
                        why -> assertThat(why).startsWith("not sent to tcp:" + A + ":5060: '"),
                        why -> assertThat(why).startsWith("no next hop: '"));
    }

    // // ---- next hops that failed recently

    private String freshBranch(String text, int n) {
        return text.replace("z9hG4bKcaller", "z9hG4bKcaller" + n);
    }

    private void relayAgain(int n) {
        scene.relay(freshBranch(request("MESSAGE"), n), NAMED);
    }

    @Test
    void hopThatRefusedIsTriedLastForAMinute() {
        scene.resolver.knows("b.example.net", tcp(A), udp(B));
        tcpA.refuse();
        relayAgain(1);
        scene.answer(scene.last(B, "MESSAGE"), 200);
        RecordingFlow mended = tcpA.accept();

        relayAgain(2);
        assertThat(scene.whatTo(B)).containsExactly("MESSAGE", "MESSAGE");
        assertThat(mended.sent()).isEmpty();
        scene.answer(scene.last(B, "MESSAGE"), 200);

        scene.advance(60_000);
        relayAgain(3);
        assertThat(mended.sent()).extracting(Sent::what).containsExactly("MESSAGE");
    }

    @Test
    void hopsThatAllFailedAreTriedInTheirOrder() {
        scene.resolver.knows("b.example.net", tcp(A), udp(B));
        tcpA.refuse();
        scene.transport.flow(TransportKind.UDP, B, 5060).refuse();
        relayAgain(1);
        assertThat(scene.whatUpstream()).containsExactly("500");
        tcpA.accept();

        relayAgain(2);

        assertThat(tcpA.sent()).extracting(Sent::what).containsExactly("MESSAGE");
    }

    @Test
    void silentHopIsTriedLastUntilItResponds() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        relayAgain(1);
        scene.advance(32_000);
        scene.answer(scene.last(B, "MESSAGE"), 200);

        relayAgain(2);
        assertThat(scene.whatTo(B)).containsExactly("MESSAGE", "MESSAGE");
        scene.answer(scene.last(B, "MESSAGE"), 200);

        scene.relay(freshBranch(request("MESSAGE"), 3), target("sip:bob@" + A));
        scene.answer(scene.last(A, "MESSAGE"), 404);
        relayAgain(4);
        assertThat(scene.last(A, "MESSAGE").text()).contains("sip:bob@b.example.net");
    }

    @ParameterizedTest
    @CsvSource({"7, 1", "'7 (maintenance);duration=3600', 1", "3600, 1", "'', 2", "0, 2", "soon, 2"})
    void a503AffectsLaterRequestsOnlyWithRetryAfter(String retryAfter, int requestsToA) {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        relayAgain(1);
        String[] lines = retryAfter.isEmpty() ? new String[0] : new String[] {"Retry-After: " + retryAfter};
        scene.answer(scene.last(A, "MESSAGE"), 503, lines);
        scene.answer(scene.last(B, "MESSAGE"), 200);

        relayAgain(2);

        assertThat(scene.whatTo(A)).hasSize(requestsToA);
    }

    @Test
    void retryAfterEndsAtItsTime() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        relayAgain(1);
        scene.answer(scene.last(A, "MESSAGE"), 503, "Retry-After: 7");
        scene.answer(scene.last(B, "MESSAGE"), 200);

        scene.advance(7_000);
        relayAgain(2);

        assertThat(scene.whatTo(A)).hasSize(2);
    }

    @Test
    void a503WhoseNextHopCannotBeReachedIsTheResponse() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        scene.transport.flow(TransportKind.UDP, B, 5060).refuse();
        scene.invite(NAMED);

        scene.answer(A, 503, "X-From: A");

        assertThat(scene.upstream().get(0).text()).startsWith("SIP/2.0 500 ").contains("X-From: A");
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

    @Test
    void withoutMemoryTheOrderOfTheDnsStays() {
        ForwardingScene forgetful = new ForwardingScene(NextHopPolicy.DEFAULT.withFailureMemory(Duration.ZERO));
        forgetful.resolver.knows("b.example.net", udp(A), udp(B));
        forgetful.relay(freshBranch(request("MESSAGE"), 1), NAMED);
        forgetful.advance(32_000);
        forgetful.answer(forgetful.last(B, "MESSAGE"), 200);

        forgetful.relay(freshBranch(request("MESSAGE"), 2), NAMED);

        assertThat(forgetful.last(A, "MESSAGE").text()).contains("z9hG4bKcaller2");
    }

    // ---- clients behind a NAT

    private static Target behindNat(String uri, String received) {
        return Target.of(SipUri.of(uri), SipUri.of(received));
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
}

package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.tcp;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.core.options.NextHopPolicy;

/** Next hops that failed recently are tried last. */
class FailedHopOrderTest extends NextHopScene {

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
    void orderOfTheDnsIsKeptIfFailuresAreNotRemembered() {
        ForwardingScene forgetful = new ForwardingScene(NextHopPolicy.DEFAULT.withFailureMemory(Duration.ZERO));
        forgetful.resolver.knows("b.example.net", udp(A), udp(B));
        forgetful.relay(freshBranch(request("MESSAGE"), 1), NAMED);
        forgetful.advance(32_000);
        forgetful.answer(forgetful.last(B, "MESSAGE"), 200);

        forgetful.relay(freshBranch(request("MESSAGE"), 2), NAMED);

        assertThat(forgetful.last(A, "MESSAGE").text()).contains("z9hG4bKcaller2");
    }

    private void relayAgain(int n) {
        scene.relay(freshBranch(request("MESSAGE"), n), NAMED);
    }
}

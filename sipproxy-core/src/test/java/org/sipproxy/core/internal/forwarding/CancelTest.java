package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.ServerTransaction;

/** CANCEL of a forwarded INVITE, Timer C, and shutdown (RFC 3261 §16.8, §16.10). */
class CancelTest {

    private static final String A = "192.0.2.11";
    private static final String B = "192.0.2.12";
    private static final Target TO_A = target("sip:bob@" + A);
    private static final Target TO_B = target("sip:bob@" + B);
    private static final long TIMER_C = 181_000;

    private final ForwardingScene scene = new ForwardingScene();

    @Test
    void cancelReachesEveryRingingBranchAndThe487GoesUpstream() {
        ServerTransaction server = scene.invite(TO_A, TO_B);
        scene.answer(A, 180);
        scene.answer(B, 180);

        server.cancelled(null);
        assertThat(scene.whatTo(A)).containsExactly("INVITE", "CANCEL");
        assertThat(scene.whatTo(B)).containsExactly("INVITE", "CANCEL");

        scene.answer(scene.last(A, "CANCEL"), 200);
        scene.answer(A, 487);
        assertThat(scene.whatUpstream()).as("the other branch is open").containsExactly("180", "180");
        scene.answer(scene.last(B, "CANCEL"), 200);
        scene.answer(B, 487);

        assertThat(scene.whatUpstream()).containsExactly("180", "180", "487");
        scene.advance(64_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void cancelHasTheBranchOfItsInviteAndTheReasonOfTheCaller() {
        ServerTransaction server = scene.invite(TO_A);
        scene.answer(A, 180);

        server.cancelled("Reason: SIP ;cause=200\r\n".getBytes(StandardCharsets.UTF_8));

        String invite = scene.last(A, "INVITE").text();
        String cancel = scene.last(A, "CANCEL").text();
        assertThat(cancel).isEqualTo("""
            CANCEL sip:bob@192.0.2.11 SIP/2.0
            %s
            Max-Forwards: 70
            From: <sip:alice@example.org>;tag=1
            To: <sip:bob@example.org>
            Call-ID: c1
            CSeq: 1 CANCEL
            Reason: SIP ;cause=200
            Content-Length: 0

            """.formatted(
                invite.lines().filter(l -> l.startsWith("Via")).findFirst().orElseThrow()));
    }

    @Test
    void cancelWaitsForTheFirstProvisionalOfTheBranch() {
        ServerTransaction server = scene.invite(TO_A);

        server.cancelled(null);
        assertThat(scene.whatTo(A)).containsExactly("INVITE");

        scene.answer(A, 100);
        assertThat(scene.whatTo(A)).containsExactly("INVITE", "CANCEL");
    }

    @Test
    void cancelledInviteWithoutResponseEndsIn487() {
        ServerTransaction server = scene.invite(TO_A);
        server.cancelled(null);

        scene.advance(32_000);

        assertThat(scene.whatUpstream()).containsExactly("487");
        scene.advance(32_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void ringingBranchThatIgnoresItsCancelEndsIn487() {
        ServerTransaction server = scene.invite(TO_A);
        scene.answer(A, 180);
        server.cancelled(null);

        scene.advance(32_000);

        assertThat(scene.whatUpstream()).containsExactly("180", "487");
    }

    @Test
    void cancelWhileRoutingStillDecidesTriesNoTarget() {
        RequestContext context = scene.context(request("INVITE"));
        ServerTransaction server = scene.open(context);
        server.cancelled(null);

        scene.relay(context, server, TO_A);

        assertThat(scene.whatTo(A)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly("487");
    }

    @Test
    void cancelWhileANameIsLookedUpTriesNoTarget() {
        scene.resolver.knows("b.example.net", udp(A));
        scene.resolver.slow = true;
        ServerTransaction server = scene.invite(target("sip:bob@b.example.net"));

        server.cancelled(null);
        assertThat(scene.whatUpstream()).containsExactly("487");
        scene.resolver.answer();

        assertThat(scene.whatTo(A)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly("487");
    }

    @Test
    void cancelEndsTheSearch() {
        ServerTransaction server = scene.invite(target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));
        scene.answer(A, 180);
        server.cancelled(null);

        scene.answer(A, 487);

        assertThat(scene.whatTo(B)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly("180", "487");
    }

    @Test
    void successThatCrossesTheCancelGoesUpstream() {
        ServerTransaction server = scene.invite(TO_A);
        scene.answer(A, 180);
        server.cancelled(null);

        scene.answer(A, 200);

        assertThat(scene.whatUpstream()).containsExactly("180", "200");
    }

    @Test
    void cancelAfterTheFinalResponseHasNoEffect() {
        ServerTransaction server = scene.invite(TO_A);
        scene.answer(A, 200);

        server.cancelled(null);

        assertThat(scene.whatTo(A)).containsExactly("INVITE");
    }

    // ---- no next hop once cancelled

    @ParameterizedTest
    @CsvSource({"false, 503", "true, 503", "false, 0", "true, 0", "false, -1", "true, -1"})
    void cancelledBranchTriesNoFurtherHop(boolean bySibling, int end) {
        scene.resolver.knows("b.example.net", udp(B), udp("192.0.2.13"));
        ServerTransaction server = scene.invite(TO_A, target("sip:bob@b.example.net"));
        scene.answer(B, 180);
        if (bySibling) {
            scene.answer(A, 200);
        } else {
            server.cancelled(null);
        }
        assertThat(scene.whatTo(B)).containsExactly("INVITE", "CANCEL");

        if (end > 0) {
            scene.answer(B, end);
        } else if (end < 0) {
            scene.transport.flow(TransportKind.UDP, B, 5060).failPending();
        }
        scene.advance(64_000);

        assertThat(scene.whatTo("192.0.2.13")).isEmpty();
        scene.transactions.assertNothingLeft();
    }

    // ---- Timer C

    @Test
    void inviteThatRingsLongerThanTimerCIsCancelledAndEndsInItsResponse() {
        scene.invite(TO_A);
        scene.answer(A, 180);

        scene.advance(TIMER_C - 10);
        assertThat(scene.whatTo(A)).containsExactly("INVITE");
        scene.advance(10);
        assertThat(scene.whatTo(A)).containsExactly("INVITE", "CANCEL");
        scene.answer(scene.last(A, "CANCEL"), 200);
        scene.answer(A, 487);

        assertThat(scene.whatUpstream()).containsExactly("180", "487");
    }

    @Test
    void inviteThatRingsLongerThanTimerCAndIgnoresItsCancelEndsIn408() {
        scene.resolver.knows("b.example.net", udp(A), udp(B));
        scene.invite(target("sip:bob@b.example.net"));
        scene.answer(A, 180);

        scene.advance(TIMER_C + 32_000);

        assertThat(scene.whatUpstream()).containsExactly("180", "408");
        assertThat(scene.whatTo(B))
                .as("a phone that rang is not tried elsewhere")
                .isEmpty();
        scene.advance(32_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void timerCOfOneGroupStartsTheNext() {
        scene.invite(target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));
        scene.answer(A, 180);
        scene.advance(TIMER_C);

        scene.answer(A, 487);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    // ---- shutdown

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void shutdownRespondsWith503AndCancels(boolean ringing) {
        ServerTransaction server = scene.invite(target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));
        if (ringing) {
            scene.answer(A, 180);
        }

        server.shutdown();

        assertThat(scene.whatUpstream()).endsWith("503");
        assertThat(scene.whatTo(A)).hasSize(ringing ? 2 : 1);
        assertThat(scene.whatTo(B)).isEmpty();
        assertThat(scene.transactions.table.unanswered()).isZero();
    }
}

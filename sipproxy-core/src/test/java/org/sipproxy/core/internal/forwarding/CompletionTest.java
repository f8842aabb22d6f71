package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.core.internal.transport.Sent;

/** Listeners are notified once, of the final response that was sent, after everything else is done. */
class CompletionTest {

    private static final String A = "192.0.2.11";
    private static final String B = "192.0.2.12";
    private static final Target TO_A = target("sip:bob@" + A);
    private static final Target TO_B = target("sip:bob@" + B);

    private final ForwardingScene scene = new ForwardingScene();

    @Test
    void listenerOfAForkedInviteIsNotifiedWhenTheOtherPhoneIsCancelled() {
        List<String> sentBefore = new ArrayList<>();
        scene.invite(TO_A, TO_B);
        scene.answer(B, 180);
        scene.whenCompleted = () -> sentBefore.addAll(scene.whatTo(B));

        scene.answer(A, 200);

        assertThat(scene.completed).containsExactly(200);
        assertThat(sentBefore).containsExactly("INVITE", "CANCEL");
    }

    @Test
    void listenerIsNotifiedWhenNothingIsKeptOfTheRequest() {
        List<Long> bytes = new ArrayList<>();
        scene.whenCompleted = () -> bytes.add(scene.transactions.table.budget().used());
        scene.relay(request("MESSAGE"), TO_A);
        long relayed = scene.transactions.table.budget().used();

        scene.answer(scene.last(A, "MESSAGE"), 486);

        assertThat(relayed).isPositive();
        assertThat(bytes).hasSize(1).allSatisfy(used -> assertThat(used).isLessThan(relayed));
    }

    @Test
    void messageWith200FromTwoPhonesIsCompletedOnce() {
        scene.relay(request("MESSAGE"), TO_A, TO_B);
        Sent toB = scene.last(B, "MESSAGE");
        scene.answer(scene.last(A, "MESSAGE"), 200);

        scene.answer(toB, 200);

        assertThat(scene.whatUpstream()).containsExactly("200");
        assertThat(scene.completed).containsExactly(200);
    }

    @Test
    void inviteThatTwoPhonesAcceptIsTwoCalls() {
        scene.invite(TO_A, TO_B);
        Sent toB = scene.last(B, "INVITE");
        scene.answer(A, 200);

        scene.answer(toB, 200);

        assertThat(scene.whatUpstream()).containsExactly("200", "200");
        assertThat(scene.completed).containsExactly(200, 200);
    }

    @Test
    void acceptanceThatCrossesTheEndOfTheProxyIsNotRecorded() {
        for (String method : List.of("INVITE", "MESSAGE")) {
            ForwardingScene crossing = new ForwardingScene();
            ServerTransaction server = crossing.relay(request(method), TO_A);
            Sent toA = crossing.last(A, method);
            server.shutdown();

            crossing.answer(toA, 200);

            assertThat(crossing.whatUpstream()).containsExactly("503");
            assertThat(crossing.completed).containsExactly(503);
        }
    }

    @Test
    void requestWithFinalResponseDuringRoutingIsNotForwarded() {
        var context = scene.context(request("MESSAGE"));
        ServerTransaction server = scene.open(context);
        server.respond(
                503, "SIP/2.0 503 Service Unavailable\r\n\r\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));

        scene.relay(context, server, TO_A);

        assertThat(scene.to(A)).isEmpty();
        assertThat(scene.completed).isEmpty();
    }
}

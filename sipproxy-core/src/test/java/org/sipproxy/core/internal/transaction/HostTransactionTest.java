package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.internal.transport.SendFailure;

/** Ends of a request of the host application: each is reported once, and nothing is left. */
class HostTransactionTest {

    private final TransactionScene scene = new TransactionScene();
    private final List<String> events = new ArrayList<>();
    private final HostTransaction transaction = new HostTransaction(scene.table, new Owner(), 500, false);

    private final class Owner implements HostTransaction.Owner {

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            events.add(new String(wire, StandardCharsets.US_ASCII));
        }

        @Override
        public void shutdown() {
            transaction.abandon();
        }

        @Override
        public boolean isReliable() {
            return true;
        }

        @Override
        public void ended(boolean timedOut) {
            events.add(timedOut ? "timed out" : "ended");
        }
    }

    /** Handler as the response context sets it. */
    private final class Branches implements ServerTransaction.CancelHandler {

        @Override
        public void cancelled(byte @Nullable [] reasonLine) {
            events.add("cancelled");
        }

        @Override
        public void shutdown() {
            transaction.respond(503, bytes("503"));
        }

        @Override
        public void stopped() {
            events.add("branches stopped");
        }
    }

    HostTransactionTest() {
        scene.table.addIfAbsent(transaction);
        transaction.forwarding(true, 500);
        transaction.start(TimeUnit.SECONDS.toNanos(5));
    }

    @AfterEach
    void nothingIsLeft() {
        scene.advance(6_000);
        transaction.stop();
        transaction.shutdown();
        assertThat(transaction.respond(200, bytes("late"))).isFalse();
        assertThat(events).doesNotContain("late").doesNotHaveDuplicates();
        scene.assertNothingLeft();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void finalResponseIsPassedOnAndEndsTheTransaction() {
        assertThat(scene.table.budget().used()).isPositive();
        assertThat(scene.table.unanswered()).isEqualTo(1);

        assertThat(transaction.respond(200, bytes("200"))).isTrue();

        assertThat(events).containsExactly("200");
        scene.assertNothingLeft();
    }

    @Test
    void timeLimitStopsTheBranches() {
        transaction.onCancel(new Branches());
        scene.advance(4_990);
        assertThat(events).isEmpty();

        scene.advance(20);

        assertThat(events).containsExactly("timed out", "branches stopped");
    }

    @Test
    void abandonedTransactionIsReported() {
        transaction.onCancel(new Branches());

        transaction.abandon();

        assertThat(events).containsExactly("ended");
    }

    @Test
    void closingProxyResponds() {
        transaction.onCancel(new Branches());

        transaction.shutdown();

        assertThat(events).containsExactly("503");
    }

    @Test
    void closingProxyEndsARequestThatIsNotForwardedYet() {
        transaction.shutdown();

        assertThat(events).containsExactly("ended");
    }

    @Test
    void clearedTableReportsTheEnd() {
        scene.table.clear();

        assertThat(events).containsExactly("ended");
    }

    // ---- INVITE

    private HostTransaction invite() {
        HostTransaction invite = new HostTransaction(scene.table, new Owner(), 500, true);
        scene.table.addIfAbsent(invite);
        invite.forwarding(true, 500);
        return invite;
    }

    @Test
    void inviteHasNoTimeLimitAndPassesOnItsProvisionalResponses() {
        HostTransaction invite = invite();
        transaction.stop();
        events.clear();

        assertThat(invite.respond(180, bytes("180"))).isTrue();
        scene.advance(200_000);
        assertThat(invite.isPending()).isTrue();
        assertThat(invite.respond(486, bytes("486"))).isTrue();

        assertThat(events).containsExactly("180", "486");
        assertThat(invite.respond(200, bytes("late"))).isFalse();
    }

    @Test
    void everySuccessOfAnInviteIsPassedOnAndNoneIsKept() {
        HostTransaction invite = invite();
        transaction.stop();
        events.clear();

        assertThat(invite.respond(200, bytes("one"))).isTrue();
        scene.assertNothingLeft();
        assertThat(invite.respond(200, bytes("another"))).isTrue();

        assertThat(invite.respond(180, bytes("late"))).isFalse();
        assertThat(invite.respond(486, bytes("late"))).isFalse();
        assertThat(events).containsExactly("one", "another");
    }

    @Test
    void cancelledInviteWaitsForItsFinalResponse() {
        HostTransaction invite = invite();
        transaction.stop();
        events.clear();
        invite.onCancel(new Branches());

        invite.cancelled(null);
        assertThat(invite.respond(487, bytes("487"))).isTrue();
        invite.releaseRequest();

        assertThat(events).containsExactly("cancelled", "487");
    }
}

package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;

/** Each row of the state table in the javadoc of the class under test; times in milliseconds after the response. */
class InviteServerTransactionTest {

    private final TransactionScene scene = new TransactionScene();

    private InviteServerTransaction open(TransportKind kind) {
        InviteServerTransaction transaction = new InviteServerTransaction(
                TransactionScene.keyOf(TransactionScene.request("INVITE")),
                scene.table,
                scene.pathOn(scene.caller(kind)),
                1_000,
                () -> TransactionScene.response(100, "INVITE").toBytes());
        assertThat(scene.table.addIfAbsent(transaction)).isNull();
        return transaction;
    }

    private static boolean respond(ServerTransaction transaction, int status) {
        return transaction.respond(
                status, TransactionScene.response(status, "INVITE").toBytes());
    }

    @Test
    void retransmittedInviteGetsTheLastProvisionalAgain() {
        InviteServerTransaction transaction = open(TransportKind.UDP);

        transaction.onRetransmission();
        assertThat(scene.sentWhat()).as("before the first response").isEmpty();

        respond(transaction, 100);
        respond(transaction, 180);
        transaction.onRetransmission();

        assertThat(scene.sentWhat()).containsExactly("100", "180", "180");
    }

    @Test
    void provisionalIsNeverRetransmittedUnprompted() {
        respond(open(TransportKind.UDP), 180);

        scene.advance(300_000);

        assertThat(scene.sentWhat()).containsExactly("180");
        assertThat(scene.table.servers())
                .as("it lives as long as the proxy waits")
                .isOne();
    }

    @Test
    void failureIsRetransmittedByTimerGUpToT2UntilTimerH() {
        InviteServerTransaction transaction = open(TransportKind.UDP);

        respond(transaction, 486);
        scene.advance(31_990);
        assertThat(scene.sentAt())
                .containsExactly(
                        0L, 500L, 1_500L, 3_500L, 7_500L, 11_500L, 15_500L, 19_500L, 23_500L, 27_500L, 31_500L);
        assertThat(scene.table.servers()).isOne();

        scene.advance(10);
        scene.assertNothingLeft();
    }

    @Test
    void failureOverAStreamIsSentOnceAndRemovedByTimerH() {
        InviteServerTransaction transaction = open(TransportKind.TCP);

        respond(transaction, 486);
        scene.advance(31_990);
        assertThat(scene.sentAt()).containsExactly(0L);
        assertThat(scene.table.servers()).isOne();

        scene.advance(10);
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void retransmittedInviteGetsTheFailureAgain(TransportKind kind) {
        InviteServerTransaction transaction = open(kind);

        respond(transaction, 404);
        transaction.onRetransmission();

        assertThat(scene.sentWhat()).containsExactly("404", "404");
    }

    @Test
    void ackStopsTimerGAndTimerIEndsTheTransactionAfterT4() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        respond(transaction, 486);
        scene.advance(700);

        assertThat(transaction.acknowledged()).isTrue();
        scene.advance(4_990);
        assertThat(scene.sentAt()).containsExactly(0L, 500L);
        assertThat(scene.table.servers()).isOne();

        scene.advance(10);
        scene.assertNothingLeft();
    }

    @Test
    void retransmittedInviteAndAckAreAbsorbedWhenConfirmed() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        respond(transaction, 486);
        transaction.acknowledged();

        transaction.onRetransmission();

        assertThat(transaction.acknowledged()).isTrue();
        assertThat(scene.sentWhat()).containsExactly("486");
        scene.advance(5_000);
        scene.assertNothingLeft();
    }

    @Test
    void ackOverAStreamRemovesTheTransactionAtOnce() {
        InviteServerTransaction transaction = open(TransportKind.TCP);
        respond(transaction, 486);

        assertThat(transaction.acknowledged()).isTrue();

        scene.assertNothingLeft();
    }

    @Test
    void ackBeforeAnyFinalResponseIsNotHandledHere() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        respond(transaction, 180);

        assertThat(transaction.acknowledged()).isFalse();
        assertThat(transaction.isPending()).isTrue();
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void successIsSentOnceAndRetransmittedInvitesAreAbsorbedForTimerL(TransportKind kind) {
        InviteServerTransaction transaction = open(kind);

        respond(transaction, 200);
        transaction.onRetransmission();
        assertThat(transaction.acknowledged())
                .as("the ACK of a 2xx goes end to end")
                .isFalse();
        assertThat(scene.sentWhat()).containsExactly("200");
        scene.assertNothingLeft();

        scene.advance(31_990);
        assertThat(scene.table.lingering(transaction.key()))
                .as("known, but not retransmitted")
                .isEmpty();
        scene.advance(10);
        assertThat(scene.table.lingering(transaction.key())).isNull();
        assertThat(scene.sentWhat()).containsExactly("200");
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void furtherSuccessesAreForwardedAndDoNotExtendTimerL(TransportKind kind) {
        InviteServerTransaction transaction = open(kind);
        respond(transaction, 200);
        scene.advance(20_000);

        assertThat(respond(transaction, 200)).isTrue();
        assertThat(respond(transaction, 202)).isTrue();
        assertThat(scene.sentWhat()).containsExactly("200", "200", "202");

        scene.advance(12_000);
        assertThat(scene.table.lingering(transaction.key())).isNull();
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 180, 302, 486, 500, 603})
    void nothingButASuccessFollowsASuccess(int status) {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        respond(transaction, 200);

        assertThat(respond(transaction, status)).isFalse();

        assertThat(scene.sentWhat()).containsExactly("200");
    }

    @ParameterizedTest
    @ValueSource(ints = {180, 200, 486})
    void nothingFollowsAFailure(int status) {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        respond(transaction, 486);

        assertThat(respond(transaction, status)).isFalse();
        transaction.acknowledged();
        assertThat(respond(transaction, status)).isFalse();

        assertThat(scene.sentWhat()).containsExactly("486");
    }

    @Test
    void abandonedTransactionLeavesNothing() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        respond(transaction, 100);

        transaction.abandon();

        scene.assertNothingLeft();
        assertThat(respond(transaction, 200)).isFalse();
    }

    @Test
    void countsAsUnansweredUntilItsFirstFinalResponse() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        respond(transaction, 180);
        assertThat(scene.table.unanswered()).isOne();
        assertThat(transaction.isPending()).isTrue();

        respond(transaction, 200);
        assertThat(scene.table.unanswered()).isZero();
        assertThat(transaction.isPending()).isFalse();

        respond(transaction, 200);
        scene.advance(32_000);
        assertThat(scene.table.unanswered()).isZero();
    }

    // ---- CANCEL

    @Test
    void cancelIsReportedWithItsReason() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        Cancellations cancellations = new Cancellations();
        transaction.onCancel(cancellations);

        transaction.cancelled("Reason: SIP;cause=200\r\n".getBytes(StandardCharsets.UTF_8));

        assertThat(cancellations.upcalls).containsExactly("cancelled: Reason: SIP;cause=200\r\n");
    }

    @Test
    void earlyCancelIsReportedOnceAHandlerIsSet() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        transaction.cancelled("Reason: Q.850;cause=16\r\n".getBytes(StandardCharsets.UTF_8));
        Cancellations cancellations = new Cancellations();

        transaction.onCancel(cancellations);

        assertThat(cancellations.upcalls).containsExactly("cancelled: Reason: Q.850;cause=16\r\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 486})
    void cancelAfterTheFinalResponseHasNoEffect(int status) {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        Cancellations cancellations = new Cancellations();
        transaction.onCancel(cancellations);
        respond(transaction, status);

        transaction.cancelled(null);
        transaction.shutdown();

        assertThat(cancellations.upcalls).isEmpty();
    }

    @Test
    void shutdownIsReportedWhileTheRequestIsUnanswered() {
        InviteServerTransaction transaction = open(TransportKind.UDP);
        Cancellations cancellations = new Cancellations();
        transaction.onCancel(cancellations);

        transaction.shutdown();

        assertThat(cancellations.upcalls).containsExactly("shutdown");
    }

    private static final class Cancellations implements ServerTransaction.CancelHandler {

        final List<String> upcalls = new ArrayList<>();

        @Override
        public void cancelled(byte @Nullable [] reasonLine) {
            upcalls.add("cancelled: " + (reasonLine == null ? "" : new String(reasonLine, StandardCharsets.UTF_8)));
        }

        @Override
        public void shutdown() {
            upcalls.add("shutdown");
        }
    }
}

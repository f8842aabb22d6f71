package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transaction.TransactionScene.RecordingUser;
import org.sipproxy.core.options.SipTimers;

/** Each row of the state table in the javadoc of the class under test. */
class NonInviteClientTransactionTest {

    private static final long BRANCH = 7;

    private TransactionScene scene = new TransactionScene();
    private final RecordingUser user = new RecordingUser();

    private NonInviteClientTransaction start(TransportKind kind) {
        NonInviteClientTransaction transaction = new NonInviteClientTransaction(
                BRANCH,
                TransactionScene.request("MESSAGE").toBytes(),
                scene.callee(kind),
                scene.lock,
                scene.table,
                user,
                false);
        synchronized (scene.lock) {
            transaction.start();
        }
        return transaction;
    }

    private static void receive(ClientTransaction transaction, int status) {
        transaction.onResponse(TransactionScene.response(status, "MESSAGE"));
    }

    @Test
    void requestIsRetransmittedByTimerEUpToT2UntilTimerF() {
        start(TransportKind.UDP);

        scene.advance(31_990);
        assertThat(scene.sentAt())
                .containsExactly(
                        0L, 500L, 1_500L, 3_500L, 7_500L, 11_500L, 15_500L, 19_500L, 23_500L, 27_500L, 31_500L);
        assertThat(scene.table.resent()).isEqualTo(10);
        assertThat(user.upcalls).isEmpty();

        scene.advance(10);
        assertThat(user.upcalls).containsExactly("timeout");
        assertThat(scene.sentAt()).hasSize(11);
        scene.assertNothingLeft();
    }

    @Test
    void requestOverAStreamIsSentOnceAndTimesOutByTimerF() {
        start(TransportKind.TCP);

        scene.advance(31_990);
        assertThat(user.upcalls).isEmpty();
        scene.advance(10);

        assertThat(scene.sentAt()).containsExactly(0L);
        assertThat(user.upcalls).containsExactly("timeout");
        scene.assertNothingLeft();
    }

    @Test
    void afterAProvisionalTheNextTimerEIsFollowedByT2() {
        NonInviteClientTransaction transaction = start(TransportKind.UDP);
        scene.advance(600);
        receive(transaction, 100);

        scene.advanceTo(32_000);

        assertThat(scene.sentAt())
                .containsExactly(0L, 500L, 1_500L, 5_500L, 9_500L, 13_500L, 17_500L, 21_500L, 25_500L, 29_500L);
        assertThat(user.upcalls).containsExactly("100", "timeout");
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void eachProvisionalIsReported(TransportKind kind) {
        NonInviteClientTransaction transaction = start(kind);

        receive(transaction, 100);
        receive(transaction, 180);

        assertThat(user.upcalls).containsExactly("100", "180");
    }

    @ParameterizedTest
    @CsvSource({"UDP, 200", "UDP, 302", "UDP, 404", "UDP, 503", "UDP, 600", "TCP, 200", "TCP, 404"})
    void finalIsReportedOnceAndEndsTheTransaction(TransportKind kind, int status) {
        NonInviteClientTransaction transaction = start(kind);

        receive(transaction, status);
        receive(transaction, status);

        assertThat(user.upcalls).containsExactly(String.valueOf(status));
        scene.assertNothingLeft();
        scene.advance(60_000);
        assertThat(scene.sentAt()).containsExactly(0L);
    }

    @Test
    void finalAfterAProvisionalEndsIt() {
        NonInviteClientTransaction transaction = start(TransportKind.UDP);

        receive(transaction, 100);
        receive(transaction, 200);

        assertThat(user.upcalls).containsExactly("100", "200");
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void failureToSendIsReportedAndEndsTheTransaction(TransportKind kind) {
        scene.callee(kind).refuse();

        start(kind);

        assertThat(user.upcalls).containsExactly("error");
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void lateFailureIsReportedOnceUnlessAResponseArrived(boolean answered) {
        NonInviteClientTransaction transaction = start(TransportKind.UDP);
        scene.advance(1_500);
        if (answered) {
            receive(transaction, 200);
        }

        scene.callee(TransportKind.UDP).failPending();

        assertThat(user.upcalls).containsExactly(answered ? "200" : "error");
        scene.assertNothingLeft();
    }

    @Test
    void timeoutFollowsTheTimersOfTheProxy() {
        scene = new TransactionScene(
                SipTimers.builder().transactionTimeout(Duration.ofSeconds(2)).build());
        start(TransportKind.UDP);

        scene.advance(1_990);
        assertThat(user.upcalls).isEmpty();
        scene.advance(10);

        assertThat(user.upcalls).containsExactly("timeout");
        assertThat(scene.sentAt()).containsExactly(0L, 500L, 1_500L);
    }

    @Test
    void isFoundByItsBranchAmongRequestsOtherThanCancel() {
        NonInviteClientTransaction transaction = start(TransportKind.UDP);

        assertThat(scene.table.client(BRANCH, false)).isSameAs(transaction);
        assertThat(scene.table.client(BRANCH, true)).isNull();
        assertThat(scene.table.client(BRANCH + 1, false)).isNull();
    }
}

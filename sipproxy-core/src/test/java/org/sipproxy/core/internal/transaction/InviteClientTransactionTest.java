package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transaction.TransactionScene.RecordingUser;
import org.sipproxy.core.options.SipTimers;
import org.sipproxy.message.SipText;

/** Each row of the state table in the javadoc of the class under test. */
class InviteClientTransactionTest {

    private static final long BRANCH = 7;
    private static final long TIMER_C = 181_000;
    private static final Upstream UPSTREAM =
            new Upstream(new InetSocketAddress("192.0.2.1", 50_600), Endpoint.udp("10.0.0.1", 5080));

    private TransactionScene scene = new TransactionScene();
    private final RecordingUser user = new RecordingUser();

    private InviteClientTransaction start(TransportKind kind) {
        return start(kind, false);
    }

    private InviteClientTransaction start(TransportKind kind, boolean lingerOnAccept) {
        InviteClientTransaction transaction = new InviteClientTransaction(
                BRANCH,
                TransactionScene.request("INVITE").toBytes(),
                scene.callee(kind),
                scene.lock,
                scene.table,
                user,
                lingerOnAccept ? UPSTREAM : null);
        synchronized (scene.lock) {
            transaction.start();
        }
        return transaction;
    }

    private static void receive(ClientTransaction transaction, int status) {
        transaction.onResponse(TransactionScene.response(status, "INVITE"));
    }

    private void cancel(InviteClientTransaction transaction) {
        synchronized (scene.lock) {
            transaction.cancel(null);
        }
    }

    private void answerCancel(int status) {
        ClientTransaction cancel = scene.table.client(BRANCH, true);
        assertThat(cancel).as("the CANCEL's transaction").isNotNull();
        cancel.onResponse(TransactionScene.response(status, "CANCEL"));
    }

    private List<Long> sentAt(String what) {
        return scene.transport.sent().stream()
                .filter(s -> s.what().equals(what))
                .map(s -> s.atMillis())
                .toList();
    }

    // ---- CALLING

    @Test
    void inviteIsRetransmittedByTimerAWithoutACapUntilTimerB() {
        start(TransportKind.UDP);

        scene.advance(31_990);
        assertThat(scene.sentAt()).containsExactly(0L, 500L, 1_500L, 3_500L, 7_500L, 15_500L, 31_500L);
        assertThat(user.upcalls).isEmpty();

        scene.advance(10);
        assertThat(user.upcalls).containsExactly("timeout");
        assertThat(scene.sentAt()).hasSize(7);
        assertThat(scene.table.resent()).isEqualTo(6);
        scene.assertNothingLeft();
    }

    @Test
    void inviteOverAStreamIsSentOnceAndTimesOutByTimerB() {
        start(TransportKind.TCP);

        scene.advance(31_990);
        assertThat(user.upcalls).isEmpty();
        scene.advance(10);

        assertThat(scene.sentAt()).containsExactly(0L);
        assertThat(scene.table.resent()).isZero();
        assertThat(user.upcalls).containsExactly("timeout");
        scene.assertNothingLeft();
    }

    @Test
    void timerBFollowsTheTimersOfTheProxy() {
        scene = new TransactionScene(
                SipTimers.builder().transactionTimeout(Duration.ofSeconds(5)).build());
        start(TransportKind.UDP);

        scene.advance(4_990);
        assertThat(user.upcalls).isEmpty();
        scene.advance(10);

        assertThat(user.upcalls).containsExactly("timeout");
        assertThat(scene.sentAt()).containsExactly(0L, 500L, 1_500L, 3_500L);
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void failureToSendIsReportedAndEndsTheTransaction(TransportKind kind) {
        scene.callee(kind).refuse();

        start(kind);

        assertThat(user.upcalls).containsExactly("error");
        scene.assertNothingLeft();
    }

    @Test
    void failureOfARetransmissionIsReported() {
        start(TransportKind.UDP);
        scene.callee(TransportKind.UDP).refuse();

        scene.advance(500);

        assertThat(user.upcalls).containsExactly("error");
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 486})
    void failureToSendAfterTheResponseIsNotReported(int status) {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, status);

        scene.callee(TransportKind.UDP).failPending();

        assertThat(user.upcalls).containsExactly(String.valueOf(status));
    }

    // ---- PROCEEDING

    @ParameterizedTest
    @CsvSource({"UDP, 100", "UDP, 183", "TCP, 100", "TCP, 180"})
    void provisionalStopsTimersAAndBAndStartsTimerC(TransportKind kind, int status) {
        InviteClientTransaction transaction = start(kind);
        receive(transaction, status);

        scene.advance(TIMER_C - 10);
        assertThat(scene.sentAt()).containsExactly(0L);
        assertThat(user.upcalls).containsExactly(String.valueOf(status));

        scene.advance(10);
        assertThat(user.upcalls).containsExactly(String.valueOf(status), "timerC");
        assertThat(scene.table.clients()).isOne();
    }

    @Test
    void timerCStartsAgainWithEachProvisionalButA100() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 180);
        scene.advance(100_000);
        receive(transaction, 183);
        scene.advance(100_000);
        receive(transaction, 100);

        scene.advance(TIMER_C - 100_010);
        assertThat(user.upcalls).containsExactly("180", "183", "100");
        scene.advance(10);

        assertThat(user.upcalls).containsExactly("180", "183", "100", "timerC");
    }

    // ---- CANCEL

    @Test
    void cancelWaitsForAProvisional() {
        InviteClientTransaction transaction = start(TransportKind.UDP);

        cancel(transaction);
        scene.advance(1_000);
        assertThat(sentAt("CANCEL")).isEmpty();

        receive(transaction, 100);
        assertThat(sentAt("CANCEL")).containsExactly(1_000L);
        assertThat(user.upcalls).containsExactly("100");
    }

    @Test
    void cancelledInviteWithoutAnyResponseTimesOutByTimerB() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        cancel(transaction);

        scene.advance(32_000);

        assertThat(user.upcalls).containsExactly("timeout");
        assertThat(sentAt("CANCEL")).isEmpty();
        scene.assertNothingLeft();
    }

    @Test
    void cancelAfterAProvisionalGoesAtOnceAndOnlyOnce() {
        InviteClientTransaction transaction = start(TransportKind.TCP);
        receive(transaction, 180);

        cancel(transaction);
        cancel(transaction);
        receive(transaction, 183);

        assertThat(sentAt("CANCEL")).containsExactly(0L);
        assertThat(user.upcalls).containsExactly("180", "183");
    }

    @Test
    void cancelIsASeparateRequestRetransmittedUntilItsResponse() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 180);
        cancel(transaction);
        assertThat(scene.table.clients()).isEqualTo(2);

        scene.advance(1_600);
        answerCancel(200);
        scene.advance(10_000);

        assertThat(sentAt("CANCEL")).containsExactly(0L, 500L, 1_500L);
        assertThat(scene.table.client(BRANCH, false))
                .as("the INVITE still waits for its 487")
                .isSameAs(transaction);
        assertThat(user.upcalls)
                .as("the response to a CANCEL does not end the INVITE")
                .containsExactly("180");
    }

    @Test
    void responseToTheCancelledInviteIsAcknowledgedAndLeavesNothing() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 180);
        cancel(transaction);
        answerCancel(200);

        receive(transaction, 487);
        assertThat(scene.sentWhat()).containsExactly("INVITE", "CANCEL", "ACK");
        assertThat(user.upcalls).containsExactly("180", "487");

        scene.advance(32_000);
        scene.assertNothingLeft();
    }

    @Test
    void cancelledInviteWithoutFinalResponseTimesOut64T1AfterTheCancel() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 180);
        scene.advance(10_000);
        cancel(transaction);

        scene.advance(31_990);
        assertThat(user.upcalls).containsExactly("180");
        scene.advance(10);

        assertThat(user.upcalls).containsExactly("180", "timeout");
        scene.assertNothingLeft();
    }

    @Test
    void provisionalAfterTheCancelDoesNotProlongTheWait() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 180);
        cancel(transaction);
        scene.advance(30_000);
        receive(transaction, 180);

        scene.advance(2_000);

        assertThat(user.upcalls).containsExactly("180", "180", "timeout");
        scene.assertNothingLeft();
    }

    @Test
    void successThatCrossesTheCancelIsReported() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 180);
        cancel(transaction);

        receive(transaction, 200);
        answerCancel(481);
        scene.advance(32_000);

        assertThat(user.upcalls).containsExactly("180", "200");
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 404})
    void answeredInviteIsNotCancelled(int status) {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, status);

        cancel(transaction);
        scene.advance(60_000);

        assertThat(sentAt("CANCEL")).isEmpty();
        scene.assertNothingLeft();
    }

    @Test
    void cancelTakesTheReasonAlong() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 180);

        synchronized (scene.lock) {
            transaction.cancel("Reason: SIP;cause=200\r\n".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(scene.transport.sent().get(1).text()).contains("\nReason: SIP;cause=200\n");
    }

    // ---- COMPLETED

    @ParameterizedTest
    @CsvSource({"300", "404", "486", "503", "603"})
    void failureIsAcknowledgedAndReportedOnce(int status) {
        InviteClientTransaction transaction = start(TransportKind.UDP);

        receive(transaction, status);
        receive(transaction, status);
        receive(transaction, status);

        assertThat(scene.sentWhat()).containsExactly("INVITE", "ACK", "ACK", "ACK");
        assertThat(user.upcalls).containsExactly(String.valueOf(status));
    }

    @Test
    void retransmittedFailuresAreAcknowledgedUntilTimerD() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 486);

        scene.advance(31_990);
        receive(transaction, 486);
        assertThat(scene.sentWhat()).containsExactly("INVITE", "ACK", "ACK");

        scene.advance(10);
        scene.assertNothingLeft();
        receive(transaction, 486);
        assertThat(scene.sentWhat()).hasSize(3);
    }

    @Test
    void failureOverAStreamIsAcknowledgedAndRemoved() {
        InviteClientTransaction transaction = start(TransportKind.TCP);

        receive(transaction, 486);

        assertThat(scene.sentWhat()).containsExactly("INVITE", "ACK");
        assertThat(user.upcalls).containsExactly("486");
        scene.assertNothingLeft();
    }

    @Test
    void ackGoesWhereTheInviteWentWithTheToOfTheResponse() {
        InviteClientTransaction transaction = start(TransportKind.UDP);

        receive(transaction, 486);

        assertThat(scene.transport.sent().get(1).flow()).isSameAs(scene.callee(TransportKind.UDP));
        assertThat(scene.transport.sent().get(1).text()).isEqualTo("""
            ACK sip:bob@192.0.2.2 SIP/2.0
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1
            Max-Forwards: 70
            From: <sip:alice@example.org>;tag=1
            To: "Bob" <sip:bob@example.org>;tag=2
            Call-ID: c1
            CSeq: 1 ACK
            Content-Length: 0

            """);
    }

    @Test
    void responseWithoutToIsReportedButCannotBeAcknowledged() {
        InviteClientTransaction transaction = start(TransportKind.UDP);

        transaction.onResponse(SipText.response(
                "SIP/2.0 486 Busy Here\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK2\nCSeq: 1 INVITE\n\n"));

        assertThat(scene.sentWhat()).containsExactly("INVITE");
        assertThat(user.upcalls).containsExactly("486");
        scene.advance(32_000);
        scene.assertNothingLeft();
    }

    @Test
    void lateProvisionalOrSuccessIsAbsorbedAfterAFailure() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 486);

        receive(transaction, 180);
        receive(transaction, 200);

        assertThat(user.upcalls).containsExactly("486");
        assertThat(scene.sentWhat()).containsExactly("INVITE", "ACK");
    }

    // ---- ACCEPTED

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void eachSuccessIsReportedUntilTimerM(TransportKind kind) {
        InviteClientTransaction transaction = start(kind);
        receive(transaction, 180);

        receive(transaction, 200);
        scene.advance(20_000);
        receive(transaction, 200);
        scene.advance(11_990);
        receive(transaction, 200);
        assertThat(user.upcalls).containsExactly("180", "200", "200", "200");

        scene.advance(10);
        scene.assertNothingLeft();
        receive(transaction, 200);
        assertThat(user.upcalls).hasSize(4);
        assertThat(scene.sentWhat()).as("a proxy does not acknowledge a 2xx").containsExactly("INVITE");
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void acceptedInviteThatNeedsNoUserIsOnlyABranchUntilTimerM(TransportKind kind) {
        InviteClientTransaction transaction = start(kind, true);
        receive(transaction, 180);
        assertThat(scene.table.upstreamOfAccepted(BRANCH)).isNull();

        receive(transaction, 200);
        assertThat(user.upcalls).containsExactly("180", "200");
        scene.assertNothingLeft();

        scene.advance(31_990);
        assertThat(scene.table.upstreamOfAccepted(BRANCH)).isEqualTo(UPSTREAM);
        assertThat(scene.table.upstreamOfAccepted(BRANCH + 1)).isNull();
        scene.advance(10);
        assertThat(scene.table.upstreamOfAccepted(BRANCH)).isNull();
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 180, 486, 600})
    void onlyASuccessIsReportedAfterASuccess(int status) {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 200);

        receive(transaction, status);

        assertThat(user.upcalls).containsExactly("200");
        assertThat(scene.sentWhat()).containsExactly("INVITE");
    }

    @Test
    void furtherSuccessesGoToTheUserThatItWasHandedOverTo() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        receive(transaction, 200);
        RecordingUser other = new RecordingUser();
        synchronized (scene.lock) {
            transaction.handOver(other);
        }

        receive(transaction, 200);

        assertThat(user.upcalls).containsExactly("200");
        assertThat(other.upcalls).containsExactly("200");
    }
}

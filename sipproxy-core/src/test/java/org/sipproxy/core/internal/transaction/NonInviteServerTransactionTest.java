package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.options.SipTimers;

/** Each row of the state table in the javadoc of the class under test. */
class NonInviteServerTransactionTest {

    private TransactionScene scene = new TransactionScene();

    private NonInviteServerTransaction open(TransportKind kind) {
        NonInviteServerTransaction transaction = new NonInviteServerTransaction(
                TransactionScene.keyOf(TransactionScene.request("MESSAGE")),
                scene.table,
                scene.pathOn(scene.caller(kind)),
                1_000,
                () -> TransactionScene.response(100, "MESSAGE").toBytes());
        assertThat(scene.table.addIfAbsent(transaction)).isNull();
        transaction.start();
        return transaction;
    }

    private static boolean respond(ServerTransaction transaction, int status) {
        return transaction.respond(
                status, TransactionScene.response(status, "MESSAGE").toBytes());
    }

    @Test
    void retransmittedRequestIsAbsorbedWhileTrying() {
        NonInviteServerTransaction transaction = open(TransportKind.UDP);

        transaction.onRetransmission();

        assertThat(scene.sentWhat()).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void hundredIsSentWhenTimerEOfTheClientReachesT2AndNotBefore(TransportKind kind) {
        open(kind);

        scene.advance(3_490);
        assertThat(scene.sentWhat()).isEmpty();

        scene.advance(10);
        assertThat(scene.sentWhat()).containsExactly("100");

        scene.advance(60_000);
        assertThat(scene.sentWhat()).as("not retransmitted without a request").containsExactly("100");
    }

    @Test
    void hundredFollowsTheTimersOfTheProxy() {
        scene = new TransactionScene(
                SipTimers.builder().t1(Duration.ofSeconds(1)).build());
        open(TransportKind.UDP);

        scene.advance(2_990);
        assertThat(scene.sentWhat()).isEmpty();
        scene.advance(10);

        assertThat(scene.sentAt()).containsExactly(3_000L); // 1 + 2 s, then E is 4 s
    }

    @Test
    void retransmittedRequestGetsTheHundredAgainOnceItWasSent() {
        NonInviteServerTransaction transaction = open(TransportKind.UDP);
        scene.advance(3_500);

        transaction.onRetransmission();

        assertThat(scene.sentWhat()).containsExactly("100", "100");
    }

    @ParameterizedTest
    @ValueSource(ints = {100, 180, 183, 199})
    void noProvisionalOfTheProxyIsSent(int status) {
        NonInviteServerTransaction transaction = open(TransportKind.UDP);

        assertThat(respond(transaction, status)).isFalse();

        assertThat(scene.sentWhat()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 302, 404, 503, 603})
    void finalIsSentOnceAndKeptForRetransmissionsUntilTimerJ(int status) {
        NonInviteServerTransaction transaction = open(TransportKind.UDP);
        byte[] response = TransactionScene.response(status, "MESSAGE").toBytes();

        respond(transaction, status);
        assertThat(scene.sentWhat()).containsExactly(String.valueOf(status));
        scene.assertNothingLeft();

        scene.advance(31_990);
        assertThat(scene.table.lingering(transaction.key())).isEqualTo(response);
        scene.advance(10);
        assertThat(scene.table.lingering(transaction.key())).isNull();
        assertThat(scene.sentWhat()).hasSize(1);
    }

    @Test
    void retransmissionGetsTheFinalThatFollowedTheHundred() {
        NonInviteServerTransaction transaction = open(TransportKind.UDP);
        scene.advance(3_500);

        respond(transaction, 200);
        transaction.onRetransmission();

        assertThat(scene.sentWhat()).as("the 100 is not sent again").containsExactly("100", "200");
        assertThat(scene.table.lingering(transaction.key()))
                .isEqualTo(TransactionScene.response(200, "MESSAGE").toBytes());
        scene.assertNothingLeft();
    }

    @Test
    void finalOverAStreamRemovesTheTransactionAtOnce() {
        NonInviteServerTransaction transaction = open(TransportKind.TCP);

        respond(transaction, 200);

        assertThat(scene.sentWhat()).containsExactly("200");
        assertThat(scene.table.lingering(transaction.key())).isNull();
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void secondFinalIsIgnored(TransportKind kind) {
        NonInviteServerTransaction transaction = open(kind);
        respond(transaction, 200);

        assertThat(respond(transaction, 200)).isFalse();
        assertThat(respond(transaction, 404)).isFalse();

        assertThat(scene.sentWhat()).containsExactly("200");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 10_000})
    void abandonedRequestGetsNoResponse(long after) {
        NonInviteServerTransaction transaction = open(TransportKind.UDP);
        scene.advance(after);
        int sent = scene.sentWhat().size();

        transaction.abandon();
        transaction.onRetransmission();
        scene.advance(60_000);

        assertThat(scene.sentWhat()).hasSize(sent);
        scene.assertNothingLeft();
    }
}

package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transaction.TransactionBudget.Share;
import org.sipproxy.core.internal.transaction.TransactionScene.RecordingUser;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipText;

/**
 * Bytes that transactions charge and credit exactly once. Every test with a scene asserts that all bytes are credited.
 */
class TransactionBudgetTest {

    private static final long BRANCH = 7;
    private static final String FAR = "x".repeat(8_000);

    private final TransactionScene scene = new TransactionScene();
    private final RecordingUser user = new RecordingUser();

    private long used() {
        return scene.table.budget().used();
    }

    // ---- shares

    @Test
    void strangersMayUseThreeQuartersAndUsersEverything() {
        TransactionBudget budget = new TransactionBudget(1_000);

        budget.add(700);
        assertThat(budget.takes(Share.OPEN, 50)).isTrue();
        assertThat(budget.takes(Share.OPEN, 51)).isFalse();
        assertThat(budget.takes(Share.UNDECIDED, 175)).isTrue();
        assertThat(budget.takes(Share.UNDECIDED, 176)).isFalse();
        assertThat(budget.takes(Share.RESERVED, 300)).isTrue();
        assertThat(budget.takes(Share.RESERVED, 301)).isFalse();

        budget.add(239);
        assertThat(budget.isExhausted()).isTrue();
        budget.add(-1);
        assertThat(budget.isExhausted()).isFalse();
    }

    @Test
    void requestLargerThanEverythingIsTurnedAwayWithoutOverflow() {
        TransactionBudget budget = new TransactionBudget(Long.MAX_VALUE / 2);

        assertThat(budget.takes(Share.RESERVED, Long.MAX_VALUE / 2 + 1)).isFalse();
        assertThat(budget.takes(Share.OPEN, 65_536L * 64)).isTrue();
    }

    // ---- server transactions

    private InviteServerTransaction invite(TransportKind kind, int requestBytes) {
        InviteServerTransaction transaction = new InviteServerTransaction(
                TransactionScene.keyOf(TransactionScene.request("INVITE")),
                scene.table,
                scene.pathOn(scene.caller(kind)),
                requestBytes,
                null);
        assertThat(scene.table.addIfAbsent(transaction)).isNull();
        return transaction;
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void refusedInviteKeepsOnlyItsResponse(TransportKind kind) {
        InviteServerTransaction transaction = invite(kind, 50_000);
        assertThat(used()).isGreaterThan(50_000);

        transaction.respond(486, new byte[3_000]);

        assertThat(used()).isBetween(3_000L, 6_000L);
        assertThat(transaction.acknowledged()).isTrue();
        assertThat(used()).isLessThan(3_000L);
        scene.advance(5_000);
        scene.assertNothingLeft();
    }

    @Test
    void abandonedTwiceIsCreditedOnce() {
        InviteServerTransaction transaction = invite(TransportKind.UDP, 50_000);

        transaction.abandon();
        transaction.abandon();
        transaction.releaseRequest();
        transaction.forwarding(true, 9_000);

        scene.assertNothingLeft();
    }

    @Test
    void duplicateThatLostTheRaceChargesNothing() {
        invite(TransportKind.UDP, 1_000);
        long before = used();

        InviteServerTransaction second = new InviteServerTransaction(
                TransactionScene.keyOf(TransactionScene.request("INVITE")),
                scene.table,
                scene.pathOn(scene.caller(TransportKind.UDP)),
                50_000,
                null);

        assertThat(scene.table.addIfAbsent(second)).isNotNull();
        assertThat(used()).isEqualTo(before);
    }

    @Test
    void refusedInviteLingersWithoutAnObject() {
        InviteServerTransaction transaction = invite(TransportKind.UDP, 50_000);
        byte[] response = TransactionScene.response(403, "INVITE").toBytes();

        assertThat(transaction.refuse(403, response)).isTrue();

        scene.assertNothingLeft();
        assertThat(scene.table.lingering(transaction.key())).isEqualTo(response);
        scene.advance(32_000);
        assertThat(scene.sentWhat()).as("not retransmitted without a request").containsExactly("403");
    }

    @Test
    void refusalAfterAProvisionalIsReliable() {
        InviteServerTransaction transaction = invite(TransportKind.UDP, 50_000);
        transaction.respond(180, TransactionScene.response(180, "INVITE").toBytes());

        transaction.refuse(408, TransactionScene.response(408, "INVITE").toBytes());
        scene.advance(1_500);

        assertThat(scene.sentWhat()).containsExactly("180", "408", "408", "408");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void onlyAProvenSenderMayHaveALargeResponseKept(boolean proven) {
        NonInviteServerTransaction transaction = new NonInviteServerTransaction(
                TransactionScene.keyOf(TransactionScene.request("MESSAGE")),
                scene.table,
                scene.pathOn(scene.caller(TransportKind.UDP)),
                1_000,
                () -> new byte[0]);
        scene.table.addIfAbsent(transaction);
        transaction.forwarding(proven, 1_000);
        byte[] response = large(200, "MESSAGE").toBytes();

        transaction.respond(200, response);

        byte[] kept = scene.table.lingering(transaction.key());
        assertThat(kept).as("a retransmission of the request is absorbed").isNotNull();
        assertThat(kept).hasSize(proven ? response.length : 0);
        scene.assertNothingLeft();
    }

    private static SipResponse large(int status, String method) {
        return SipText.response("""
        SIP/2.0 %d X
        Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK2
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1%s
        From: <sip:alice@example.org>;tag=1
        To: <sip:bob@example.org>;tag=2
        Call-ID: c1
        CSeq: 1 %s
        Content-Length: 0

        """.formatted(status, FAR.substring(0, 5_000), method));
    }

    // ---- client transactions

    private static byte[] largeInvite() {
        String text = """
        INVITE sip:bob@192.0.2.2 SIP/2.0
        Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK7
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1%s
        Max-Forwards: 70
        From: <sip:alice@example.org>;tag=1
        To: <sip:bob@example.org>
        Call-ID: c1
        CSeq: 5 INVITE
        Route: <sip:192.0.2.9;lr>
        Route: <sip:192.0.2.8;lr>
        Content-Length: 8000

        %s""".formatted(FAR.substring(0, 7_000), FAR);
        return text.replace("\n", "\r\n").getBytes(StandardCharsets.UTF_8);
    }

    private InviteClientTransaction start(TransportKind kind) {
        InviteClientTransaction transaction = new InviteClientTransaction(
                BRANCH, largeInvite(), scene.callee(kind), scene.lock, scene.table, user, null);
        synchronized (scene.lock) {
            transaction.start();
        }
        return transaction;
    }

    @Test
    void ringingInviteKeepsOnlyWhatAckAndCancelAreDerivedFrom() {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        assertThat(used()).isGreaterThan(15_000);
        scene.advance(600);
        assertThat(scene.sentWhat()).as("retransmitted completely").containsExactly("INVITE", "INVITE");
        assertThat(scene.transport.sent().get(1).wire()).isEqualTo(largeInvite());

        transaction.onResponse(TransactionScene.response(180, "INVITE"));
        assertThat(used()).isLessThan(2_000);

        synchronized (scene.lock) {
            transaction.cancel(null);
        }
        transaction.onResponse(TransactionScene.response(487, "INVITE"));
        String routes = "Route: <sip:192.0.2.9;lr>\nRoute: <sip:192.0.2.8;lr>\n";
        assertThat(scene.transport.sent().get(2).text()).isEqualTo("""
                CANCEL sip:bob@192.0.2.2 SIP/2.0
                Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK7
                Max-Forwards: 70
                From: <sip:alice@example.org>;tag=1
                To: <sip:bob@example.org>
                Call-ID: c1
                CSeq: 5 CANCEL
                %sContent-Length: 0

                """.formatted(routes));
        assertThat(scene.transport.sent().get(3).text()).isEqualTo("""
                ACK sip:bob@192.0.2.2 SIP/2.0
                Via: SIP/2.0/UDP 10.0.0.1:5060;branch=z9hG4bK7
                Max-Forwards: 70
                From: <sip:alice@example.org>;tag=1
                To: "Bob" <sip:bob@example.org>;tag=2
                Call-ID: c1
                CSeq: 5 ACK
                %sContent-Length: 0

                """.formatted(routes));
        scene.advance(64_000);
        scene.assertNothingLeft();
    }

    @Test
    void inviteOverAStreamKeepsNoMoreOnceItIsSent() {
        start(TransportKind.TCP);

        assertThat(used()).isLessThan(2_000);
        scene.advance(32_000);
        assertThat(user.upcalls).containsExactly("timeout");
        scene.assertNothingLeft();
    }

    @ParameterizedTest
    @EnumSource(names = {"UDP", "TCP"})
    void nonInviteOverAStreamKeepsOnlyItsMethod(TransportKind kind) {
        byte[] message = ("MESSAGE sip:bob@192.0.2.2 SIP/2.0\r\n\r\n" + FAR).getBytes(StandardCharsets.UTF_8);
        NonInviteClientTransaction transaction = new NonInviteClientTransaction(
                BRANCH, message, scene.callee(kind), scene.lock, scene.table, user, false);
        synchronized (scene.lock) {
            transaction.start();
        }
        assertThat(used() > 8_000).isEqualTo(kind == TransportKind.UDP);
        assertThat(transaction.isMethod(org.sipproxy.message.Method.MESSAGE)).isTrue();
        assertThat(transaction.isMethod(org.sipproxy.message.Method.INFO)).isFalse();

        transaction.onResponse(TransactionScene.response(200, "MESSAGE"));

        assertThat(user.upcalls).containsExactly("200");
        scene.assertNothingLeft();
    }

    @Test
    void clearEndsEverythingWithoutACallback() {
        invite(TransportKind.UDP, 50_000);
        InviteClientTransaction ringing = start(TransportKind.UDP);
        ringing.onResponse(TransactionScene.response(180, "INVITE"));
        synchronized (scene.lock) {
            ringing.cancel(null);
        }
        assertThat(scene.table.clients())
                .as("those of the INVITE and the CANCEL")
                .isEqualTo(2);

        scene.table.clear();

        scene.assertNothingLeft();
        assertThat(user.upcalls).containsExactly("180");
    }

    // ---- Errors

    @ParameterizedTest
    @ValueSource(ints = {180, 200, 486})
    void errorWhileAResponseIsHandledEndsTheTransaction(int status) {
        InviteClientTransaction transaction = start(TransportKind.UDP);
        transaction.handOver(new RecordingUser() {
            @Override
            public void onResponse(SipResponse response) {
                throw new OutOfMemoryError("of the test");
            }
        });

        org.assertj.core.api.Assertions.assertThatThrownBy(
                        () -> transaction.onResponse(TransactionScene.response(status, "INVITE")))
                .isInstanceOf(OutOfMemoryError.class);

        scene.assertNothingLeft();
    }
}

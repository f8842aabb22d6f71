package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transaction.ServerTransaction;

/** Memory of a forwarded request while its branches wait, as counted by the budget. */
class RetainedRequestTest {

    private static final String A = "192.0.2.11";
    private static final String B = "192.0.2.12";
    private static final Target TO_A = target("sip:bob@" + A);
    private static final Target TO_B = target("sip:bob@" + B);
    private static final int BODY = 20_000;

    private final ForwardingScene scene = new ForwardingScene();

    private static String large(String method) {
        return ForwardingScene.request(method)
                        .replace("Content-Length: 0\n\n", "Content-Type: text/plain\nContent-Length: " + BODY + "\n\n")
                + "y".repeat(BODY);
    }

    @BeforeEach
    void sendLargeRequestsByUdp() {
        scene.udpOnly = true;
    }

    private long used() {
        return scene.transactions.table.budget().used();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE"})
    void bodyIsKeptOnceWhenNoTargetIsLeft(String method) {
        scene.relay(large(method), TO_A);

        assertThat(used()).isBetween((long) BODY, BODY + 6_000L);
        assertThat(scene.last(A, method).text()).endsWith("y".repeat(BODY));
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "MESSAGE"})
    void bodyIsKeptForATargetOfLowerQ(String method) {
        scene.relay(large(method), target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));
        assertThat(used()).isGreaterThan(2L * BODY);

        scene.answer(scene.last(A, method), 503);

        assertThat(scene.last(B, method).text()).endsWith("y".repeat(BODY));
        assertThat(used()).isLessThan(BODY + 8_000L);
        scene.answer(scene.last(B, method), 486);
        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    @Test
    void bodyIsKeptForAnotherHop() {
        scene.resolver.knows("b.example", udp(A), udp(B));
        scene.relay(large("INVITE"), target("sip:bob@b.example"));
        assertThat(used()).isGreaterThan(2L * BODY);

        scene.answer(A, 503);

        assertThat(scene.last(B, "INVITE").text()).endsWith("y".repeat(BODY));
        assertThat(used()).isLessThan(BODY + 8_000L);
    }

    @Test
    void bodyIsKeptForUdpWhileTcpIsTried() {
        scene.udpOnly = false;
        scene.relay(large("MESSAGE"), TO_A);
        assertThat(used()).as("over TCP it is not sent again").isBetween((long) BODY, BODY + 6_000L);

        scene.transport.flow(TransportKind.TCP, A, 5060).failPending();

        assertThat(scene.last(A, "MESSAGE").text()).endsWith("y".repeat(BODY));
        assertThat(used()).isBetween((long) BODY, BODY + 6_000L);
    }

    @Test
    void answeredCallWithASilentBranchKeepsNoBodyAndEndsAtZero() {
        scene.relay(large("INVITE"), TO_A, TO_B);

        scene.answer(A, 200);
        assertThat(used()).as("the silent branch retransmits its own copy").isLessThan(BODY + 8_000L);
        scene.advance(64_000);

        scene.transactions.assertNothingLeft();
    }

    @Test
    void answeredMessageWithASilentBranchKeepsNothingButThatBranch() {
        scene.relay(large("MESSAGE"), TO_A, TO_B);

        scene.answer(scene.last(A, "MESSAGE"), 200);

        assertThat(scene.whatUpstream()).containsExactly("200");
        assertThat(scene.completed).containsExactly(200);
        assertThat(used()).isBetween((long) BODY, BODY + 1_500L);
        scene.answer(scene.last(B, "MESSAGE"), 200);
        assertThat(scene.completed).as("a second response is not another event").containsExactly(200);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void responsesThatWaitForOthersAreCounted() {
        scene.invite(TO_A, TO_B);
        long before = used();

        scene.answer(A, 486, "Subject: " + "x".repeat(5_000));

        assertThat(used()).isGreaterThan(before + 4_000);
        scene.answer(B, 603);
        scene.advance(64_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void callThatTheProxyEndsAtItsCloseIsReleased() {
        ServerTransaction server = scene.relay(large("INVITE"), TO_A, TO_B);
        scene.answer(A, 180);

        server.shutdown();
        scene.transactions.table.clear();

        scene.transactions.assertNothingLeft();
    }
}

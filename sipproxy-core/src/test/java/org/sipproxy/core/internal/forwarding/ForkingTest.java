package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.transaction.Upstream;
import org.sipproxy.core.internal.transport.RecordingFlow;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.message.SipUri;

/** One request to several targets, and the response that goes upstream (RFC 3261 §16.6, §16.7). */
class ForkingTest {

    private static final String A = "192.0.2.11";
    private static final String B = "192.0.2.12";
    private static final String C = "192.0.2.13";
    private static final Target TO_A = target("sip:bob@" + A);
    private static final Target TO_B = target("sip:bob@" + B);

    private final ForwardingScene scene = new ForwardingScene();

    // ---- parallel

    @Test
    void targetsOfOneQGetTheRequestAtOnceEachOnABranchOfItsOwn() {
        scene.invite(TO_A, TO_B);

        assertThat(scene.whatTo(A)).containsExactly("INVITE");
        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(branchOf(scene.last(A, "INVITE"))).isNotEqualTo(branchOf(scene.last(B, "INVITE")));
        assertThat(scene.last(A, "INVITE").text()).startsWith("INVITE sip:bob@" + A + " SIP/2.0\n");
    }

    private static String branchOf(Sent sent) {
        try {
            return sent.request().topVia().branch();
        } catch (org.sipproxy.message.SipParseException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void everyProvisionalBut100GoesUpstreamWithoutOurVia() {
        scene.invite(TO_A, TO_B);

        scene.answer(A, 100);
        scene.answer(A, 180);
        scene.answer(B, 183);

        assertThat(scene.whatUpstream()).containsExactly("180", "183");
        assertThat(scene.upstream().get(0).text()).isEqualTo("""
            SIP/2.0 180 Ringing
            Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKcaller
            From: <sip:alice@example.org>;tag=1
            To: <sip:bob@example.org>;tag=tag-192.0.2.11
            Call-ID: c1
            CSeq: 1 INVITE
            Content-Length: 0

            """);
    }

    @Test
    void firstSuccessGoesUpstreamAndCancelsTheOthers() {
        scene.invite(TO_A, TO_B);
        scene.answer(A, 180);
        scene.answer(B, 180);

        scene.answer(A, 200);

        assertThat(scene.whatUpstream()).containsExactly("180", "180", "200");
        assertThat(scene.whatTo(A)).containsExactly("INVITE");
        assertThat(scene.whatTo(B)).containsExactly("INVITE", "CANCEL");

        scene.answer(scene.last(B, "CANCEL"), 200);
        scene.answer(B, 487);
        assertThat(scene.whatTo(B)).containsExactly("INVITE", "CANCEL", "ACK");
        assertThat(scene.whatUpstream()).containsExactly("180", "180", "200");
        scene.advance(32_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void silentBranchIsCancelledAtItsFirstProvisional() {
        scene.invite(TO_A, TO_B);
        scene.answer(A, 200);
        assertThat(scene.whatTo(B)).containsExactly("INVITE");

        scene.answer(B, 180);

        assertThat(scene.whatTo(B)).containsExactly("INVITE", "CANCEL");
        assertThat(scene.whatUpstream()).as("the caller is talking already").containsExactly("200");
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void successesOfTwoBranchesBothGoUpstream(boolean tcp) {
        if (tcp) {
            scene.overTcp();
        }
        scene.invite(TO_A, TO_B);
        scene.answer(A, 180);
        scene.answer(B, 180);

        scene.answer(A, 200);
        scene.answer(B, 200);

        assertThat(scene.whatUpstream()).containsExactly("180", "180", "200", "200");
        assertThat(scene.upstream().get(3).text()).contains("tag=tag-" + B);
        scene.advance(32_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void retransmittedSuccessGoesUpstreamAgainOverAStream() {
        scene.overTcp().invite(TO_A);
        scene.answer(A, 200);

        scene.advance(10_000);
        scene.answer(A, 200);
        scene.answer(A, 180);
        scene.answer(A, 486);

        assertThat(scene.whatUpstream()).containsExactly("200", "200");
        scene.advance(22_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void retransmittedSuccessOverDatagramsIsKnownByItsBranchAlone() throws Exception {
        scene.invite(TO_A);
        Sent invite = scene.last(A, "INVITE");
        scene.answer(invite, 200);

        scene.transactions.assertNothingLeft();
        long number = ForwardingScene.numberOf(invite);
        assertThat(scene.transactions.table.upstreamOfAccepted(number))
                .isEqualTo(new Upstream(scene.caller.remoteAddress(), scene.caller.endpoint()));
    }

    @Test
    void successAfterTheSearchHasEndedInA6xxStillGoesUpstream() {
        scene.invite(TO_A, TO_B);
        scene.answer(B, 180);
        scene.answer(A, 603);

        scene.answer(B, 200);

        assertThat(scene.whatUpstream()).containsExactly("180", "200");
    }

    @Test
    void successWithoutAViaForTheCallerCountsAsNoResponse() {
        scene.invite(TO_A);
        String ours = scene.last(A, "INVITE")
                .text()
                .lines()
                .filter(l -> l.startsWith("Via"))
                .findFirst()
                .orElseThrow();

        scene.receive(org.sipproxy.message.SipText.crlf("""
            SIP/2.0 200 OK
            %s
            From: <sip:alice@example.org>;tag=1
            To: <sip:bob@example.org>;tag=2
            Call-ID: c1
            CSeq: 1 INVITE

            """.formatted(ours)));

        assertThat(scene.whatUpstream()).containsExactly("500");
        scene.advance(32_000);
        scene.transactions.assertNothingLeft();
    }

    // ---- the best response

    @ParameterizedTest
    @CsvSource({
        "404, 486, 404",
        "486, 404, 404",
        "404, 302, 302",
        "500, 404, 404",
        "503, 302, 302",
        "404, 603, 603",
        "603, 404, 603",
        "603, 600, 600",
        "486, 401, 401",
        "486, 407, 407",
        "404, 415, 415",
        "404, 420, 420",
        "404, 484, 484",
        "401, 603, 603",
        "503, 500, 500",
        "503, 503, 500",
        "501, 503, 501",
    })
    void bestResponseGoesUpstreamWhenAllHaveFailed(int first, int second, int expected) {
        scene.invite(TO_A, TO_B);
        scene.answer(B, 180);

        scene.answer(A, first);
        assertThat(scene.whatUpstream()).as("one branch is still open").containsExactly("180");
        scene.answer(B, second);

        assertThat(scene.whatUpstream()).containsExactly("180", String.valueOf(expected));
        scene.advance(64_000);
        scene.transactions.assertNothingLeft();
    }

    @Test
    void single503BecomesA500WithItsHeaders() {
        scene.invite(TO_A);

        scene.answer(A, 503, "Retry-After: 7");

        assertThat(scene.upstream().get(0).text())
                .startsWith("SIP/2.0 500 Server Internal Error\nVia: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKcaller\n")
                .contains("\nRetry-After: 7\n");
    }

    @Test
    void challengesOfAllBranchesAreCollectedInTheBestOne() {
        scene.invite(TO_A, TO_B, target("sip:bob@" + C));
        scene.answer(
                A, 407, "Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\"", "Proxy-Authenticate: Basic realm=\"a\"");
        scene.answer(B, 404, "WWW-Authenticate: Digest realm=\"not a challenge\"");

        scene.answer(C, 401, "WWW-Authenticate: Digest realm=\"c\", nonce=\"3\"");

        assertThat(scene.whatUpstream()).containsExactly("401");
        assertThat(scene.upstream().get(0).text()).endsWith("""
            WWW-Authenticate: Digest realm="c", nonce="3"
            Content-Length: 0
            Proxy-Authenticate: Digest realm="a", nonce="1"
            Proxy-Authenticate: Basic realm="a"

            """);
    }

    @Test
    void challengesAreNotAddedToABetterResponse() {
        scene.invite(TO_A, TO_B);
        scene.answer(A, 407, "Proxy-Authenticate: Digest realm=\"a\", nonce=\"1\"");

        scene.answer(B, 302);

        assertThat(scene.upstream().get(0).text()).startsWith("SIP/2.0 302 ").doesNotContain("Authenticate");
    }

    @Test
    void sixHundredCancelsTheOthersAndWaitsForThem() {
        scene.invite(TO_A, TO_B);
        scene.answer(B, 180);

        scene.answer(A, 603);
        assertThat(scene.whatTo(B)).containsExactly("INVITE", "CANCEL");
        assertThat(scene.whatUpstream()).containsExactly("180");

        scene.answer(B, 487);
        assertThat(scene.whatUpstream()).containsExactly("180", "603");
    }

    @Test
    void receivedResponseBeatsALocallyGeneratedOneOfTheSameStatus() {
        scene.invite(TO_A, TO_B);
        scene.advance(31_000);
        scene.answer(A, 408, "X-From: downstream");

        scene.advance(1_000);

        assertThat(scene.whatUpstream()).containsExactly("408");
        assertThat(scene.upstream().get(0).text()).contains("X-From: downstream");
    }

    @ParameterizedTest
    @ValueSource(ints = {300, 401, 404, 408, 480, 486, 500, 503, 600, 603})
    void receivedResponseBeatsTheTimeoutOfAnotherBranch(int status) {
        scene.invite(TO_A, TO_B);
        scene.answer(A, status);

        scene.advance(32_000);

        assertThat(scene.whatUpstream()).containsExactly(String.valueOf(status == 503 ? 500 : status));
    }

    @ParameterizedTest
    @ValueSource(ints = {302, 404, 486, 500, 503, 603})
    void receivedResponseBeatsAnUnreachableContact(int status) {
        RecordingFlow closed = scene.transport.flow(TransportKind.TCP, C, 40_000);
        closed.close();
        SipUri received = SipUri.of("sip:" + C + ":40000;transport=tcp");
        scene.invite(TO_A, new Target(SipUri.of("sip:bob@10.1.1.1"), 1f, List.of(), closed, received, null));

        scene.answer(A, status);

        assertThat(scene.whatUpstream()).containsExactly(String.valueOf(status == 503 ? 500 : status));
    }

    @Test
    void timeoutBesideAnUnreachableContactIsTheTimeout() {
        scene.transport.flow(TransportKind.UDP, A, 5060).refuse();
        scene.invite(TO_A, TO_B);

        scene.advance(32_000);

        assertThat(scene.whatUpstream()).containsExactly("408");
    }

    @Test
    void inviteWithoutResponseEndsIn408() {
        scene.invite(TO_A, TO_B);

        scene.advance(31_990);
        assertThat(scene.whatUpstream()).isEmpty();
        scene.advance(10);

        assertThat(scene.whatUpstream()).containsExactly("408");
        scene.advance(32_000);
        scene.transactions.assertNothingLeft();
    }

    // ---- serial

    @Test
    void lowerQIsTriedWhenAllOfTheHigherOnesHaveFailed() {
        scene.invite(target("sip:bob@" + C, 0.1f), target("sip:bob@" + A, 1f), target("sip:bob@" + B, 1f));
        assertThat(scene.whatTo(A)).containsExactly("INVITE");
        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        scene.answer(A, 486);
        assertThat(scene.whatTo(C)).isEmpty();

        scene.answer(B, 404);
        assertThat(scene.whatTo(C)).containsExactly("INVITE");
        assertThat(scene.whatUpstream()).isEmpty();

        scene.answer(C, 480);
        assertThat(scene.whatUpstream()).as("the best of all groups").containsExactly("404");
    }

    @Test
    void successEndsTheSearch() {
        scene.invite(target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));

        scene.answer(A, 200);
        scene.advance(60_000);

        assertThat(scene.whatTo(B)).isEmpty();
    }

    @Test
    void sixHundredEndsTheSearch() {
        scene.invite(target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));

        scene.answer(A, 600);

        assertThat(scene.whatTo(B)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly("600");
    }

    @Test
    void timeoutOfOneGroupStartsTheNext() {
        scene.invite(target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));

        scene.advance(32_000);
        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        scene.answer(B, 200);

        assertThat(scene.whatUpstream()).containsExactly("200");
    }

    @Test
    void groupThatCannotBeReachedIsPassedOver() {
        scene.transport.flow(TransportKind.UDP, A, 5060).refuse();

        scene.invite(target("sip:bob@" + A, 1f), target("sip:bob@" + B, 0.5f));

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        scene.answer(B, 486);
        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    // ---- non-INVITE

    @ParameterizedTest
    @ValueSource(strings = {"MESSAGE", "OPTIONS", "BYE"})
    void nonInviteFinalGoesUpstreamAndProvisionalsDoNot(String method) {
        scene.relay(request(method), TO_A);

        scene.answer(scene.last(A, method), 100);
        scene.answer(scene.last(A, method), 183);
        scene.answer(scene.last(A, method), 404);

        assertThat(scene.whatUpstream()).containsExactly("404");
        scene.transactions.assertNothingLeft();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nonInviteWithoutResponseGetsOnly100(boolean tcp) {
        if (tcp) {
            scene.overTcp();
        }
        scene.relay(request("MESSAGE"), TO_A);

        scene.advance(64_000);

        assertThat(scene.whatUpstream()).containsExactly("100");
        scene.transactions.assertNothingLeft();
    }

    @Test
    void a408FromDownstreamIsNotForwardedForANonInvite() {
        scene.relay(request("MESSAGE"), TO_A);

        scene.answer(scene.last(A, "MESSAGE"), 408);

        assertThat(scene.whatUpstream()).isEmpty();
        scene.transactions.assertNothingLeft();
    }

    @ParameterizedTest
    @CsvSource({"408, 486, 486", "408, 500, 500", "486, 408, 486", "503, 408, 500"})
    void anyResponseIsBetterThanA408ForANonInvite(int first, int second, int expected) {
        scene.relay(request("MESSAGE"), TO_A, TO_B);

        scene.answer(scene.last(A, "MESSAGE"), first);
        scene.answer(scene.last(B, "MESSAGE"), second);

        assertThat(scene.whatUpstream()).containsExactly(String.valueOf(expected));
        scene.transactions.assertNothingLeft();
    }

    @Test
    void firstOfTwoSuccessesIsTheResponseToANonInvite() {
        scene.relay(request("MESSAGE"), TO_A, TO_B);

        scene.answer(scene.last(A, "MESSAGE"), 200);
        scene.answer(scene.last(B, "MESSAGE"), 202);

        assertThat(scene.whatUpstream()).containsExactly("200");
        scene.transactions.assertNothingLeft();
    }
}

package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.api.routing.FailureCause.BUSY;
import static org.sipproxy.api.routing.FailureCause.CHALLENGED;
import static org.sipproxy.api.routing.FailureCause.DECLINED;
import static org.sipproxy.api.routing.FailureCause.NOT_REGISTERED;
import static org.sipproxy.api.routing.FailureCause.NO_ANSWER;
import static org.sipproxy.api.routing.FailureCause.REJECTED;
import static org.sipproxy.api.routing.FailureCause.UNREACHABLE;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.FailureContext;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.internal.transaction.ServerTransaction;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipUri;

/** Plans after the failure of a group of targets. */
class RelayPlanTest {

    private static final String A = "192.0.2.10";
    private static final String B = "192.0.2.11";
    private static final String C = "192.0.2.12";
    private static final Target TO_A = target("sip:bob@" + A);
    private static final Target TO_B = target("sip:bob@" + B);
    private static final Target TO_C = target("sip:bob@" + C);

    private final ForwardingScene scene = new ForwardingScene();

    // ---- rules

    @ParameterizedTest
    @ValueSource(ints = {486, 600, 408, 480})
    void groupOfTheFirstMatchingRuleIsTried(int status) {
        scene.invite(RelayPlan.to(TO_A).onFailure(BUSY, NO_ANSWER).relay(TO_B));

        scene.answer(A, status);
        scene.answer(B, 200);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(scene.whatUpstream()).containsExactly("200");
    }

    @ParameterizedTest
    @ValueSource(ints = {401, 407, 488, 404, 603, 302})
    void failureWithoutARuleIsForwarded(int status) {
        scene.invite(RelayPlan.to(TO_A).onFailure(BUSY, NO_ANSWER).relay(TO_B));

        scene.answer(A, status);

        assertThat(scene.whatTo(B)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly(Integer.toString(status));
    }

    @Test
    void statusCodeIsMatchedToo() {
        scene.invite(RelayPlan.to(TO_A).onStatus(488, 415).relay(TO_B));

        scene.answer(A, 488);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void ruleAfterADeclineCounts() {
        scene.invite(RelayPlan.to(TO_A).onFailure(DECLINED).relay(TO_B));

        scene.answer(A, 603);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void bestResponseOfAllGroupsIsForwarded() {
        scene.invite(RelayPlan.to(TO_A).onFailure(BUSY).relay(TO_B));

        scene.answer(A, 486);
        scene.answer(B, 503);

        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    @Test
    void causeIsThatOfTheGroupsBestResponse() {
        scene.invite(RelayPlan.to(TO_A, TO_B).onFailure(BUSY).relay(TO_C));

        scene.answer(A, 500);
        scene.answer(B, 486);

        assertThat(scene.whatTo(C)).containsExactly("INVITE");
    }

    @Test
    void groupHasFailedOnlyWhenAllItsTargetsHave() {
        scene.invite(RelayPlan.to(target("sip:bob@" + A, 0.9f), target("sip:bob@" + B, 0.3f))
                .onAnyFailure()
                .relay(TO_C));

        scene.answer(A, 486);
        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(scene.whatTo(C)).isEmpty();
        scene.answer(B, 486);

        assertThat(scene.whatTo(C)).containsExactly("INVITE");
    }

    @Test
    void ruleOfTheFirstGroupDoesNotCountForTheSecond() {
        scene.invite(RelayPlan.to(TO_A).onFailure(BUSY).relay(TO_B));

        scene.answer(A, 486);
        scene.answer(B, 486);

        assertThat(scene.whatTo(B)).containsExactly("INVITE", "ACK");
        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    @Test
    void ruleRespondsInstead() {
        scene.invite(RelayPlan.to(TO_A).onAnyFailure().respond(404, "Not Here", "Warning: 399 x \"moved\""));

        scene.answer(A, 486);

        assertThat(scene.whatUpstream()).containsExactly("404");
        assertThat(scene.upstream().get(0).text()).contains("Warning: 399 x \"moved\"");
        assertThat(scene.completed).containsExactly(404);
    }

    @Test
    void planWithoutTargetsIsNotRegistered() {
        scene.invite(RelayPlan.to(List.of()).onFailure(NOT_REGISTERED).relay(TO_B));

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void planWithoutTargetsAndRuleIs480() {
        scene.invite(RelayPlan.to(List.of()));

        assertThat(scene.whatUpstream()).containsExactly("480");
    }

    @Test
    void targetThatCannotBeReachedIsUnreachable() {
        scene.udpOnly = true;
        scene.invite(RelayPlan.to(target("sip:bob@" + A + ";transport=tcp"))
                .onFailure(UNREACHABLE)
                .relay(TO_B));

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void targetWithoutAnyResponseIsUnreachable() {
        scene.invite(RelayPlan.to(TO_A).onFailure(UNREACHABLE).relay(TO_B));

        scene.advance(32_000);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void messageFollowsThePlanToo() {
        scene.relay(request("MESSAGE"), RelayPlan.to(TO_A).onStatus(404).relay(TO_B));

        scene.answer(scene.last(A, "MESSAGE"), 404);
        scene.answer(scene.last(B, "MESSAGE"), 200);

        assertThat(scene.whatUpstream()).containsExactly("200");
    }

    // ---- ring time

    @Test
    void ringTimeCancelsTheGroupAndTriesTheNext() {
        scene.invite(RelayPlan.to(TO_A)
                .ringFor(Duration.ofSeconds(20))
                .onFailure(NO_ANSWER)
                .relay(TO_B));
        scene.answer(A, 180);
        scene.advance(19_900);
        assertThat(scene.whatTo(B)).isEmpty();

        scene.advance(200);

        assertThat(scene.whatTo(A)).containsExactly("INVITE", "CANCEL");
        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        scene.answer(A, 487);
        scene.answer(B, 200);
        assertThat(scene.whatUpstream()).containsExactly("180", "200");
    }

    @Test
    void ringTimeWithoutARuleIs408() {
        scene.invite(RelayPlan.to(TO_A).ringFor(Duration.ofSeconds(20)));
        scene.answer(A, 180);

        scene.advance(20_100);
        scene.answer(A, 487);

        assertThat(scene.whatUpstream()).containsExactly("180", "408");
    }

    @Test
    void ringTimeOfAnEarlierGroupDoesNotEndTheNext() {
        scene.invite(RelayPlan.to(TO_A)
                .ringFor(Duration.ofSeconds(20))
                .onFailure(BUSY)
                .relay(TO_B));
        scene.advance(10_000);
        scene.answer(A, 486);
        scene.answer(B, 180);

        scene.advance(15_000);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(scene.whatUpstream()).containsExactly("180");
    }

    @Test
    void ringTimeCoversAllValuesOfQ() {
        scene.invite(RelayPlan.to(target("sip:bob@" + A, 0.9f), target("sip:bob@" + B, 0.3f))
                .ringFor(Duration.ofSeconds(20))
                .onFailure(NO_ANSWER)
                .relay(TO_C));
        scene.answer(A, 180);

        scene.advance(20_100);

        assertThat(scene.whatTo(B)).isEmpty();
        assertThat(scene.whatTo(C)).containsExactly("INVITE");
    }

    @Test
    void late200OfAGroupWhoseRingTimeExpiredEndsTheSearch() {
        scene.invite(RelayPlan.to(TO_A)
                .ringFor(Duration.ofSeconds(20))
                .onFailure(NO_ANSWER)
                .relay(TO_B));
        scene.answer(A, 180);
        scene.advance(20_100);
        scene.answer(B, 180);

        scene.answer(A, 200); // it crossed the CANCEL

        assertThat(scene.whatUpstream()).containsExactly("180", "180", "200");
        assertThat(scene.whatTo(B)).containsExactly("INVITE", "CANCEL");
    }

    @Test
    void timerCCountsAsNoAnswer() {
        scene.invite(RelayPlan.to(TO_A).onFailure(NO_ANSWER).relay(TO_B));
        scene.answer(A, 180);

        scene.advance(181_000);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void targetThatIsSilentForItsRingTimeHasNotAnswered() {
        scene.invite(RelayPlan.to(TO_A)
                .ringFor(Duration.ofSeconds(5))
                .onFailure(NO_ANSWER)
                .relay(TO_B));

        scene.advance(5_100);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        scene.answer(A, 180); // the CANCEL waits for a provisional response (§9.1)
        assertThat(scene.whatTo(A)).contains("CANCEL");
        assertThat(scene.whatUpstream()).isEmpty();
    }

    @Test
    void silentTargetIsLeftBeforeTimerB() {
        scene.invite(RelayPlan.to(TO_A)
                .respondWithin(Duration.ofSeconds(4))
                .onFailure(UNREACHABLE)
                .relay(TO_B));
        scene.advance(3_900);
        assertThat(scene.whatTo(B)).isEmpty();

        scene.advance(200);

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        scene.answer(B, 200);
        assertThat(scene.whatUpstream()).containsExactly("200");
    }

    @Test
    void targetThatIsTryingIsNotSilent() {
        scene.invite(RelayPlan.to(TO_A)
                .respondWithin(Duration.ofSeconds(4))
                .onFailure(UNREACHABLE)
                .relay(TO_B));
        scene.answer(A, 100);

        scene.advance(20_000);

        assertThat(scene.whatTo(A)).containsExactly("INVITE");
        assertThat(scene.whatTo(B)).isEmpty();
    }

    @Test
    void onlyTheSilentBranchOfAForkIsLeft() {
        scene.invite(RelayPlan.to(TO_A, TO_B).respondWithin(Duration.ofSeconds(4)));
        scene.answer(A, 180);

        scene.advance(4_100);
        scene.answer(A, 486);

        assertThat(scene.whatUpstream()).containsExactly("180", "486");
    }

    @Test
    void silentTargetOfAMessageIsLeftToo() {
        scene.relay(
                request("MESSAGE"),
                RelayPlan.to(TO_A)
                        .respondWithin(Duration.ofSeconds(4))
                        .onFailure(UNREACHABLE)
                        .relay(TO_B));

        scene.advance(4_100);

        assertThat(scene.whatTo(B)).containsExactly("MESSAGE");
    }

    // ---- edits

    @Test
    void headerIsSetForItsGroupOnly() {
        scene.invite(RelayPlan.to(TO_A)
                .withHeader("X-Group", "1")
                .onAnyFailure()
                .relay(RelayPlan.to(TO_B).withHeader("Diversion", "<sip:bob@example.org>;reason=user-busy")));
        scene.answer(A, 486);

        assertThat(scene.last(A, "INVITE").text()).contains("X-Group: 1").doesNotContain("Diversion");
        assertThat(scene.last(B, "INVITE").text())
                .contains("Diversion: <sip:bob@example.org>;reason=user-busy")
                .doesNotContain("X-Group");
    }

    @Test
    void editSeesItsTargetAndTheEarlierEdit() {
        scene.invite(RelayPlan.to(TO_A, TO_B)
                .withHeader("X-Seen", "yes")
                .edit((invite, to) -> invite.withHeader(
                        HeaderName.of("X-Target"),
                        to.uri().host() + " "
                                + invite.header(HeaderName.of("X-Seen")).orElse("no"))));

        assertThat(scene.last(A, "INVITE").text()).contains("X-Target: " + A + " yes");
        assertThat(scene.last(B, "INVITE").text()).contains("X-Target: " + B + " yes");
    }

    @Test
    void editOfABodyHasItsLength() {
        scene.invite(RelayPlan.to(TO_A).edit((invite, to) -> invite.withBody("text/plain", new byte[] {'h', 'i'})));

        assertThat(scene.last(A, "INVITE").text()).contains("Content-Length: 2").endsWith("hi");
    }

    @Test
    void editThatThrowsFailsItsBranchOnly() {
        scene.invite(RelayPlan.to(TO_A, TO_B).edit((invite, to) -> {
            if (to.uri().host().equals(A)) {
                throw new IllegalStateException("no");
            }
            return invite;
        }));

        assertThat(scene.whatTo(A)).isEmpty();
        scene.answer(B, 200);
        assertThat(scene.whatUpstream()).containsExactly("200");
    }

    // ---- redirections

    @Test
    void contactOfA302IsTriedInstead() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:bob@" + B + ">");
        scene.answer(B, 200);

        assertThat(scene.last(B, "INVITE").text()).startsWith("INVITE sip:bob@" + B + " SIP/2.0");
        assertThat(scene.whatUpstream()).containsExactly("200");
    }

    @Test
    void contactsOfA300AreTriedByQ() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 300, "Contact: <sip:bob@" + C + ">;q=0.2, <sip:bob@" + B + ">;q=0.8");
        assertThat(scene.whatTo(C)).isEmpty();
        scene.answer(B, 486);

        assertThat(scene.whatTo(C)).containsExactly("INVITE");
    }

    @Test
    void loopOfRedirectionsEnds() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:bob@" + B + ">");
        scene.answer(B, 302, "Contact: <sip:bob@" + A + ">");

        assertThat(scene.whatTo(A)).containsExactly("INVITE", "ACK");
        assertThat(scene.whatUpstream()).containsExactly("302");
    }

    @Test
    void contactThatIsAUserOfThisProxyStandsForItsBindings() {
        scene.register("carol", "sip:carol@" + C);
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:carol@example.org>");

        assertThat(scene.last(C, "INVITE").text()).startsWith("INVITE sip:carol@" + C + " SIP/2.0");
    }

    @Test
    void redirectionIsNotFollowedForACallerWhoMayNotCallElsewhere() {
        String stranger = request("INVITE").replace("From: <sip:alice@example.org>", "From: <sip:eve@elsewhere.test>");
        scene.relay(stranger, RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:bob@" + B + ">");

        assertThat(scene.whatTo(B)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly("302");
    }

    @Test
    void redirectionsAreLimited() {
        StringBuilder contacts = new StringBuilder("Contact: ");
        for (int i = 0; i < 20; i++) {
            contacts.append(i == 0 ? "" : ", ")
                    .append("<sip:bob@192.0.2.")
                    .append(100 + i)
                    .append('>');
        }
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, contacts.toString());

        assertThat(scene.transport.sent().stream().filter(s -> s.what().equals("INVITE")))
                .hasSize(1 + 10);
    }

    @Test
    void contactsOfSeveral3xxAreMerged() {
        scene.invite(TO_A, TO_B);

        scene.answer(A, 302, "Contact: <sip:a@192.0.2.20>");
        scene.answer(B, 302, "Contact: <sip:b@192.0.2.21>");

        assertThat(scene.whatUpstream()).containsExactly("302");
        assertThat(scene.upstream().get(0).text()).contains("<sip:a@192.0.2.20>", "<sip:b@192.0.2.21>");
    }

    // ---- failure stages

    @Test
    void stageSeesTheResultsAndRelaysAgain() {
        List<FailureContext> seen = new ArrayList<>();
        scene.invite(RelayPlan.to(TO_A, TO_B).onAnyFailure().decide(context -> {
            seen.add(context);
            return Verdict.relay(TO_C);
        }));
        scene.answer(A, 180);
        scene.answer(A, 486);
        scene.answer(B, 404);
        assertThat(seen).isEmpty();

        scene.runHostTasks();

        assertThat(scene.whatTo(C)).containsExactly("INVITE");
        FailureContext context = seen.get(0);
        assertThat(context.cause()).isEqualTo(REJECTED);
        assertThat(context.statusCode()).isEqualTo(404);
        assertThat(context.response().orElseThrow().statusCode()).isEqualTo(404);
        assertThat(context.results())
                .extracting(result -> result.target().uri().host() + " " + result.statusCode() + " " + result.cause()
                        + " " + result.rang())
                .containsExactly(A + " 486 BUSY true", B + " 404 REJECTED false");
    }

    @Test
    void stageThatProceedsForwardsTheBestResponse() {
        scene.invite(RelayPlan.to(TO_A).onAnyFailure().decide(context -> Verdict.proceed()));
        scene.answer(A, 486);

        scene.runHostTasks();

        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    @Test
    void stageResponds() {
        scene.invite(RelayPlan.to(TO_A).onFailure(CHALLENGED).decide(context -> Verdict.respond(403)));
        scene.answer(A, 401);

        scene.runHostTasks();

        assertThat(scene.whatUpstream()).containsExactly("403");
    }

    @ParameterizedTest
    @CsvSource({"throws", "null", "discard", "callee"})
    void stageThatFailsForwardsTheBestResponse(String how) {
        scene.invite(RelayPlan.to(TO_A).onAnyFailure().decide(context -> switch (how) {
            case "throws" -> throw new AssertionError("defect");
            case "null" -> null;
            case "discard" -> Verdict.discard();
            default -> Verdict.relay(RelayPlan.toCallee());
        }));
        scene.answer(A, 486);

        scene.runHostTasks();

        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    @Test
    void stageThatTakesTooLongForwardsTheBestResponse() {
        scene.invite(RelayPlan.to(TO_A).onAnyFailure().decide(context -> Verdict.relay(TO_B)));
        scene.answer(A, 486);

        scene.advance(10_100);

        assertThat(scene.whatUpstream()).containsExactly("486");
        scene.runHostTasks();
        assertThat(scene.whatTo(B)).isEmpty();
    }

    @Test
    void cancelWhileAStageDecides() {
        ServerTransaction server =
                scene.invite(RelayPlan.to(TO_A).onAnyFailure().decide(context -> Verdict.relay(TO_B)));
        scene.answer(A, 486);

        server.cancelled(null);

        assertThat(scene.whatUpstream()).containsExactly("487");
        scene.runHostTasks();
        assertThat(scene.whatTo(B)).isEmpty();
    }

    @Test
    void cancelWhileTheSecondGroupRings() {
        ServerTransaction server = scene.invite(RelayPlan.to(TO_A)
                .onFailure(BUSY)
                .relay(RelayPlan.to(TO_B).onAnyFailure().relay(TO_C)));
        scene.answer(A, 486);
        scene.answer(B, 180);

        server.cancelled(null);
        scene.answer(B, 487);

        assertThat(scene.whatTo(B)).contains("CANCEL");
        assertThat(scene.whatTo(C)).isEmpty();
    }

    @Test
    void stageForWhichThereIsNoThreadForwardsTheBestResponse() {
        scene.acceptsHostTasks = false;
        scene.invite(RelayPlan.to(TO_A).onAnyFailure().decide(context -> Verdict.relay(TO_B)));

        scene.answer(A, 486);

        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    @Test
    void stageThatRelaysForeverIsStopped() {
        RelayPlan[] again = new RelayPlan[1];
        again[0] = RelayPlan.to(TO_A).onAnyFailure().decide(context -> Verdict.relay(again[0]));
        scene.invite(again[0]);

        for (int i = 0; i < 200 && scene.whatUpstream().isEmpty(); i++) {
            scene.answer(A, 486);
            scene.runHostTasks();
        }

        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    // ---- nothing is left

    @Test
    void nothingIsLeftAfterAPlan() {
        scene.invite(RelayPlan.to(TO_A)
                .ringFor(Duration.ofSeconds(20))
                .onFailure(NO_ANSWER)
                .relay(RelayPlan.to(TO_B).onAnyFailure().decide(context -> Verdict.relay(TO_C))));
        scene.answer(A, 180);
        scene.advance(20_100);
        scene.answer(A, 487);
        scene.answer(B, 486);
        scene.runHostTasks();
        scene.answer(C, 200);

        scene.advance(120_000);

        assertThat(scene.transactions.table.servers()).isZero();
        assertThat(scene.transactions.table.clients()).isZero();
        assertThat(scene.transactions.table.budget().used()).isZero();
    }

    @Test
    void redirectedTargetIsOnBehalfOfTheCaller() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: " + SipUri.of("sip:bob@127.0.0.1"));

        assertThat(scene.whatTo("127.0.0.1")).isEmpty();
    }
}

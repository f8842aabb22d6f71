package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.request;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.ServerTransaction;

/** Redirections that a plan follows, with other branches, other users and limits. */
class RedirectionTest {

    private static final String A = "192.0.2.10";
    private static final String B = "192.0.2.11";
    private static final String C = "192.0.2.12";
    private static final String D = "192.0.2.13";
    private static final Target TO_A = target("sip:bob@" + A);
    private static final Target TO_B = target("sip:bob@" + B);

    private final ForwardingScene scene = new ForwardingScene();

    private long invites() {
        return scene.transport.sent().stream()
                .filter(sent -> sent.what().equals("INVITE"))
                .count();
    }

    @Test
    void declineOfAnotherBranchEndsTheSearch() {
        scene.invite(RelayPlan.to(TO_A, TO_B).followRedirects());

        scene.answer(A, 302, "Contact: <sip:bob@" + C + ">");
        scene.answer(B, 603);

        assertThat(scene.whatTo(C)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly("603");
    }

    @Test
    void redirectionThatCrossesTheCancelAfterADeclineIsNotFollowed() {
        scene.invite(RelayPlan.to(TO_A, TO_B).followRedirects());

        scene.answer(A, 180);
        scene.answer(B, 603);
        scene.answer(A, 302, "Contact: <sip:bob@" + C + ">");

        assertThat(scene.whatTo(C)).isEmpty();
        assertThat(scene.whatUpstream()).containsExactly("180", "603");
    }

    /** The 3xx adds nothing to the failure of the busy phone: its caller could only call the same phones again. */
    @ParameterizedTest
    @ValueSource(strings = {"sip:bob@example.org", "sip:bob@10.0.0.1", "sip:bob@" + B, "sip:bob@" + A})
    void busyPhoneCountsNextToARedirectionThatLoops(String contact) {
        scene.register("bob", "sip:bob@" + A);
        scene.register("bob", "sip:bob@" + B);
        List<FailureCause> causes = new ArrayList<>();
        scene.invite(RelayPlan.to(TO_A, TO_B).followRedirects().onAnyFailure().decide(context -> {
            causes.add(context.cause());
            return Verdict.proceed();
        }));

        scene.answer(B, 486);
        scene.answer(A, 302, "Contact: <" + contact + ">");
        scene.runHostTasks();

        assertThat(invites()).isEqualTo(2);
        assertThat(causes).containsExactly(FailureCause.BUSY);
        assertThat(scene.whatUpstream()).containsExactly("486");
    }

    @Test
    void redirectionThatLoopsIsPassedOnIfThereIsNothingElse() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:bob@" + B + ">");
        scene.answer(B, 302, "Contact: <sip:bob@" + B + ">");

        assertThat(invites()).isEqualTo(2);
        assertThat(scene.whatUpstream()).containsExactly("302");
    }

    @Test
    void redirectionThatLoopsHasARule() {
        scene.invite(RelayPlan.to(TO_A)
                .followRedirects()
                .onFailure(FailureCause.REDIRECTED)
                .relay(TO_B));

        scene.answer(A, 302, "Contact: <sip:bob@" + A + ">");

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void redirectionToAUserWithoutABindingCountsAsNotRegistered() {
        scene.invite(RelayPlan.to(TO_A)
                .followRedirects()
                .onFailure(FailureCause.NOT_REGISTERED)
                .relay(TO_B));

        scene.answer(A, 302, "Contact: <sip:carol@example.org>");

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
    }

    @Test
    void redirectionToAUserWithoutABindingAndToAnotherSchemeIsForTheCaller() {
        scene.invite(RelayPlan.to(TO_A)
                .followRedirects()
                .onFailure(FailureCause.NOT_REGISTERED)
                .relay(TO_B));

        scene.answer(A, 302, "Contact: <sip:carol@example.org>, <tel:+49301234>");

        assertThat(scene.whatUpstream()).containsExactly("302");
    }

    @Test
    void usersOfThisProxyAreTriedInTheOrderOfTheirQ() {
        scene.register("first", "sip:first@" + B);
        scene.register("second", "sip:second@" + C);
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(
                A,
                302,
                "Contact: <sip:second@example.org>;q=0.3, <sip:first@example.org>;q=0.5, <sip:x@" + D + ">;q=0.4");
        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(invites()).isEqualTo(2);

        scene.answer(B, 486);
        assertThat(scene.whatTo(D)).containsExactly("INVITE");
        assertThat(invites()).isEqualTo(3);

        scene.answer(D, 486);
        assertThat(scene.whatTo(C)).containsExactly("INVITE");
    }

    @Test
    void usersOfEqualQRingTogether() {
        scene.register("one", "sip:one@" + B);
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:one@example.org>;q=0.5, <sip:two@" + C + ">;q=0.5");

        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        assertThat(scene.whatTo(C)).containsExactly("INVITE");
    }

    @Test
    void bindingsOfUsersCountForTheLimit() {
        StringBuilder contacts = new StringBuilder("Contact: ");
        for (int user = 0; user < 5; user++) {
            for (int phone = 0; phone < 5; phone++) {
                scene.register("u" + user, "sip:u@192.0.2." + (100 + 5 * user + phone));
            }
            contacts.append(user == 0 ? "" : ", ").append("<sip:u").append(user).append("@example.org>");
        }
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, contacts.toString());

        assertThat(invites()).isEqualTo(1 + 10);
    }

    @Test
    void only3xxThatWereNotFollowedAreMerged() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:bob@" + B + ">");
        scene.answer(B, 302, "Contact: <sip:carol@example.org>");

        assertThat(scene.whatUpstream()).containsExactly("302");
        assertThat(scene.upstream().get(0).text())
                .contains("<sip:carol@example.org>")
                .doesNotContain("sip:bob@" + B);
    }

    @Test
    void malformedContactNextToOneThatLeadsNowhereIsPassedOn() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:carol@example.org>", "Contact: <sip:a@b@c>");

        assertThat(scene.whatUpstream()).containsExactly("302");
    }

    @Test
    void otherSchemesAreLeftToTheCaller() {
        scene.invite(RelayPlan.to(TO_A)
                .followRedirects()
                .onFailure(FailureCause.REDIRECTED)
                .respond(480));

        scene.answer(A, 302, "Contact: <tel:+49301234>, <http://192.0.2.99/>, <mailto:a@b>");

        assertThat(scene.whatUpstream()).containsExactly("480");
    }

    @Test
    void contactThatNamesThisProxyButNoUserIsLeftToTheCaller() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(A, 302, "Contact: <sip:example.org>, <sip:%00@example.org>, <sip:10.0.0.1>");

        assertThat(invites()).isEqualTo(1);
        assertThat(scene.whatUpstream()).containsExactly("302");
    }

    @Test
    void addressesThatTheCallerMayNotReachAreNotTried() {
        scene.invite(RelayPlan.to(TO_A).followRedirects());

        scene.answer(
                A,
                302,
                "Contact: <sip:x@127.0.0.1>, <sip:x@127.1>, <sip:x@0.0.0.0>, <sip:x@10.9.9.9>, <sip:x@169.254.1.1>");

        assertThat(invites()).isEqualTo(1);
        assertThat(scene.completed).hasSize(1);
    }

    @Test
    void ringTimeStartsAgainForRedirectedTargets() {
        scene.invite(RelayPlan.to(TO_A).ringFor(Duration.ofSeconds(2)).followRedirects());
        scene.answer(A, 180);
        scene.advance(1_500);
        scene.answer(A, 302, "Contact: <sip:bob@" + B + ">");
        scene.answer(B, 180);

        scene.advance(1_500);
        assertThat(scene.whatTo(B)).containsExactly("INVITE");
        scene.advance(600);

        assertThat(scene.whatTo(B)).contains("CANCEL");
    }

    @Test
    void laterGroupKeepsToMaxBreadth() {
        scene.relay(
                request("INVITE", "Max-Breadth: 1"),
                RelayPlan.to(TO_A).onFailure(FailureCause.BUSY).relay(TO_B, target("sip:bob@" + C)));

        scene.answer(A, 486);
        assertThat(invites()).isEqualTo(2);
        scene.answer(B, 486);

        assertThat(scene.whatTo(C)).containsExactly("INVITE");
    }

    @Test
    void cancelBeforeThePlanStartsIsNotOvertakenByARuleForTheUnregisteredUser() {
        RequestContext context = scene.context(request("INVITE"));
        ServerTransaction server = scene.open(context);
        server.cancelled(null);

        scene.relay(context, server, RelayPlan.to(List.of()).onAnyFailure().relay(TO_A));

        assertThat(invites()).isZero();
        assertThat(scene.whatUpstream()).contains("487");
    }
}

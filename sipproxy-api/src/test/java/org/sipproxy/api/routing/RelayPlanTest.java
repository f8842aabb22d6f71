package org.sipproxy.api.routing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

class RelayPlanTest {

    private static final Target A = Target.of(SipUri.of("sip:a@192.0.2.1"));
    private static final Target B = Target.of(SipUri.of("sip:b@192.0.2.2"));

    @Test
    void firstMatchingRuleCounts() {
        RelayPlan plan = RelayPlan.to(A)
                .onStatus(486)
                .respond(603)
                .onFailure(FailureCause.BUSY)
                .relay(B)
                .onAnyFailure()
                .respond(404);

        assertThat(plan.reactionTo(FailureCause.BUSY, 486)).containsInstanceOf(RelayPlan.Reaction.Respond.class);
        assertThat(plan.reactionTo(FailureCause.BUSY, 600)).containsInstanceOf(RelayPlan.Reaction.Relay.class);
        assertThat(plan.reactionTo(FailureCause.REJECTED, 488))
                .hasValueSatisfying(reaction -> assertThat(((RelayPlan.Reaction.Respond) reaction)
                                .response()
                                .statusCode())
                        .isEqualTo(404));
    }

    @Test
    void planIsAValue() {
        RelayPlan plan = RelayPlan.to(A);

        RelayPlan other = plan.ringFor(Duration.ofSeconds(5))
                .followRedirects()
                .onAnyFailure()
                .relay(B);

        assertThat(plan.isPlain()).isTrue();
        assertThat(other.isPlain()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "302,REDIRECTED",
        "401,CHALLENGED",
        "407,CHALLENGED",
        "404,REJECTED",
        "408,NO_ANSWER",
        "480,NO_ANSWER",
        "486,BUSY",
        "488,REJECTED",
        "500,UNREACHABLE",
        "501,REJECTED",
        "503,UNREACHABLE",
        "600,BUSY",
        "603,DECLINED",
        "606,REJECTED"
    })
    void causeOfAStatus(int status, FailureCause cause) {
        assertThat(FailureCause.ofStatus(status)).isEqualTo(cause);
    }

    @ParameterizedTest
    @ValueSource(ints = {99, 100, 200, 299, 700})
    void statusThatIsNotAFailureIsRefused(int status) {
        assertThatThrownBy(() -> FailureCause.ofStatus(status)).hasMessageContaining("expected 300 to 699");
        assertThatThrownBy(() -> RelayPlan.to(A).onStatus(486, status)).hasMessageContaining("expected 300 to 699");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Via", "v", "Call-ID", "i", "From", "f", "To", "CSeq", "Route", "Max-Forwards", "l"})
    void headerThatTheProxyWritesIsRefused(String name) {
        assertThatThrownBy(() -> RelayPlan.to(A).withHeader(name, "x"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("name: " + name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"a\r\nVia: b", "a\nb", "a\u0000b"})
    void headerValueWithALineEndIsRefused(String value) {
        assertThatThrownBy(() -> RelayPlan.to(A).withHeader("Diversion", value)).hasMessageContaining("at character 1");
    }

    @Test
    void ringTimeHasARange() {
        assertThatThrownBy(() -> RelayPlan.to(A).ringFor(Duration.ofMillis(99)))
                .hasMessageContaining("99 ms (expected 100 ms to 1 h)");
        assertThatThrownBy(() -> RelayPlan.to(A).ringFor(Duration.ofHours(2))).hasMessageContaining("expected 100 ms");
    }

    @Test
    void planToTheCalleeCannotFollowAFailure() {
        assertThatThrownBy(() -> RelayPlan.to(A).onAnyFailure().relay(RelayPlan.toCallee()))
                .hasMessageContaining("context.bindings(aor)");
    }

    @Test
    void verdictWithoutTargetsIsRefused() {
        assertThatThrownBy(() -> Verdict.relay(List.of())).hasMessageContaining("Verdict.respond(480)");
    }

    // ---- stages

    @Test
    void optionsOfAStageAreKeptWhateverTheirOrder() {
        RequestStage stage = RequestStage.onInvite(context -> Verdict.proceed())
                .within(Duration.ofSeconds(2))
                .atMost(7)
                .named("crm")
                .withoutBlocking();

        assertThat(stage.name()).isEqualTo("crm");
        assertThat(stage.methods()).containsExactly(Method.INVITE);
        assertThat(stage.timeLimit()).hasValue(Duration.ofSeconds(2));
        assertThat(stage.concurrencyLimit()).isEqualTo(7);
        assertThat(stage.mayBlock()).isFalse();
    }

    @Test
    void asynchronousStageStaysOneWithOptions() {
        RequestStage stage = AsyncRequestStage.of(context -> null).named("crm").atMost(3);

        assertThat(stage).isInstanceOf(AsyncRequestStage.class);
        assertThat(stage.mayBlock()).isFalse();
    }

    @Test
    void optionsOutOfRangeAreRefused() {
        RequestStage stage = context -> Verdict.proceed();

        assertThatThrownBy(() -> stage.within(Duration.ofMillis(5)))
                .hasMessageContaining("5 ms (expected 10 ms to 30 s)");
        assertThatThrownBy(() -> stage.atMost(0)).hasMessageContaining("0 (expected 1 to 100000)");
        assertThatThrownBy(() -> stage.named(" ")).hasMessageContaining("name");
        assertThatThrownBy(() -> RequestStage.on(Set.of(), stage)).hasMessageContaining("methods: empty");
    }

    @Test
    void optionOfTheFirstGroupAfterARuleIsRefused() {
        RelayPlan plan = RelayPlan.to(A).onAnyFailure().relay(B);

        assertThatThrownBy(() -> plan.ringFor(Duration.ofSeconds(5)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "ringFor: is about the first group of targets, so set it before the first rule");
        assertThatThrownBy(() -> plan.respondWithin(Duration.ofSeconds(5))).hasMessageStartingWith("respondWithin:");
        assertThatThrownBy(() -> plan.withHeader("X-Y", "z")).hasMessageStartingWith("withHeader:");
        assertThatThrownBy(plan::followRedirects).hasMessageStartingWith("followRedirects:");
    }

    @Test
    void ruleNeedsATargetAndAFailureStatus() {
        RelayPlan plan = RelayPlan.to(A);

        assertThatThrownBy(() -> plan.onAnyFailure().relay()).hasMessageContaining("targets: empty");
        assertThatThrownBy(() -> plan.onAnyFailure().respond(200)).hasMessageContaining("expected 300 to 699");
        assertThatThrownBy(() -> plan.onAnyFailure().respond(200, "OK")).hasMessageContaining("expected 300 to 699");
    }
}

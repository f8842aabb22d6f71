package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class HealthTest {

    private static final Instant START = Instant.parse("2026-01-01T12:00:00Z");
    private static final Duration RECOVERS = Duration.ofSeconds(30);

    private final Health health = new Health(2, 2, RECOVERS);

    private void requestFails(Instant at) {
        health.requestFailed(at, "cannot be reached", false);
    }

    @Test
    void memberIsDownAfterTheThresholdAndReportsEachChangeOnce() {
        assertThat(health.requestFailed(START, "a", false))
                .isEqualTo(new Health.Transition(MemberState.ACTIVE, MemberState.TRYING, "a"));
        assertThat(health.isUsable()).isTrue();
        assertThat(health.requestFailed(START, "b", false))
                .isEqualTo(new Health.Transition(MemberState.TRYING, MemberState.DOWN, "b"));
        assertThat(health.isUsable()).isFalse();
        assertThat(health.requestFailed(START, "c", false)).isNull();
        assertThat(health.failure()).isEqualTo("c");
    }

    @Test
    void responseBetweenFailuresStartsTheCountAgain() {
        requestFails(START);
        assertThat(health.responded().now()).isEqualTo(MemberState.ACTIVE);
        requestFails(START);

        assertThat(health.state()).isEqualTo(MemberState.TRYING);
    }

    @Test
    void probesBringAMemberUpAfterTheirThreshold() {
        health.probeFailed(START, "no response");
        health.probeFailed(START, "no response");
        assertThat(health.state()).isEqualTo(MemberState.DOWN);

        assertThat(health.probeSucceeded()).isNull();
        health.probeFailed(START, "no response");
        assertThat(health.probeSucceeded()).isNull();
        assertThat(health.probeSucceeded().now()).isEqualTo(MemberState.ACTIVE);
    }

    @Test
    void lateResponseToARequestDoesNotOverruleProbes() {
        health.probeFailed(START, "no response");
        health.probeFailed(START, "no response");

        assertThat(health.responded()).isNull();
        assertThat(health.state()).isEqualTo(MemberState.DOWN);
    }

    @Test
    void withoutProbesTheMemberIsTriedAgainAndOneFailureLeadsBack() {
        requestFails(START);
        requestFails(START);
        assertThat(health.recoversAt()).hasValue(START.plus(RECOVERS));
        assertThat(health.recover(START.plusSeconds(29))).isNull();
        assertThat(health.recover(START.plusSeconds(30)).now()).isEqualTo(MemberState.TRYING);

        requestFails(START.plusSeconds(31));
        assertThat(health.state()).isEqualTo(MemberState.DOWN);
    }

    @Test
    void furtherFailuresWhileDownDelayTheNextTry() {
        requestFails(START);
        requestFails(START);
        requestFails(START.plusSeconds(20));

        assertThat(health.recoversAt()).hasValue(START.plusSeconds(50));
    }

    @Test
    void withProbesTimeAloneDoesNotBringTheMemberUp() {
        health.requestFailed(START, "x", true);
        health.requestFailed(START, "x", true);

        assertThat(health.recoversAt()).isEmpty();
        assertThat(health.recover(START.plusSeconds(1_000))).isNull();
    }

    @Test
    void onlyFailedRequestsMakeAMemberALastResort() {
        assertThat(health.isLastResort()).isFalse();
        health.requestFailed(START, "x", true);
        health.requestFailed(START, "x", true);
        assertThat(health.isLastResort()).isTrue();

        health.probeFailed(START, "x");
        assertThat(health.isLastResort()).isFalse();
    }

    @Test
    void retryAfterIsRespectedEvenIfProbesSucceed() {
        assertThat(health.refusedFor(START, Duration.ofSeconds(60), "503").now())
                .isEqualTo(MemberState.DOWN);
        health.probeSucceeded();
        health.probeSucceeded();
        health.responded();
        assertThat(health.state()).isEqualTo(MemberState.DOWN);
        assertThat(health.isLastResort()).isFalse();

        assertThat(health.recover(START.plusSeconds(60)).now()).isEqualTo(MemberState.TRYING);
    }

    @Test
    void operatorsDecisionHidesTheHealthUntilTheMemberIsEnabled() {
        assertThat(health.decide(MemberState.DRAINING).now()).isEqualTo(MemberState.DRAINING);
        assertThat(health.decide(MemberState.DRAINING)).isNull();
        requestFails(START);
        requestFails(START);
        assertThat(health.state()).isEqualTo(MemberState.DRAINING);
        assertThat(health.isUsable()).isFalse();
        assertThat(health.isLastResort()).isFalse();

        assertThat(health.enable().now()).isEqualTo(MemberState.ACTIVE);
        assertThat(health.enable()).isNull();
    }

    @Test
    void memberThatStartsAsDownWaitsForProbes() {
        health.startDown();
        assertThat(health.isLastResort()).isFalse();

        health.probeSucceeded();
        assertThat(health.probeSucceeded().now()).isEqualTo(MemberState.ACTIVE);
    }
}

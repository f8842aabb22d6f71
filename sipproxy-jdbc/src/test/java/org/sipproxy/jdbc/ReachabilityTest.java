package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReachabilityTest {

    /** Near the overflow, as nanoTime may be anywhere. */
    private long nanos = Long.MAX_VALUE - Duration.ofMillis(1_500).toNanos();

    private final Reachability database = new Reachability(() -> nanos);

    @Test
    void aDatabaseThatAnswersMayAlwaysBeAsked() {
        for (int i = 0; i < 3; i++) {
            assertThat(database.mayAsk()).isTrue();
            database.answered();
            assertThat(database.wouldWait()).isTrue();
        }
        assertThat(database.isOut()).isFalse();
        assertThat(database.outNanos()).isZero();
    }

    @Test
    void afterAFailureOneQuestionASecondFindsOut() {
        database.failed();
        assertThat(database.isOut()).isTrue();
        assertThat(database.mayAsk()).isFalse();

        turn(1_000);
        assertThat(database.mayAsk()).isTrue();
        assertThat(database.mayAsk()).isFalse();
        assertThat(database.outNanos()).isEqualTo(Duration.ofSeconds(1).toNanos());

        database.failed();
        turn(1_000);
        assertThat(database.mayAsk()).isTrue();
        assertThat(database.outNanos()).isEqualTo(Duration.ofSeconds(2).toNanos());
    }

    @Test
    void whoWasToldThatNothingWaitsIsNotMadeToWaitAMomentLater() {
        database.failed();
        turn(949);
        assertThat(database.wouldWait()).isFalse();
        turn(50);
        assertThat(database.mayAsk()).isFalse();
        assertThat(database.wouldWait()).isTrue();

        turn(1);
        assertThat(database.mayAsk()).isTrue();
        assertThat(database.wouldWait()).isFalse();
        database.answered(); // by the one that asked
        assertThat(database.mayAsk()).isFalse();

        turn(50);
        assertThat(database.mayAsk()).isTrue();
    }

    private void turn(long millis) {
        nanos += Duration.ofMillis(millis).toNanos();
    }
}

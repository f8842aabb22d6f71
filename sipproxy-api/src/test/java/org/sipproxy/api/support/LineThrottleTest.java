package org.sipproxy.api.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LineThrottleTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private static final int BURST = 8;
    private static final int LINES = 200;
    private static final int LINES_PER_SECOND = 10;

    private final LineThrottle throttle = new LineThrottle(BURST, LINES, LINES_PER_SECOND, 0);

    private int admitted(long key, long nowNanos, int times) {
        int admitted = 0;
        for (int i = 0; i < times; i++) {
            admitted += throttle.admits(key, nowNanos, () -> "key " + key) ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void aBurstIsLoggedAndThenOneLineASecond() {
        assertThat(admitted(1, 0, 20)).isEqualTo(BURST);
        assertThat(admitted(1, SECOND, 20)).isEqualTo(1);
        assertThat(admitted(1, 100 * SECOND, 20)).isEqualTo(BURST);
    }

    @Test
    void aKeyMayHaveSeveralLinesASecondAfterItsBurst() {
        LineThrottle faster = new LineThrottle(BURST, 5, LINES, LINES_PER_SECOND, 0);
        for (int i = 0; i < BURST; i++) {
            assertThat(faster.admits(1, 0, () -> "key")).isTrue();
        }
        assertThat(faster.admits(1, 0, () -> "key")).isFalse();
        for (int i = 0; i < 5; i++) {
            assertThat(faster.admits(1, SECOND, () -> "key")).isTrue();
        }
        assertThat(faster.admits(1, SECOND, () -> "key")).isFalse();
    }

    @Test
    void aNumberOutOfRangeIsNamed() {
        assertThatThrownBy(() -> new LineThrottle(0, LINES, LINES_PER_SECOND, 0))
                .hasMessage("burst: 0 (expected 1 to 1000000)");
        assertThatThrownBy(() -> new LineThrottle(BURST, LINES, 0, 0)).hasMessageStartingWith("linesPerSecond: 0 ");
    }

    @Test
    void omittedLinesAreCountedBySourceAndReasonOnce() {
        admitted(1, 0, BURST + 5);
        admitted(2, 0, BURST + 7);

        assertThat(throttle.takeOmitted())
                .extracting(burst -> burst.what() + ": " + burst.omitted())
                .containsExactly("key 1: 5", "key 2: 7");
        assertThat(throttle.takeOmitted()).isEmpty();
    }

    @Test
    void aFloodOfForgedSourcesHasAFixedNumberOfLinesASecondAndAFewSummaries() {
        int admitted = 0;
        for (int source = 0; source < 100_000; source++) {
            admitted += admitted((long) source << 32 | source, 0, 1);
        }

        assertThat(admitted).isEqualTo(LINES);
        assertThat(throttle.takeOmitted())
                .hasSize(LineThrottle.REPORTED + 1)
                .last()
                .extracting(burst -> burst.what() + ": " + burst.omitted())
                .isEqualTo("others: " + (100_000 - LINES - LineThrottle.REPORTED));
        int later = 0;
        for (int source = 0; source < 1_000; source++) {
            later += admitted((long) source << 32 | source, SECOND, 1);
        }
        assertThat(later).isEqualTo(LINES_PER_SECOND);
    }

    private static int admitted(LineThrottle shared, long key, long member, long nowNanos, int times) {
        int admitted = 0;
        for (int i = 0; i < times; i++) {
            admitted += shared.admits(key, () -> member, nowNanos, () -> "key " + key) ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void aMemberDoesNotUseUpTheLinesOfTheOthersOfItsKey() {
        LineThrottle shared = new LineThrottle(5 * BURST, 5, LINES, LINES_PER_SECOND, 0);

        assertThat(admitted(shared, 1, 11, 0, 1_000)).isEqualTo(BURST);
        assertThat(admitted(shared, 1, 12, 0, 1)).isOne();
        assertThat(admitted(shared, 1, 11, SECOND, 20)).isOne();
        assertThat(shared.takeOmitted())
                .extracting(burst -> burst.what() + ": " + burst.omitted())
                .containsExactly("key 1: " + (1_000 - BURST + 19));
    }

    @Test
    void inventedMembersHaveNoMoreThanTheirKey() {
        LineThrottle shared = new LineThrottle(5 * BURST, 5, LINES, LINES_PER_SECOND, 0);
        int admitted = 0;
        for (long member = 0; member < 10_000; member++) {
            admitted += admitted(shared, 1, member << 32, 0, 1);
        }

        assertThat(admitted).isEqualTo(5 * BURST);
        assertThat(admitted(shared, 2, 7, 0, 1)).as("another key").isOne();
    }
}

package org.sipproxy.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RefusalThrottleTest {

    private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

    private final RefusalThrottle throttle = new RefusalThrottle(0);

    private int admitted(long key, long nowNanos, int times) {
        int admitted = 0;
        for (int i = 0; i < times; i++) {
            admitted += throttle.admits(key, nowNanos, () -> "key " + key) ? 1 : 0;
        }
        return admitted;
    }

    @Test
    void aBurstIsLoggedAndThenOneLineASecond() {
        assertThat(admitted(1, 0, 20)).isEqualTo(RefusalThrottle.BURST);
        assertThat(admitted(1, SECOND, 20)).isEqualTo(1);
        assertThat(admitted(1, 100 * SECOND, 20)).isEqualTo(RefusalThrottle.BURST);
    }

    @Test
    void omittedLinesAreCountedBySourceAndReasonOnce() {
        admitted(1, 0, RefusalThrottle.BURST + 5);
        admitted(2, 0, RefusalThrottle.BURST + 7);

        assertThat(throttle.takeOmitted())
                .extracting(burst -> burst.what + ": " + burst.omitted())
                .containsExactly("key 1: 5", "key 2: 7");
        assertThat(throttle.takeOmitted()).isEmpty();
    }

    @Test
    void aFloodOfForgedSourcesHasAFixedNumberOfLinesASecondAndAFewSummaries() {
        int admitted = 0;
        for (int source = 0; source < 100_000; source++) {
            admitted += admitted((long) source << 32 | source, 0, 1);
        }

        assertThat(admitted).isEqualTo(RefusalThrottle.LINES);
        assertThat(throttle.takeOmitted())
                .hasSize(RefusalThrottle.REPORTED + 1)
                .last()
                .extracting(burst -> burst.what + ": " + burst.omitted())
                .isEqualTo(
                        "other sources and reasons: " + (100_000 - RefusalThrottle.LINES - RefusalThrottle.REPORTED));
        int later = 0;
        for (int source = 0; source < 1_000; source++) {
            later += admitted((long) source << 32 | source, SECOND, 1);
        }
        assertThat(later).isEqualTo(RefusalThrottle.LINES_PER_SECOND);
    }
}

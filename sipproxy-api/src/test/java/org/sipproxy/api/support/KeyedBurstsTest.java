package org.sipproxy.api.support;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class KeyedBurstsTest {

    private static final long INTERVAL = 1_000;

    /** Near the overflow, because nanoTime may have any value. */
    private long now = Long.MAX_VALUE - 1_500;

    private final KeyedBursts bursts = new KeyedBursts(8, 3, INTERVAL);

    private boolean take(long key) {
        int entry = bursts.enter(key, now);
        boolean may = bursts.mayTake(entry, now);
        if (may) {
            bursts.take(entry, now);
        }
        return may;
    }

    @Test
    void keyHasABurstAndThenOneLinePerInterval() {
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isFalse();
        assertThat(take(2)).as("another key").isTrue();

        now += INTERVAL;
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isFalse();

        now += 3 * INTERVAL;
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isFalse();
    }

    @Test
    void refusedLinesDoNotDelayTheNextOne() {
        for (int i = 0; i < 100; i++) {
            take(1);
        }
        now += INTERVAL;
        assertThat(take(1)).isTrue();
    }

    @Test
    void keysSeenOnceAreReplacedBeforeOthers() {
        for (int i = 0; i < 4; i++) {
            take(1);
        }
        long before = now;
        for (long key = 100; key < 1_000; key++) {
            now++;
            int entry = bursts.enter(key, now);
            assertThat(bursts.isNew(entry)).isTrue();
        }
        now = before + INTERVAL - 1;
        assertThat(take(1)).as("its burst is used up").isFalse();
        now = before + INTERVAL;
        assertThat(take(1)).isTrue();
    }

    @Test
    void replacedKeyBeginsWithAWholeBurst() {
        for (long key = 1; key <= 8; key++) {
            take(key);
            take(key);
            now++;
        }
        take(9);
        assertThat(bursts.isNew(bursts.enter(8, now))).isFalse();
        assertThat(bursts.isNew(bursts.enter(1, now))).as("seen least recently").isTrue();
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isTrue();
        assertThat(take(1)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"7, 1, 1", "12, 1, 1", "2097152, 1, 1", "8, 0, 1", "8, 1, 0"})
    void valuesOutsideTheirRangesAreRefused(int entries, int burst, long interval) {
        assertThatThrownBy(() -> new KeyedBursts(entries, burst, interval))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected");
    }
}

package org.sipproxy.core.internal.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LingeringTableTest {

    /**
     * Limits that are not a power of two, so that the ring of bytes ends at the limit and its values wrap around there.
     */
    @ParameterizedTest
    @ValueSource(ints = {70_000, 100_000, 131_072, 500_000})
    void entriesAreFoundForAllSizes(int maxBytes) {
        LingeringTable table = new LingeringTable(maxBytes, 60_000_000_000L, () -> 0);
        Random random = new Random(maxBytes);
        Map<Long, byte[]> put = new HashMap<>();
        for (int i = 0; i < 20_000; i++) {
            long key = random.nextLong();
            byte[] value = new byte[random.nextInt(maxBytes / 32 / 3)];
            random.nextBytes(value);
            table.put(key, ~key, value);
            put.put(key, value);
            assertThat(table.get(key, ~key)).isEqualTo(value);
        }

        long found = put.entrySet().stream()
                .filter(entry -> {
                    byte[] value = table.get(entry.getKey(), ~entry.getKey());
                    assertThat(value == null || Arrays.equals(value, entry.getValue()))
                            .isTrue();
                    return value != null;
                })
                .count();
        assertThat(found).isEqualTo(table.size()).isPositive();
        assertThat(table.lingeringEvictions()).isEqualTo(20_000 - found);
    }

    @Test
    void keysThatDifferInOneBitAreToldApart() {
        LingeringTable table = new LingeringTable(100_000, 32_000_000_000L, () -> 0);
        table.put(0x0123456789abcdefL, 1, new byte[] {1});

        for (int bit = 0; bit < 64; bit++) {
            assertThat(table.get(0x0123456789abcdefL ^ 1L << bit, 1)).isNull();
            assertThat(table.get(0x0123456789abcdefL, 1 ^ 1L << bit)).isNull();
        }
        assertThat(table.get(0x0123456789abcdefL, 1)).containsExactly(1);
    }

    @Test
    void lookUpWithoutAResultDoesNotReadTheClock() {
        AtomicLong reads = new AtomicLong();
        LingeringTable table = new LingeringTable(100_000, 32_000_000_000L, () -> reads.incrementAndGet() * 0);
        table.put(1, 1, new byte[] {1});
        long before = reads.get();

        assertThat(table.get(2, 1)).isNull();

        assertThat(reads).hasValue(before);
    }

    @Test
    void expiredEntriesDoNotCount() {
        AtomicLong nanos = new AtomicLong();
        LingeringTable table = new LingeringTable(100_000, 32_000_000_000L, nanos::get);
        table.put(1, 1, new byte[] {1});
        nanos.set(20_000_000_000L);
        table.put(-1, 2, new byte[] {2});
        assertThat(table.size()).isEqualTo(2);

        nanos.set(32_000_000_000L);

        assertThat(table.size()).isOne();
        assertThat(table.get(-1, 2)).containsExactly(2);
        assertThat(table.lingeringEvictions()).isZero();
    }
}

package org.sipproxy.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class RefusalCountsTest {

    private final RefusalCounts counts = new RefusalCounts();

    @Test
    void refusalsAreCountedByStatusAndPhrase() {
        counts.refused(403, "Relaying Denied");
        counts.refused(403, "Relaying Denied");
        counts.refused(403, "Forbidden");
        counts.dropped();

        assertThat(counts.list()).isEqualTo(Map.of("403 Relaying Denied", 2L, "403 Forbidden", 1L, "dropped", 1L));
    }

    @Test
    void phrasesOfAHostDoNotUseUpTheMemory() {
        for (int i = 0; i < 1_000; i++) {
            counts.refused(480, "user " + i);
        }

        assertThat(counts.list()).hasSize(101).containsEntry("480 other", 900L);
    }
}

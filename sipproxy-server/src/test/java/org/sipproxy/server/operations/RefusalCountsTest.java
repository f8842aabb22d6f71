package org.sipproxy.server.operations;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.transport.TransportKind;

class RefusalCountsTest {

    private static final InetSocketAddress SOURCE = new InetSocketAddress("192.0.2.7", 5060);

    private final RefusalCounts counts = new RefusalCounts();

    @Test
    void refusalsAreCountedByStatusAndReason() {
        refuse(403, "Relaying Denied");
        refuse(403, "Relaying Denied");
        refuse(403, "Forbidden");
        refuse(0, "belongs to no dialog of this proxy");

        assertThat(counts.list())
                .isEqualTo(Map.of(
                        "403 Relaying Denied",
                        2L,
                        "403 Forbidden",
                        1L,
                        "dropped: belongs to no dialog of this proxy",
                        1L));
    }

    @Test
    void reasonsOfAHostDoNotUseUpTheMemory() {
        for (int i = 0; i < 1_000; i++) {
            refuse(480, "user " + i);
        }

        assertThat(counts.list()).hasSize(101).containsEntry("480 other", 900L);
    }

    private void refuse(int status, String reason) {
        counts.refused(new Refusal(status, reason, SOURCE, TransportKind.UDP, Optional.empty()));
    }
}

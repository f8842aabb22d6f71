package org.sipproxy.jdbc;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RowProblemLogTest {

    private final RecordingLogger log = new RecordingLogger();
    private final AtomicLong now = new AtomicLong(-5);
    private final RowProblems rows = new RowProblemLog(log.logger(), now::get);

    @Test
    void eachRowIsLoggedOnceUntilItsProblemChanges() {
        rows.found("domain", "id 1", "is not a host name");
        rows.found("domain", "id 1", "is not a host name");
        rows.found("location", "id 1", "is not a host name");
        rows.found("domain", "id 1", "has no domain");

        assertThat(log.lines())
                .containsExactly(
                        "WARN table domain, row id 1: is not a host name",
                        "WARN table location, row id 1: is not a host name",
                        "WARN table domain, row id 1: has no domain");
    }

    @Test
    void atMostTwentyLinesAMinuteAndTheRestIsCountedAndLoggedLater() {
        for (int i = 0; i < 30; i++) {
            rows.found("location", "id " + i, "has no contact");
        }
        assertThat(log.lines()).hasSize(20);

        now.addAndGet(TimeUnit.MINUTES.toNanos(1));
        rows.found("location", "id 3", "has no contact");
        rows.found("location", "id 25", "has no contact");

        assertThat(log.lines())
                .hasSize(21)
                .last()
                .isEqualTo("WARN table location, row id 25: has no contact (10 such lines were omitted before)");
    }
}

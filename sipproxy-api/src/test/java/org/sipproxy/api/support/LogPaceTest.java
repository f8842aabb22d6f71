package org.sipproxy.api.support;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LogPaceTest {

    @Test
    void oneLineIsDueAndTheOthersAreCounted() {
        LogPace pace = new LogPace(Duration.ofHours(1));

        assertThat(pace.isDue()).isTrue();
        assertThat(pace.isDue()).isFalse();
        assertThat(pace.isDue()).isFalse();
        assertThat(pace.takeOmitted()).isEqualTo(2);
        assertThat(pace.takeOmitted()).isZero();
    }

    @Test
    void aLineIsDueAgainAfterTheInterval() {
        LogPace pace = new LogPace(Duration.ofNanos(1));

        assertThat(pace.isDue()).isTrue();
        assertThat(pace.isDue()).isTrue();
    }
}

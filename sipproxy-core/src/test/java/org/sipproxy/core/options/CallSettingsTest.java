package org.sipproxy.core.options;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.config.ConfigurationException;

class CallSettingsTest {

    @Test
    void allProblemsAreReported() {
        assertThatThrownBy(() -> CallSettings.builder()
                        .maxDuration(Duration.ZERO)
                        .keepalive(Duration.ofSeconds(1))
                        .maxCalls(0)
                        .maxCallsPerUser(0)
                        .trackedCalls(1)
                        .build())
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining("maxDuration")
                .hasMessageContaining("10s to 30d")
                .hasMessageContaining("keepalive")
                .hasMessageContaining("maxCalls")
                .hasMessageContaining("maxCallsPerUser")
                .hasMessageContaining("trackedCalls");
    }

    @Test
    void limitAboveTheTrackedCallsCouldNotBeReached() {
        assertThatThrownBy(() ->
                        CallSettings.builder().maxCalls(200).trackedCalls(100).build())
                .hasMessageContaining("is above trackedCalls 100");
    }

    @Test
    void theTrackedCallsThatAreNotSetSufficeForTheLimit() {
        assertThat(CallSettings.builder().maxCalls(200_000).build().trackedCalls())
                .isEqualTo(200_000);
        assertThat(CallSettings.builder().maxCalls(200).build().trackedCalls()).isEqualTo(100_000);
        assertThat(CallSettings.DEFAULT.toBuilder().maxCalls(200_000).build().trackedCalls())
                .isEqualTo(200_000);
        assertThat(CallSettings.builder().build().trackedCalls()).isEqualTo(100_000);
        assertThatThrownBy(CallSettings.builder().maxCalls(20_000_000)::build)
                .hasMessage("maxCalls: 20000000 (expected 1 to 10,000,000)");
    }

    @Test
    void limitsThatAnotherLimitHidesAreReported() {
        assertThatThrownBy(() -> CallSettings.builder()
                        .maxCalls(10)
                        .maxCallsPerUser(11)
                        .keepalive(Duration.ofMinutes(1))
                        .maxDuration(Duration.ofSeconds(30))
                        .build())
                .hasMessageContaining("maxCallsPerUser: 11 is above maxCalls 10")
                .hasMessageContaining("keepalive: 1m is longer than maxDuration 30s");
        assertThatThrownBy(() -> CallSettings.builder()
                        .maxCallsPerUser(101)
                        .trackedCalls(100)
                        .build())
                .hasMessageContaining("maxCallsPerUser: 101 is above trackedCalls 100");
    }

    @Test
    void copyHasTheSameValues() {
        CallSettings settings = CallSettings.builder()
                .maxDuration(Duration.ofHours(2))
                .keepalive(Duration.ofMinutes(5))
                .maxCalls(300)
                .maxCallsPerUser(4)
                .trackedCalls(400)
                .build();

        assertThat(settings.toBuilder().build()).hasToString(settings.toString());
        assertThat(settings.toBuilder().keepalive(Duration.ZERO).build().keepalive())
                .isEmpty();
        assertThat(CallSettings.DEFAULT.maxDuration()).isEqualTo(Duration.ofHours(12));
    }
}

package org.sipproxy.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class WatchdogTest {

    private static final long PID = 4711;

    @Test
    void messageIsDueTwicePerLimit() {
        assertThat(Watchdog.of(Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "4711"), PID))
                .hasValueSatisfying(watchdog -> {
                    assertThat(watchdog.limit()).isEqualTo(Duration.ofSeconds(30));
                    assertThat(watchdog.interval()).isEqualTo(Duration.ofSeconds(15));
                });
    }

    @Test
    void watchdogOfAnotherProcessIsIgnored() {
        assertThat(Watchdog.of(Map.of("WATCHDOG_USEC", "30000000", "WATCHDOG_PID", "1"), PID))
                .isEmpty();
    }

    @Test
    void watchdogWithoutAProcessIdIsUsed() {
        assertThat(Watchdog.of(Map.of("WATCHDOG_USEC", "100000"), PID)).isPresent();
    }

    @Test
    void limitThatIsNotANumberOrTooShortIsIgnored() {
        assertThat(Watchdog.of(Map.of("WATCHDOG_USEC", "30s"), PID)).isEmpty();
        assertThat(Watchdog.of(Map.of("WATCHDOG_USEC", "99999"), PID)).isEmpty();
        assertThat(Watchdog.of(Map.of(), PID)).isEmpty();
    }
}

package org.sipproxy.server.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.sipproxy.testkit.fakes.FakeRuntime;

class HeartbeatTest {

    private final FakeRuntime runtime = new FakeRuntime(Instant.EPOCH);
    private final Heartbeat heartbeat = new Heartbeat(Duration.ofSeconds(1));

    @Test
    void beatsAsLongAsTimersRun() {
        heartbeat.start(runtime);

        for (int i = 0; i < 3; i++) {
            runtime.advance(Duration.ofSeconds(2));
            assertThat(heartbeat.hasBeaten()).isTrue();
        }
    }

    @Test
    void doesNotBeatWhileTimersStandStill() {
        heartbeat.start(runtime);
        runtime.advance(Duration.ofSeconds(2));
        heartbeat.hasBeaten();

        assertThat(heartbeat.hasBeaten()).isFalse();
    }
}

package org.sipproxy.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StageLanesTest {

    private final StageLanes<String> lanes = new StageLanes<>();

    @Test
    void laneIsPassedOnInTheOrderOfArrival() {
        assertThat(lanes.enter(1, "first")).isTrue();
        assertThat(lanes.enter(1, "second")).isFalse();
        assertThat(lanes.enter(1, "third")).isFalse();
        assertThat(lanes.enter(2, "other")).isTrue();

        assertThat(lanes.leave(1)).isEqualTo("second");
        assertThat(lanes.leave(1)).isEqualTo("third");
        assertThat(lanes.leave(1)).isNull();
        assertThat(lanes.size()).isEqualTo(1);
    }

    @Test
    void requestThatGotItsResponseLeavesTheQueue() {
        lanes.enter(1, "first");
        lanes.enter(1, "second");
        lanes.enter(1, "third");

        lanes.remove(1, "second");

        assertThat(lanes.queued()).isEqualTo(1);
        assertThat(lanes.leave(1)).isEqualTo("third");
    }

    @Test
    void removalOfARequestThatDoesNotQueueHasNoEffect() {
        lanes.remove(1, "first");
        lanes.enter(1, "first");
        lanes.remove(1, "first");

        assertThat(lanes.enter(1, "second")).isFalse();
    }
}

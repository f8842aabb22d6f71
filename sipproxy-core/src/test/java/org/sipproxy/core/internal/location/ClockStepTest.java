package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.ProxyTime;

/** The wall clock is set while bindings live. They last as long as granted, and their rows have correct times. */
class ClockStepTest {

    private static final Aor ALICE = new Aor("alice", "example.org");
    private static final Duration INTERVAL = Duration.ofMinutes(5);

    private final StoreScene scene = new StoreScene();

    private ManagedLocationStore open(StoreMode mode) {
        ManagedLocationStore store = ManagedLocationStore.of(mode, scene.time, scene.wheel, ProxyThreads.named("test"));
        store.open();
        return store;
    }

    private List<StoreMode> modes() {
        return List.of(
                StoreMode.memory(),
                StoreMode.writeThrough(scene.repository),
                StoreMode.writeBack(scene.repository, INTERVAL),
                StoreMode.databaseOnly(scene.repository));
    }

    private Binding binding(String id) {
        long now = scene.time.millis();
        return scene.binding(id).toBuilder().times(now, now + 3_600_000).build();
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-P3650D", "P3650D"})
    void bindingLivesItsTimeInEveryMode(Duration step) {
        for (StoreMode mode : modes()) {
            ManagedLocationStore store = open(mode);
            scene.add(store, ALICE, binding("a"));
            scene.advance(Duration.ofMinutes(10));

            scene.clock.stepWallClock(step);

            assertThat(StoreScene.ids(store.lookup(ALICE))).as("%s", mode).containsExactly("a");
            assertThat(store.lookup(ALICE).get(0).remainingSeconds(scene.time.millis()))
                    .as("%s", mode)
                    .isEqualTo(3_000);
            store.sweep();
            assertThat(StoreScene.ids(store.lookup(ALICE)))
                    .as("%s after a sweep", mode)
                    .containsExactly("a");
            scene.advance(Duration.ofMinutes(49));
            assertThat(StoreScene.ids(store.lookup(ALICE))).as("%s", mode).containsExactly("a");
            scene.advance(Duration.ofMinutes(2));
            if (mode instanceof StoreMode.DatabaseOnly && step.equals(Duration.ofHours(-1))) {
                // the clock has shown the time of the last update twice, so the row may be as old as it says and may
                // live longer
                scene.advance(Duration.ofHours(1));
            }
            assertThat(store.lookup(ALICE)).as("%s", mode).isEmpty();
            store.close();
            scene.clock.stepWallClock(step.negated());
            scene.repository.deleteExpired(scene.clock.now().plus(Duration.ofDays(36_500)), false, (aor, row) -> {});
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H", "-P3650D", "P3650D"})
    void sweepAfterAStepWritesRowsThatExpireWithTheirBindings(Duration step) {
        for (StoreMode mode :
                List.of(StoreMode.writeThrough(scene.repository), StoreMode.writeBack(scene.repository, INTERVAL))) {
            ManagedLocationStore store = open(mode);
            scene.add(store, ALICE, binding("a"));
            store.flush();

            scene.clock.stepWallClock(step);
            store.sweep();

            assertThat(scene.repository.find(ALICE, scene.clock.now()))
                    .as("%s", mode)
                    .singleElement()
                    .extracting(Binding::expiresAt)
                    .isEqualTo(scene.clock.now().plus(Duration.ofHours(1)));
            scene.removeAll(store, ALICE);
            store.close();
            scene.clock.stepWallClock(step.negated());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-PT1H", "PT1H"})
    void refreshAfterAStepWritesTheTimeOfTheWallClock(Duration step) {
        ManagedLocationStore store = open(StoreMode.databaseOnly(scene.repository));
        scene.add(store, ALICE, binding("a"));
        scene.add(store, ALICE, binding("b"));
        scene.clock.stepWallClock(step);

        scene.add(store, ALICE, binding("a"));

        assertThat(scene.repository.find(ALICE, Instant.EPOCH))
                .filteredOn(row -> row.id().equals("a"))
                .singleElement()
                .extracting(Binding::expiresAt)
                .isEqualTo(scene.clock.now().plus(Duration.ofHours(1)));
        assertThat(scene.repository.find(ALICE, Instant.EPOCH))
                .filteredOn(row -> row.id().equals("b"))
                .as("what did not change is not written")
                .singleElement()
                .extracting(Binding::expiresAt)
                .isEqualTo(scene.clock.now().minus(step).plus(Duration.ofHours(1)));
        store.close();
    }

    @Test
    void rowsOfAnotherServerWithARightClockAreReadByTheRightClock() {
        StoreScene behind = new StoreScene();
        behind.clock.stepWallClock(Duration.ofDays(-3650));
        ManagedLocationStore store = ManagedLocationStore.of(
                StoreMode.databaseOnly(behind.repository),
                new ProxyTime(behind.clock),
                behind.wheel,
                ProxyThreads.named("test"));
        store.open();

        behind.clock.stepWallClock(Duration.ofDays(3650)); // NTP has answered
        Instant now = behind.clock.now();
        behind.repository.update(
                ALICE,
                current -> List.of(behind.binding("a").toBuilder()
                        .times(
                                now.minusSeconds(600).toEpochMilli(),
                                now.plusSeconds(60).toEpochMilli())
                        .build()),
                now);

        assertThat(store.lookup(ALICE)).hasSize(1);
        behind.advance(Duration.ofSeconds(61));
        assertThat(store.lookup(ALICE)).isEmpty();
        store.close();
    }
}

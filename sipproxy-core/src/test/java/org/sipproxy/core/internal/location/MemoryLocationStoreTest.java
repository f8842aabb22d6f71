package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreContract;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.message.SipUri;

class MemoryLocationStoreTest implements LocationStoreContract {

    private final FakeClock clock = new FakeClock();
    private final TimerWheel wheel = new TimerWheel(clock.nanoTime());
    private final MemoryLocationStore store = new MemoryLocationStore(new ProxyTime(clock), wheel);

    @Override
    public LocationStore store() {
        return store;
    }

    @Override
    public Instant now() {
        return clock.now();
    }

    @Override
    public void advance(Duration by) {
        clock.advance(by);
        wheel.advance(clock.nanoTime());
    }

    @AfterEach
    void closedStoreLeavesNoTimer() {
        store.close();
        assertThat(wheel.size()).isZero();
    }

    @Test
    void aorWithoutBindingsIsRemovedFromTheMapAndTheWheel() {
        put("a", Duration.ofHours(1));
        assertThat(wheel.size()).isOne();

        store.update(ALICE, current -> List.of());

        assertThat(wheel.size()).isZero();
        assertThat(store.addressCount()).isZero();
    }

    @Test
    void changeThatLeavesAnUnknownAorEmptyKeepsNoEntry() {
        store.update(ALICE, current -> current);
        assertThatThrownBy(() -> store.update(BOB, current -> {
                    throw new IllegalArgumentException("refused by the test");
                }))
                .isInstanceOf(IllegalArgumentException.class);

        assertThat(store.addressCount()).isZero();
    }

    @Test
    void expiredAorIsRemovedFromTheMapWithoutALookup() {
        put("a", Duration.ofSeconds(60));

        advance(Duration.ofSeconds(61));

        assertThat(store.addressCount()).isZero();
        assertThat(wheel.size()).isZero();
    }

    @Test
    void lookupDoesNotWaitForTheTimer() {
        put("a", Duration.ofSeconds(60));

        clock.advance(Duration.ofSeconds(60)); // the wheel stands still

        assertThat(store.lookup(ALICE)).isEmpty();
        assertThat(store.addressCount()).isOne();
    }

    @Test
    void bindingThatExpiredBeforeItsTimerIsReportedByTheUpdateThatFindsIt() {
        put("old", Duration.ofSeconds(60));
        List<String> events = new CopyOnWriteArrayList<>();
        store.addListener(e -> events.add(e.kind() + " " + e.binding().id() + " " + e.removal()));

        clock.advance(Duration.ofSeconds(60));
        store.update(ALICE, current -> List.of(binding("new", Duration.ofSeconds(60))));
        wheel.advance(clock.nanoTime());

        assertThat(events).containsExactly("REMOVED old Optional[EXPIRED]", "ADDED new Optional.empty");
    }

    @Test
    void bindingOfManyDaysExpiresOnTime() {
        put("a", Duration.ofDays(7));

        advance(Duration.ofDays(7).minusMillis(1));
        assertThat(store.lookup(ALICE)).hasSize(1);

        advance(Duration.ofSeconds(1));
        assertThat(store.addressCount()).isZero();
    }

    @Test
    void lookupDuringAnUpdateSeesTheStateBefore() throws Exception {
        put("a", Duration.ofHours(1));
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        Thread updating = new Thread(() -> store.update(ALICE, current -> {
            inside.countDown();
            await(goOn);
            return List.of();
        }));
        updating.start();
        await(inside);

        assertThat(store.lookup(ALICE)).hasSize(1);
        store.update(BOB, current -> List.of(binding("b", Duration.ofHours(1)))); // another address is not held up
        assertThat(store.lookup(BOB)).hasSize(1);

        goOn.countDown();
        updating.join(10_000);
        assertThat(store.lookup(ALICE)).isEmpty();
    }

    @Test
    void eventsOfOneAorAreDeliveredInSequence() throws Exception {
        CountDownLatch firstIsTold = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        List<String> events = new CopyOnWriteArrayList<>();
        store.addListener(e -> {
            if (e.binding().id().equals("first")) {
                firstIsTold.countDown();
                await(goOn);
            }
            events.add(e.binding().id());
        });
        Thread slow = new Thread(() -> put("first", Duration.ofHours(1)));
        slow.start();
        await(firstIsTold);

        put("second", Duration.ofHours(1)); // returns: its event is left to the thread that notifies of the first
        assertThat(events).isEmpty();

        goOn.countDown();
        slow.join(10_000);
        assertThat(events).containsExactly("first", "second");
    }

    @Test
    void closedStoreAcceptsNothing() {
        store.close();

        assertThatThrownBy(() -> put("a", Duration.ofHours(1)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
        assertThat(store.lookup(ALICE)).isEmpty();
    }

    @Test
    void neverBlocks() {
        assertThat(store.blocking()).isEqualTo(LocationStore.Blocking.NEVER);
    }

    private void put(String id, Duration lifetime) {
        store.update(ALICE, current -> {
            List<Binding> all = new java.util.ArrayList<>(current);
            all.add(binding(id, lifetime));
            return all;
        });
    }

    private Binding binding(String id, Duration lifetime) {
        return Binding.builder(id, SipUri.of("sip:" + id + "@192.0.2.1"))
                .granted(clock.currentTimeMillis(), lifetime)
                .build();
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(10, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

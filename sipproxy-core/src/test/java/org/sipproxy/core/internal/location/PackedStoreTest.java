package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.message.SipUri;

/** The store in memory with many AORs, many threads, and bindings in either form. */
class PackedStoreTest {

    private static final Aor ALICE = new Aor("alice", "sip.test");

    private final FakeClock clock = new FakeClock();
    private final TimerWheel wheel = new TimerWheel(clock.nanoTime());
    private final MemoryLocationStore store = new MemoryLocationStore(new ProxyTime(clock), wheel);

    @AfterEach
    void closedStoreLeavesNoTimer() {
        store.close();
        assertThat(wheel.size()).isZero();
        assertThat(store.addressCount()).isZero();
    }

    @Test
    void tableAgreesWithAMapWhileItGrowsAndShrinks() {
        Random random = new Random(1);
        Map<Aor, Long> expected = new HashMap<>();
        for (int i = 0; i < 60_000; i++) {
            // first mostly additions, then mostly removals
            boolean adds = random.nextInt(10) < (i < 30_000 ? 8 : 2);
            Aor aor = user(random.nextInt(20_000));
            long cseq = i;
            if (adds) {
                store.update(
                        aor, current -> List.of(binding("b", 3600).cseq(cseq).build()));
                expected.put(aor, cseq);
            } else {
                store.update(aor, current -> List.of());
                expected.remove(aor);
            }
        }

        Map<Aor, Long> all = new HashMap<>();
        store.forEach((aor, bindings) -> all.put(aor, bindings.get(0).cseq()));
        assertThat(all).isEqualTo(expected);
        assertThat(store.addressCount()).isEqualTo(expected.size());
        for (int i = 0; i < 20_000; i++) {
            Long cseq = expected.get(user(i));
            assertThat(store.lookup(user(i)).stream().map(Binding::cseq))
                    .isEqualTo(cseq == null ? List.of() : List.of(cseq));
        }
    }

    @Test
    void eachOfManyBindingsIsReportedWithinASecondOfItsExpiry() {
        Random random = new Random(1);
        int count = 100_000;
        for (int i = 0; i < count; i++) {
            int seconds = 60 + random.nextInt(60);
            store.update(user(i), current -> List.of(binding("b", seconds).build()));
        }
        List<Long> delays = new ArrayList<>();
        store.addListener(
                e -> delays.add(clock.currentTimeMillis() - e.binding().expiresAtMillis()));

        for (int i = 0; i < 1_250; i++) {
            advance(Duration.ofMillis(100));
        }

        assertThat(delays).hasSize(count).allSatisfy(delay -> assertThat(delay).isBetween(0L, 1_100L));
        assertThat(store.addressCount()).isZero();
        assertThat(wheel.size()).isZero();
    }

    @Test
    void refreshedBindingExpiresAtItsNewTime() {
        store.update(ALICE, current -> List.of(binding("b", 60).build()));
        List<LocationEvent> events = new ArrayList<>();
        store.addListener(events::add);

        advance(Duration.ofSeconds(50));
        store.update(
                ALICE,
                current -> List.of(current.get(0).toBuilder()
                        .granted(clock.currentTimeMillis(), Duration.ofSeconds(60))
                        .build()));
        advance(Duration.ofSeconds(59));
        assertThat(store.lookup(ALICE)).hasSize(1);
        advance(Duration.ofSeconds(1));

        assertThat(store.addressCount()).isZero();
        assertThat(events.stream().map(LocationEvent::kind))
                .containsExactly(LocationEvent.Kind.REFRESHED, LocationEvent.Kind.REMOVED);
    }

    @Test
    void shorterLifetimeBringsTheExpiryForward() {
        store.update(ALICE, current -> List.of(binding("b", 3600).build()));
        store.update(
                ALICE,
                current -> List.of(current.get(0).toBuilder()
                        .granted(clock.currentTimeMillis(), Duration.ofSeconds(5))
                        .build()));

        advance(Duration.ofSeconds(5));

        assertThat(store.addressCount()).isZero();
    }

    @Test
    void oneOfTwoBindingsExpires() {
        store.update(
                ALICE,
                current -> List.of(
                        binding("short", 60).build(), binding("long", 3600).build()));

        advance(Duration.ofSeconds(60));

        assertThat(store.lookup(ALICE)).extracting(Binding::id).containsExactly("long");
        advance(Duration.ofMinutes(59));
        assertThat(store.addressCount()).isZero();
    }

    @Test
    void listenerThatFailsDoesNotKeepOtherBindings() {
        for (int i = 0; i < 1_000; i++) {
            store.update(user(i), current -> List.of(binding("b", 60).build()));
        }
        store.addListener(e -> {
            throw new IllegalStateException("by the test");
        });

        advance(Duration.ofSeconds(60));

        assertThat(store.addressCount()).isZero();
    }

    @Test
    void refreshReportsOnlyWhatWasRefreshed() {
        store.update(
                ALICE,
                current ->
                        List.of(binding("a", 3600).build(), binding("b", 3600).build()));
        List<String> events = new ArrayList<>();
        store.addListener(e ->
                events.add(e.kind() + " " + e.binding().id() + " " + e.binding().cseq()));

        store.update(
                ALICE,
                current -> List.of(
                        current.get(0), current.get(1).toBuilder().cseq(7).build()));
        store.update(ALICE, current -> current);
        store.update(
                ALICE,
                current -> List.of(
                        current.get(0), current.get(1).toBuilder().callId("new").build()));

        assertThat(events).containsExactly("REFRESHED b 7", "REFRESHED b 7");
        assertThat(store.lookup(ALICE).get(1).callId()).isEqualTo("new");
    }

    @Test
    void listenerOfARemovalFindsNothing() {
        store.update(ALICE, current -> List.of(binding("b", 3600).build()));
        List<Integer> found = new ArrayList<>();
        store.addListener(e -> found.add(store.lookup(ALICE).size()));

        store.update(ALICE, current -> List.of());

        assertThat(found).containsExactly(0);
    }

    @Test
    void lookupWhileAnAorIsRemovedFindsNothing() {
        store.update(ALICE, current -> List.of(binding("b", 3600).build()));
        store.addListener(e -> {});
        List<Integer> found = new ArrayList<>();

        store.update(ALICE, new BindingChange() {
            @Override
            public List<Binding> apply(List<Binding> current) {
                found.add(store.lookup(ALICE).size());
                return List.of();
            }

            @Override
            public RemovalReason reasonOf(Binding removed) {
                found.add(store.lookup(ALICE).size());
                return RemovalReason.ADMIN;
            }
        });

        assertThat(found).containsExactly(1, 0);
    }

    @Test
    void changeWhoseReasonFailsLeavesTheStoreUsable() {
        store.update(ALICE, current -> List.of(binding("b", 3600).build()));
        store.addListener(e -> {});
        try {
            store.update(ALICE, new BindingChange() {
                @Override
                public List<Binding> apply(List<Binding> current) {
                    return List.of();
                }

                @Override
                public RemovalReason reasonOf(Binding removed) {
                    throw new IllegalStateException("by the test");
                }
            });
        } catch (IllegalStateException e) {
            assertThat(e).hasMessage("by the test");
        }

        assertThat(store.lookup(ALICE)).isEmpty();
        store.update(ALICE, current -> List.of(binding("again", 3600).build()));
        assertThat(store.lookup(ALICE)).hasSize(1);
    }

    @Test
    void bindingOverAConnectionKeepsItsFlowAndMayChangeToUdp() {
        PointFlow connection = PointFlow.connection("192.0.2.1", 40_000);
        List<LocationEvent.Kind> events = new ArrayList<>();
        store.addListener(e -> events.add(e.kind()));

        store.update(
                ALICE,
                current -> List.of(
                        binding("b", 60).flow(PointFlow.udp("192.0.2.1", 5060)).build()));
        store.update(
                ALICE,
                current -> List.of(current.get(0).toBuilder().flow(connection).build()));
        assertThat(store.lookup(ALICE).get(0).flow().orElseThrow()).isSameAs(connection);
        store.update(
                ALICE, current -> List.of(current.get(0).toBuilder().cseq(2).build()));
        assertThat(store.lookup(ALICE).get(0).flow().orElseThrow()).isSameAs(connection);
        store.update(
                ALICE,
                current -> List.of(current.get(0).toBuilder()
                        .flow(PointFlow.udp("192.0.2.1", 5061))
                        .build()));

        assertThat(store.lookup(ALICE).get(0).flow()).contains(PointFlow.udp("192.0.2.1", 5061));
        assertThat(store.addressCount()).isOne();
        advance(Duration.ofSeconds(60));
        assertThat(store.addressCount()).isZero();
        assertThat(events)
                .containsExactly(
                        LocationEvent.Kind.ADDED,
                        LocationEvent.Kind.REFRESHED,
                        LocationEvent.Kind.REFRESHED,
                        LocationEvent.Kind.REFRESHED,
                        LocationEvent.Kind.REMOVED);
    }

    @Test
    void concurrentUpdatesOfOneAorAreAllAppliedInEitherForm() throws Exception {
        int threads = 4;
        int each = 5_000;
        CountDownLatch done = new CountDownLatch(threads);
        AtomicBoolean stop = new AtomicBoolean();
        ConcurrentLinkedQueue<String> wrong = new ConcurrentLinkedQueue<>();
        store.update(ALICE, current -> List.of(binding("b", 3600).build()));
        Thread reader = new Thread(() -> {
            long last = 0;
            while (!stop.get()) {
                List<Binding> seen = store.lookup(ALICE);
                if (seen.size() != 1 || seen.get(0).cseq() < last) {
                    wrong.add("after " + last + ": " + seen);
                    return;
                }
                last = seen.get(0).cseq();
            }
        });
        reader.start();
        for (int t = 0; t < threads; t++) {
            int thread = t;
            new Thread(() -> {
                        for (int i = 0; i < each; i++) {
                            int n = i;
                            store.update(ALICE, current -> {
                                Binding.Builder next = current.get(0).toBuilder()
                                        .cseq(current.get(0).cseq() + 1);
                                return List.of(
                                        switch ((n + thread) % 3) {
                                            case 0 -> next.build();
                                            case 1 ->
                                                next.callId("c" + "x".repeat(n % 50))
                                                        .build();
                                            default ->
                                                next.flow(
                                                                n % 2 == 0
                                                                        ? PointFlow.connection("192.0.2.1", 5060)
                                                                        : PointFlow.udp("192.0.2.1", 5060))
                                                        .build();
                                        });
                            });
                        }
                        done.countDown();
                    })
                    .start();
        }

        assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
        stop.set(true);
        reader.join(60_000);

        assertThat(wrong).isEmpty();
        assertThat(store.lookup(ALICE))
                .singleElement()
                .satisfies(b -> assertThat(b.cseq()).isEqualTo((long) threads * each));
    }

    @Test
    void lookupsAreNotDisturbedByAorsThatComeAndGo() throws Exception {
        int stable = 500;
        for (int i = 0; i < stable; i++) {
            store.update(user(i), current -> List.of(binding("b", 3600).build()));
        }
        AtomicBoolean stop = new AtomicBoolean();
        ConcurrentLinkedQueue<Aor> missed = new ConcurrentLinkedQueue<>();
        Thread reader = new Thread(() -> {
            while (!stop.get()) {
                for (int i = 0; i < stable; i++) {
                    if (store.lookup(user(i)).size() != 1) {
                        missed.add(user(i));
                    }
                }
            }
        });
        reader.start();
        for (int round = 0; round < 10; round++) {
            for (int i = stable; i < 10_000; i++) {
                store.update(user(i), current -> List.of(binding("b", 3600).build()));
            }
            for (int i = stable; i < 10_000; i++) {
                store.update(user(i), current -> List.of());
            }
        }
        stop.set(true);
        reader.join(60_000);

        assertThat(missed).isEmpty();
        assertThat(store.addressCount()).isEqualTo(stable);
    }

    @Test
    void visitDoesNotMissAnAorThatChangesMeanwhile() throws Exception {
        store.update(ALICE, current -> List.of(binding("b", 3600).build()));
        AtomicBoolean stop = new AtomicBoolean();
        Thread writer = new Thread(() -> {
            for (int i = 0; !stop.get(); i++) {
                String callId = "c" + i; // another Call-ID needs another array
                store.update(
                        ALICE,
                        current -> List.of(
                                current.get(0).toBuilder().callId(callId).build()));
            }
        });
        writer.start();
        int missed = 0;
        for (int i = 0; i < 100_000; i++) {
            int[] visited = new int[1];
            store.forEach((aor, bindings) -> visited[0]++);
            missed += 1 - visited[0];
        }
        stop.set(true);
        writer.join(60_000);

        assertThat(missed).isZero();
    }

    private void advance(Duration by) {
        clock.advance(by);
        wheel.advance(clock.nanoTime());
    }

    private static Aor user(int number) {
        return new Aor("user" + number, "sip.test");
    }

    private Binding.Builder binding(String id, int seconds) {
        return Binding.builder(id, SipUri.of("sip:" + id + "@192.0.2.1"))
                .granted(clock.currentTimeMillis(), Duration.ofSeconds(seconds));
    }
}

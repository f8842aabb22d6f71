package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.core.internal.guard.ProxyThreads;

class WriteThroughStoreTest implements RepositoryStoreContract {

    private final StoreScene scene = new StoreScene();
    private final WriteThroughStore store =
            new WriteThroughStore(scene.repository, scene.time, scene.wheel, ProxyThreads.named("test"));

    @Override
    public LocationStore store() {
        return store;
    }

    @Override
    public StoreScene scene() {
        return scene;
    }

    @Test
    void updateReturnsWhenItIsCommitted() {
        scene.add(store, ALICE, "a");
        scene.add(store, ALICE, "b");
        assertThat(scene.repository.ids()).containsExactly("a", "b");

        scene.removeAll(store, ALICE);
        assertThat(scene.repository.ids()).isEmpty();

        // an unchanged binding is not written
        assertThat(scene.repository.written).containsExactly(List.of("a"), List.of("b"), List.of("-a", "-b"));
        assertThat(store.status().lastWrite()).contains(now());
    }

    @Test
    void changeThatIsNotCommittedIsNeverSeen() {
        scene.add(store, ALICE, "a");
        List<Object> events = new ArrayList<>();
        store.addListener(events::add);
        scene.repository.fail(Kind.FAILED);

        assertThatThrownBy(() -> scene.add(store, ALICE, "b"))
                .isInstanceOf(LocationStoreException.class)
                .hasMessageContaining("set to fail");
        assertThatThrownBy(() -> scene.removeAll(store, ALICE)).isInstanceOf(LocationStoreException.class);

        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a");
        assertThat(events).isEmpty();
        assertThat(store.status().lastError()).contains("set to fail");
        scene.repository.fail(null);
        scene.add(store, ALICE, "b");
        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a", "b");
    }

    @Test
    void lookupsAndTheTimerDoNotWaitForTheDatabase() throws Exception {
        scene.add(store, ALICE, scene.binding("short", Duration.ofMinutes(1)));
        CountDownLatch inDatabase = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.repository.beforeWrite(() -> {
            inDatabase.countDown();
            StoreScene.await(goOn);
        });
        Thread updating = new Thread(() -> scene.add(store, ALICE, "b"));
        updating.start();
        StoreScene.await(inDatabase);

        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("short");
        advance(Duration.ofSeconds(61)); // its timer fires on this thread
        assertThat(store.lookup(ALICE)).isEmpty();

        goOn.countDown();
        updating.join(10_000);
        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("b");
    }

    @Test
    void threadsThatCommitAtTheSameTimeShareOneTransaction() throws Exception {
        List<Thread> threads = heldUp(20, i -> scene.add(store, new Aor("u" + i, "sip.test"), "id-" + i));
        for (Thread thread : threads) {
            thread.join(10_000);
        }

        assertThat(scene.repository.ids()).hasSize(20);
        assertThat(scene.repository.written).hasSize(2); // one for the first, and one for all that arrived meanwhile
        for (int i = 0; i < 20; i++) {
            assertThat(StoreScene.ids(store.lookup(new Aor("u" + i, "sip.test"))))
                    .containsExactly("id-" + i);
        }
    }

    @Test
    void writesBehindAStalledTransactionFailInTimeAndLaterOnesAtOnce() throws Exception {
        scene.repository.timeout(Duration.ofMillis(50));
        CountDownLatch inDatabase = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.repository.beforeWrite(() -> {
            inDatabase.countDown();
            StoreScene.await(goOn);
        });
        Thread leader = new Thread(() -> scene.add(store, ALICE, "a"));
        leader.start();
        StoreScene.await(inDatabase);

        for (int i = 0; i < 3; i++) {
            String id = "late" + i;
            assertThatThrownBy(() -> scene.add(store, BOB, id))
                    .isInstanceOfSatisfying(
                            LocationStoreException.class,
                            e -> assertThat(e.kind()).isEqualTo(Kind.UNREACHABLE));
        }
        assertThat(store.status().databaseAnswers()).isFalse();
        assertThat(store.status().lastError())
                .hasValueSatisfying(text -> assertThat(text).startsWith("no response for"));

        goOn.countDown();
        leader.join(10_000);
        scene.repository.timeout(Duration.ofSeconds(60));
        scene.add(store, BOB, "b");
        assertThat(scene.repository.ids()).containsExactly("a", "b");
        assertThat(store.status().databaseAnswers()).isTrue();
    }

    @Test
    void badRowFailsAloneAndTheOthersAreKept() throws Exception {
        scene.repository.refuse("id-7");
        Map<Integer, String> failed = new ConcurrentHashMap<>();
        List<Thread> threads = heldUp(20, i -> {
            try {
                scene.add(store, new Aor("u" + i, "sip.test"), "id-" + i);
            } catch (LocationStoreException e) {
                failed.put(i, e.kind() + " " + e.getMessage());
            }
        });
        for (Thread thread : threads) {
            thread.join(10_000);
        }

        assertThat(failed).isEqualTo(Map.of(7, "REFUSED refused"));
        assertThat(scene.repository.ids()).hasSize(19);
        assertThat(store.lookup(new Aor("u7", "sip.test"))).isEmpty();
    }

    @Test
    void databaseThatIsDownFailsTheWholeBatchAtOnce() throws Exception {
        AtomicInteger attempts = new AtomicInteger();
        AtomicInteger failed = new AtomicInteger();
        List<Thread> threads = heldUp(
                20,
                i -> {
                    try {
                        scene.add(store, new Aor("u" + i, "sip.test"), "id-" + i);
                    } catch (LocationStoreException e) {
                        failed.incrementAndGet();
                    }
                },
                () -> {
                    attempts.incrementAndGet();
                    scene.repository.fail(Kind.UNREACHABLE);
                });
        for (Thread thread : threads) {
            thread.join(10_000);
        }

        assertThat(failed).hasValue(20);
        assertThat(attempts).hasValueLessThanOrEqualTo(2);
        assertThat(store.status().databaseAnswers()).isFalse();
    }

    /** Starts this many threads; the first to write is held up until all others wait behind it. */
    private List<Thread> heldUp(int count, IntConsumer body) {
        return heldUp(count, body, () -> {});
    }

    private List<Thread> heldUp(int count, IntConsumer body, Runnable onWrite) {
        CountDownLatch inDatabase = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        scene.repository.beforeWrite(() -> {
            inDatabase.countDown();
            StoreScene.await(goOn);
            onWrite.run();
        });
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int number = i;
            Thread thread = new Thread(() -> body.accept(number));
            threads.add(thread);
            thread.start();
            StoreScene.await(inDatabase);
        }
        await().until(() -> threads.stream()
                .allMatch(t -> t.getState() == Thread.State.WAITING || t.getState() == Thread.State.TIMED_WAITING));
        goOn.countDown();
        return threads;
    }

    @Test
    void rowsOfTheDatabaseAreThereAfterTheStartAndAreReplacedByTheirId() {
        scene.repository.write(List.of(
                new BindingWrite.Put(ALICE, scene.binding("a")),
                new BindingWrite.Put(BOB, scene.binding("b")),
                new BindingWrite.Put(ALICE, scene.binding("c")),
                new BindingWrite.Put(ALICE, scene.binding("ended", Duration.ofSeconds(-1)))));
        List<Object> events = new ArrayList<>();
        store.addListener(events::add);

        store.open();

        assertThat(events).isEmpty();
        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a", "c");
        scene.removeAll(store, ALICE);
        assertThat(scene.repository.ids()).containsExactly("b", "ended");
        advance(Duration.ofHours(1));
        assertThat(store.lookup(BOB)).isEmpty();
    }

    @Test
    void databaseThatCannotBeReadStopsTheStart() {
        scene.repository.fail(Kind.UNREACHABLE);

        assertThatThrownBy(store::open)
                .isInstanceOf(LocationStoreException.class)
                .hasMessage("locationStore: the bindings cannot be read at the start: set to fail");
    }

    @Test
    void updatesMayWaitAndLookupsNot() {
        assertThat(store.blocking()).isEqualTo(LocationStore.Blocking.UPDATES);
    }
}

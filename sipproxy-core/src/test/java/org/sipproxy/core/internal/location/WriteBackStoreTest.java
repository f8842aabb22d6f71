package org.sipproxy.core.internal.location;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.LocationStoreException.Kind;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.core.internal.guard.ProxyThreads;

class WriteBackStoreTest implements RepositoryStoreContract {

    private final StoreScene scene = new StoreScene();
    private final WriteBackStore store =
            new WriteBackStore(mode(Duration.ofMinutes(5)), scene.time, scene.wheel, ProxyThreads.named("test"));

    private StoreMode.WriteBack mode(Duration interval) {
        return new StoreMode.WriteBack(scene.repository, interval, Duration.ofMinutes(1));
    }

    @Override
    public LocationStore store() {
        return store;
    }

    @Override
    public StoreScene scene() {
        return scene;
    }

    @Test
    void nothingIsWrittenBeforeAFlushAndOnlyTheNewestStateThen() {
        scene.add(store, ALICE, "a");
        for (int cseq = 1; cseq <= 5; cseq++) {
            scene.add(store, ALICE, scene.binding("a").toBuilder().cseq(cseq).build());
        }
        scene.add(store, BOB, "b");
        assertThat(scene.repository.written).isEmpty();
        assertThat(store.status().waiting()).isEqualTo(2);

        store.flush();

        assertThat(scene.repository.written).containsExactly(List.of("a", "b"));
        assertThat(scene.repository.row("a").cseq()).isEqualTo(5);
        assertThat(store.status().waiting()).isZero();
        assertThat(store.status().lastWrite()).contains(now());
        store.flush();
        assertThat(scene.repository.written).hasSize(1);
    }

    @Test
    void bindingThatComesAndGoesBetweenTwoFlushesNeverReachesTheDatabase() {
        scene.add(store, ALICE, "a");
        scene.removeAll(store, ALICE);

        store.flush();

        assertThat(scene.repository.written).isEmpty();
        assertThat(store.memory.addressCount()).isZero();
    }

    @Test
    void bindingThatTheDatabaseCanNeverHoldIsNotTakenIntoMemory() {
        scene.add(store, ALICE, "a");
        scene.repository.neverHolds("never");

        assertThatThrownBy(() -> scene.add(store, ALICE, "never"))
                .isInstanceOfSatisfying(
                        LocationStoreException.class, e -> assertThat(e.kind()).isEqualTo(Kind.REFUSED));

        assertThat(store.lookup(ALICE)).extracting(b -> b.id()).containsExactly("a");
        store.flush();
        assertThat(scene.repository.written).containsExactly(List.of("a"));
    }

    @Test
    void rowOfARemovedBindingIsDeletedByTheNextFlush() {
        scene.add(store, ALICE, "a");
        store.flush();

        scene.removeAll(store, ALICE);
        assertThat(store.lookup(ALICE)).isEmpty();
        assertThat(scene.repository.ids()).containsExactly("a");

        store.flush();
        assertThat(scene.repository.ids()).isEmpty();
        assertThat(store.memory.addressCount()).isZero();
    }

    @Test
    void removedAndRegisteredAgainBeforeTheFlushIsWrittenInOneTransaction() {
        scene.add(store, ALICE, "a");
        store.flush();
        scene.removeAll(store, ALICE);
        scene.add(store, ALICE, "a2");

        store.flush();

        assertThat(scene.repository.written).containsExactly(List.of("a"), List.of("-a", "a2"));
    }

    @Test
    void changeDuringAFlushIsWrittenByTheNextOne() {
        scene.add(store, ALICE, "a");
        scene.repository.beforeWrite(() -> {
            scene.repository.beforeWrite(() -> {});
            scene.add(store, ALICE, scene.binding("a").toBuilder().cseq(7).build());
        });

        store.flush();
        assertThat(scene.repository.row("a").cseq()).isZero();
        assertThat(store.status().waiting()).isOne();

        store.flush();
        assertThat(scene.repository.row("a").cseq()).isEqualTo(7);
    }

    @Test
    void failedFlushKeepsTheNewestStateForTheNextOne() {
        scene.add(store, ALICE, "a");
        scene.repository.fail(Kind.UNREACHABLE);
        assertThatThrownBy(store::flush).isInstanceOf(LocationStoreException.class);
        assertThat(store.status().waiting()).isOne();
        assertThat(store.status().databaseAnswers()).isFalse();
        assertThat(store.status().lastError()).contains("set to fail");
        scene.add(store, ALICE, scene.binding("a").toBuilder().cseq(3).build());
        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a");

        scene.repository.fail(null);
        store.flush();

        assertThat(scene.repository.row("a").cseq()).isEqualTo(3);
        assertThat(store.status().databaseAnswers()).isTrue();
        assertThat(store.status().waiting()).isZero();
    }

    @Test
    void rowThatMayHaveBeenCommittedIsDeletedIfItsBindingWasRemoved() {
        scene.add(store, ALICE, "a");
        scene.repository.fail(Kind.UNREACHABLE);
        assertThatThrownBy(store::flush).isInstanceOf(LocationStoreException.class);
        scene.removeAll(store, ALICE);
        scene.repository.fail(null);

        store.flush();

        assertThat(scene.repository.written).containsExactly(List.of("-a"));
    }

    @Test
    void refusedRowStaysInMemoryAndDoesNotHoldUpTheOthers() {
        scene.repository.refuse("id-333");
        for (int i = 0; i < 1_000; i++) {
            scene.add(store, new Aor("u" + i, "sip.test"), "id-" + i);
        }

        store.flush();

        assertThat(scene.repository.ids()).hasSize(999).doesNotContain("id-333");
        assertThat(store.lookup(new Aor("u333", "sip.test"))).hasSize(1);
        assertThat(store.status().waiting()).isZero();
    }

    @Test
    void manyAddressesAreWrittenInBatches() {
        for (int i = 0; i < 5_000; i++) {
            scene.add(store, new Aor("u" + i, "sip.test"), "id-" + i);
        }

        store.flush();

        assertThat(scene.repository.written).hasSizeBetween(2, 10);
        assertThat(scene.repository.ids()).hasSize(5_000);
    }

    @Test
    void closingWritesWhatWaits() {
        scene.add(store, ALICE, "a");

        store.close();

        assertThat(scene.repository.ids()).containsExactly("a");
    }

    @Test
    void closingWithoutADatabaseReturnsAndReportsWhatIsLost() {
        WriteBackStore impatient = new WriteBackStore(
                mode(Duration.ofMinutes(5)), scene.time, scene.wheel, ProxyThreads.named("test"), Duration.ofMillis(1));
        scene.add(impatient, ALICE, "a");
        scene.add(impatient, BOB, "b");
        scene.repository.fail(Kind.UNREACHABLE);

        impatient.close();

        assertThat(scene.repository.ids()).isEmpty();
        assertThat(impatient.status().waiting()).isEqualTo(2);
    }

    @Test
    void closingWaitsForADatabaseThatComesBackAndLosesNothing() {
        for (int i = 0; i < 10_000; i++) {
            scene.add(store, new Aor("u" + i, "sip.test"), "id-" + i);
        }
        AtomicInteger writes = new AtomicInteger();
        scene.repository.beforeWrite(() -> {
            if (writes.incrementAndGet() % 3 == 0) {
                throw new LocationStoreException(Kind.UNREACHABLE, "each third write", new IllegalStateException());
            }
        });

        store.close();

        assertThat(scene.repository.ids()).hasSize(10_000);
        assertThat(store.status().waiting()).isZero();
    }

    @Test
    void closingLosesAndReportsTheChangesThatTheDatabaseRefuses() {
        scene.repository.refuse("no");
        scene.add(store, ALICE, "no");
        scene.add(store, BOB, "b");

        store.close();

        assertThat(scene.repository.ids()).containsExactly("b");
        assertThat(store.status().waiting()).isOne();
    }

    @Test
    void errorOfADriverLosesNothing() {
        scene.add(store, ALICE, "a");
        scene.repository.beforeWrite(() -> {
            scene.repository.beforeWrite(() -> {});
            throw new LinkageError("by the test");
        });
        assertThatThrownBy(store::flush)
                .isInstanceOf(LocationStoreException.class)
                .hasCauseInstanceOf(LinkageError.class);
        assertThat(store.status().waiting()).isOne();
        assertThat(store.status().lastError())
                .hasValueSatisfying(text -> assertThat(text).contains("by the test"));

        store.flush();

        assertThat(scene.repository.ids()).containsExactly("a");
    }

    @Test
    void statusHasTheAgeOfTheOldestChangeUntilItIsWritten() {
        scene.add(store, ALICE, "a");
        advance(Duration.ofSeconds(7));
        scene.add(store, BOB, "b");
        advance(Duration.ofSeconds(2));
        assertThat(store.status().oldestWaiting()).isEqualTo(Duration.ofSeconds(9));

        scene.repository.fail(Kind.UNREACHABLE);
        assertThatThrownBy(store::flush).isInstanceOf(LocationStoreException.class);
        scene.add(store, ALICE, scene.binding("a").toBuilder().cseq(3).build());
        advance(Duration.ofSeconds(1));
        assertThat(store.status().oldestWaiting()).isEqualTo(Duration.ofSeconds(10));

        scene.repository.fail(null);
        store.flush();
        assertThat(store.status().oldestWaiting()).isZero();
    }

    @Test
    void ageOfAChangeCountsWhileItIsBeingWritten() {
        scene.add(store, ALICE, "a");
        scene.repository.beforeWrite(() -> {
            scene.advance(Duration.ofSeconds(3));
            assertThat(store.status().oldestWaiting()).isEqualTo(Duration.ofSeconds(3));
            assertThat(store.status().waiting()).isOne();
        });

        store.flush();

        assertThat(scene.repository.ids()).containsExactly("a");
    }

    @Test
    void writeThatDoesNotReturnIsReportedAndHoldsUpClosingForTheStopLimitAtMost() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        CountDownLatch writing = new CountDownLatch(1);
        WriteBackStore stuck = new WriteBackStore(
                new StoreMode.WriteBack(scene.repository, Duration.ofMillis(100), Duration.ofSeconds(1)),
                scene.time,
                scene.wheel,
                ProxyThreads.named("test"));
        scene.repository.beforeWrite(() -> {
            writing.countDown();
            try {
                never.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        stuck.open();
        scene.add(stuck, ALICE, "a");
        assertThat(writing.await(10, TimeUnit.SECONDS)).isTrue();
        PrintStream stderr = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        try {
            System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
            advance(Duration.ofSeconds(11));

            assertThat(stuck.status().waiting()).isOne();
            assertThat(stuck.status().oldestWaiting()).isGreaterThan(Duration.ofSeconds(10));
            long begun = System.nanoTime();
            stuck.close();
            assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(6));
        } finally {
            System.setErr(stderr);
            never.countDown();
        }
        assertThat(log.toString(StandardCharsets.UTF_8))
                .contains("the database does not keep up: changes of 1 user wait, the oldest for 11 s")
                .contains("the stop limit is reached");
    }

    @Test
    void flushesByItselfAndCatchesUpWhenTheDatabaseIsBack() {
        WriteBackStore quick =
                new WriteBackStore(mode(Duration.ofMillis(100)), scene.time, scene.wheel, ProxyThreads.named("test"));
        quick.open();
        try {
            scene.add(quick, ALICE, "a");
            await().until(() -> scene.repository.ids().contains("a"));

            scene.repository.fail(Kind.UNREACHABLE);
            scene.add(quick, BOB, "b");
            await().until(() -> !quick.status().databaseAnswers());
            scene.repository.fail(null);
            await().until(() -> scene.repository.ids().contains("b"));
            assertThat(quick.status().databaseAnswers()).isTrue();
        } finally {
            quick.close();
        }
    }

    @Test
    void sweepWritesWhatWaitsBeforeItDeletesWhatHasEnded() {
        scene.add(store, ALICE, scene.binding("a", Duration.ofMinutes(1)));
        scene.add(store, BOB, scene.binding("b", Duration.ofMinutes(1)));
        store.flush();
        advance(Duration.ofSeconds(30));
        scene.add(store, ALICE, scene.binding("a", Duration.ofMinutes(1)));
        advance(Duration.ofSeconds(31));

        store.sweep();

        assertThat(scene.repository.ids()).containsExactly("a");
        // the row of b was never named: another server might have refreshed it
        assertThat(scene.repository.written).containsExactly(List.of("a", "b"), List.of("a"));
        assertThat(store.memory.addressCount()).isOne();
    }

    @Test
    void rowsOfTheDatabaseAreNotWrittenAgain() {
        scene.repository.write(List.of(
                new BindingWrite.Put(ALICE, scene.binding("a")), new BindingWrite.Put(ALICE, scene.binding("b"))));
        store.open();

        scene.add(store, ALICE, scene.binding("b").toBuilder().cseq(2).build());
        store.flush();

        assertThat(scene.repository.written).containsExactly(List.of("a", "b"), List.of("b"));
        assertThat(StoreScene.ids(store.lookup(ALICE))).containsExactly("a", "b");
    }

    @Test
    void nothingWaits() {
        assertThat(store.blocking()).isEqualTo(LocationStore.Blocking.NEVER);
    }
}

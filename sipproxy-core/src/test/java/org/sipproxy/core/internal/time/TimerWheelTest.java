package org.sipproxy.core.internal.time;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TimerWheelTest {

    private static final long TICK_MILLIS = TimerWheel.TICK_NANOS / 1_000_000;

    private final FakeClock clock = new FakeClock();
    private final TimerWheel wheel = new TimerWheel(clock.nanoTime());
    private final List<String> fired = new ArrayList<>();

    @ParameterizedTest
    @ValueSource(longs = {1, 9, 10, 11, 500, 32_000, 40_959, 40_960, 40_961, 100_000, 3_600_000})
    void firesOnceNotBeforeItsTimeAndAtMostATickLate(long millis) {
        schedule(new Named("a"), Duration.ofMillis(millis));

        advance(Duration.ofMillis(millis - 1));
        assertThat(fired).isEmpty();

        advance(Duration.ofMillis(1 + TICK_MILLIS));
        assertThat(fired).containsExactly("a");

        advance(Duration.ofMinutes(5));
        assertThat(fired).containsExactly("a");
        assertThat(wheel.size()).isZero();
    }

    @Test
    void firesWithoutDelayAtTheNextTick() {
        schedule(new Named("now"), Duration.ZERO);
        schedule(new Named("past"), Duration.ofSeconds(-5));

        advance(Duration.ofMillis(TICK_MILLIS));

        assertThat(fired).containsExactlyInAnyOrder("now", "past");
    }

    @ParameterizedTest
    @ValueSource(classes = {OutOfMemoryError.class, StackOverflowError.class, IllegalStateException.class})
    void exceptionOfOneTimerDoesNotStopTheOthers(Class<? extends Throwable> type) {
        for (int i = 0; i < 3; i++) {
            schedule(new Named("before" + i), Duration.ofMillis(20));
            schedule(
                    new Timer() {
                        @Override
                        protected void fire() {
                            TimerWheelTest.<RuntimeException>raise(type);
                        }
                    },
                    Duration.ofMillis(20));
            schedule(new Named("after" + i), Duration.ofMillis(20));
        }

        advance(Duration.ofMillis(30));

        assertThat(fired).hasSize(6);
        assertThat(wheel.size()).isZero();
    }

    @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
    private static <E extends Throwable> void raise(Class<? extends Throwable> type) throws E {
        try {
            throw (E) type.getConstructor().newInstance();
        } catch (ReflectiveOperationException e) {
            throw new LinkageError("no such constructor", e);
        }
    }

    @Test
    void hugeDelayDoesNotOverflowIntoThePast() {
        advance(Duration.ofDays(1));
        Named timer = new Named("never");
        wheel.schedule(timer, clock.nanoTime(), Long.MAX_VALUE);

        advance(Duration.ofDays(1));

        assertThat(fired).isEmpty();
        assertThat(wheel.size()).isOne();
    }

    @Test
    void cancelledTimerDoesNotFire() {
        Named kept = new Named("kept");
        Named cancelled = new Named("cancelled");
        schedule(cancelled, Duration.ofMillis(100));
        schedule(kept, Duration.ofMillis(100));

        wheel.cancel(cancelled);
        wheel.cancel(cancelled);
        wheel.cancel(new Named("was never scheduled"));

        assertThat(wheel.size()).isOne();
        advance(Duration.ofSeconds(1));
        assertThat(fired).containsExactly("kept");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void anyOfSeveralInOneSlotCanBeCancelled(int which) {
        List<Named> timers = List.of(new Named("0"), new Named("1"), new Named("2"));
        timers.forEach(t -> schedule(t, Duration.ofMillis(100)));

        wheel.cancel(timers.get(which));
        advance(Duration.ofSeconds(1));

        List<String> expected = new ArrayList<>(List.of("0", "1", "2"));
        expected.remove(which);
        assertThat(fired).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void scheduledAgainIsMoved() {
        Named timer = new Named("a");
        schedule(timer, Duration.ofMillis(100));
        schedule(timer, Duration.ofMillis(300));

        advance(Duration.ofMillis(299));
        assertThat(fired).isEmpty();
        assertThat(wheel.size()).isOne();

        schedule(timer, Duration.ofMillis(50));
        advance(Duration.ofMillis(60));
        assertThat(fired).containsExactly("a");
    }

    @Test
    void timerMayScheduleItselfAgainWhileItFires() {
        Named timer = new Named("beat") {
            @Override
            protected void fire() {
                super.fire();
                if (fired.size() < 3) {
                    schedule(this, Duration.ofMillis(100));
                }
            }
        };
        schedule(timer, Duration.ofMillis(100));

        for (int i = 0; i < 50; i++) {
            advance(Duration.ofMillis(10));
        }

        assertThat(fired).containsExactly("beat", "beat", "beat");
    }

    @Test
    void firesInOrderOfTimeHoweverLateTheWheelIsAdvanced() {
        for (long millis : new long[] {50_000, 20, 300, 41_000, 90_000, 41_010}) {
            schedule(new Named(String.valueOf(millis)), Duration.ofMillis(millis));
        }

        advance(Duration.ofMinutes(2));

        assertThat(fired).containsExactly("20", "300", "41000", "41010", "50000", "90000");
    }

    @Test
    void timerCancelledByOneThatIsDueWithItDoesNotFire() {
        Canceller x = new Canceller("x");
        Canceller y = new Canceller("y");
        x.other = y;
        y.other = x;
        schedule(x, Duration.ofMillis(100));
        schedule(y, Duration.ofMillis(100));

        advance(Duration.ofSeconds(1));

        assertThat(fired).hasSize(1);
        assertThat(wheel.size()).isZero();
    }

    @Test
    void timerMovedByOneThatIsDueWithItFiresAtItsNewTimeOnly() {
        List<Named> timers = new ArrayList<>();
        for (String name : List.of("x", "y")) {
            timers.add(new Named(name) {
                @Override
                protected void fire() {
                    super.fire();
                    if (fired.size() == 1) {
                        timers.forEach(t -> schedule(t, Duration.ofMillis(500)));
                    }
                }
            });
        }
        timers.forEach(t -> schedule(t, Duration.ofMillis(100)));

        advance(Duration.ofMillis(110));
        assertThat(fired).hasSize(1);

        advance(Duration.ofMillis(510));
        assertThat(fired).hasSize(3);
    }

    @Test
    void failingTimerDoesNotKeepOthersFromFiring() {
        for (int i = 0; i < 3; i++) {
            schedule(new Named("good" + i), Duration.ofMillis(100));
            schedule(
                    new Named("bad") {
                        @Override
                        protected void fire() {
                            throw new IllegalStateException("thrown by the test's timer");
                        }
                    },
                    Duration.ofMillis(100));
        }

        advance(Duration.ofSeconds(1));

        assertThat(fired).containsExactlyInAnyOrder("good0", "good1", "good2");
    }

    @Test
    void manyTimersOfOneTickAllFire() {
        int many = 100_000;
        for (int i = 0; i < many; i++) {
            schedule(new Named("t"), Duration.ofSeconds(32));
        }
        assertThat(wheel.size()).isEqualTo(many);

        advance(Duration.ofSeconds(33));

        assertThat(fired).hasSize(many);
        assertThat(wheel.size()).isZero();
    }

    @Test
    void concurrentSchedulingLosesNoTimerAndFiresNoneTwice() throws Exception {
        int threads = 4;
        int each = 20_000;
        List<CountingTimer> timers = new ArrayList<>();
        List<Thread> schedulers = new ArrayList<>();
        CountDownLatch start = new CountDownLatch(1);
        for (int t = 0; t < threads; t++) {
            List<CountingTimer> mine = new ArrayList<>();
            for (int i = 0; i < each; i++) {
                mine.add(new CountingTimer());
            }
            timers.addAll(mine);
            schedulers.add(new Thread(() -> {
                awaitStart(start);
                for (int i = 0; i < each; i++) {
                    CountingTimer timer = mine.get(i);
                    wheel.schedule(timer, clock.nanoTime(), (i % 700) * 1_000_000L);
                    if (i % 3 == 0) {
                        timer.atLeast = 0; // it may have fired before
                        wheel.cancel(timer);
                    } else if (i % 3 == 1) {
                        timer.atMost = 2; // it may have fired before, and then fires again
                        wheel.schedule(timer, clock.nanoTime(), 30_000_000L);
                    }
                }
            }));
        }
        AtomicBoolean done = new AtomicBoolean();
        Thread advancing = new Thread(() -> {
            while (!done.get()) {
                advance(Duration.ofMillis(5));
            }
        });

        schedulers.forEach(Thread::start);
        advancing.start();
        start.countDown();
        for (Thread scheduler : schedulers) {
            scheduler.join(60_000);
        }
        done.set(true);
        advancing.join(60_000);
        advance(Duration.ofSeconds(60));

        assertThat(wheel.size()).isZero();
        for (CountingTimer timer : timers) {
            assertThat(timer.count.get()).isBetween(timer.atLeast, timer.atMost);
        }
    }

    private static void awaitStart(CountDownLatch start) {
        try {
            start.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private void schedule(Timer timer, Duration delay) {
        wheel.schedule(timer, clock.nanoTime(), delay.toNanos());
    }

    private void advance(Duration by) {
        clock.advance(by);
        wheel.advance(clock.nanoTime());
    }

    private class Named extends Timer {

        private final String name;

        Named(String name) {
            this.name = name;
        }

        @Override
        protected void fire() {
            fired.add(name);
        }
    }

    private final class Canceller extends Named {

        @Nullable
        Timer other;

        Canceller(String name) {
            super(name);
        }

        @Override
        protected void fire() {
            super.fire();
            if (other != null) {
                wheel.cancel(other);
            }
        }
    }

    private static final class CountingTimer extends Timer {

        final AtomicInteger count = new AtomicInteger();
        /** Written by the scheduling thread, read after it has been joined. */
        int atLeast = 1;

        int atMost = 1;

        @Override
        protected void fire() {
            count.incrementAndGet();
        }
    }
}

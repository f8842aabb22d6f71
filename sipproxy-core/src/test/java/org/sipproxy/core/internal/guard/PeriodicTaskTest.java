package org.sipproxy.core.internal.guard;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.core.internal.time.Deadline;
import org.slf4j.helpers.NOPLogger;

@Timeout(60)
class PeriodicTaskTest {

    private static PeriodicTask task(Duration interval, BooleanSupplier run) {
        PeriodicTask task = new PeriodicTask(ProxyThreads.named("sip"), "test", interval, NOPLogger.NOP_LOGGER, run);
        task.start();
        return task;
    }

    @Test
    void firstRunHasHalfOfTheIntervalToEndInTime() throws InterruptedException {
        CountDownLatch ran = new CountDownLatch(1);
        PeriodicTask task = task(Duration.ofSeconds(4), () -> {
            ran.countDown();
            return true;
        });

        // otherwise it would not begin before four fifths of the interval
        assertThat(ran.await(3_100, TimeUnit.MILLISECONDS)).isTrue();

        task.close();
    }

    @Test
    void runThatFailsOrThrowsIsRetriedBeforeTheIntervalEnds() throws InterruptedException {
        Semaphore runs = new Semaphore(0);
        AtomicInteger count = new AtomicInteger();
        try (PeriodicTask task = task(Duration.ofHours(1), () -> {
            runs.release();
            if (count.incrementAndGet() == 1) {
                throw new IllegalStateException("thrown by the test");
            }
            return count.get() > 2;
        })) {
            task.runSoon();

            assertThat(runs.tryAcquire(3, 30, TimeUnit.SECONDS)).isTrue();
        }
    }

    @Test
    void taskRunsOnceMoreWhenItIsClosedWithALastRun() {
        AtomicInteger runs = new AtomicInteger();
        PeriodicTask task = task(Duration.ofHours(1), () -> runs.incrementAndGet() > 0);

        assertThat(task.closeAfterLastRun(Deadline.in(Duration.ofSeconds(30)))).isTrue();

        assertThat(runs).hasValue(1);
    }

    @Test
    void taskDoesNotRunWhenItIsClosed() {
        AtomicInteger runs = new AtomicInteger();
        PeriodicTask task = task(Duration.ofHours(1), () -> runs.incrementAndGet() > 0);

        task.close(Deadline.in(Duration.ofSeconds(30)));

        assertThat(runs).hasValue(0);
    }

    @Test
    void lastRunThatDoesNotEndIsReported() {
        CountDownLatch never = new CountDownLatch(1);
        PeriodicTask task = task(Duration.ofHours(1), () -> {
            try {
                return never.await(50, TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                return false;
            }
        });

        assertThat(task.closeAfterLastRun(Deadline.in(Duration.ofMillis(50)))).isFalse();

        never.countDown();
    }
}

package org.sipproxy.testkit;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Timers of one phone or network. Thread-safe; tasks run one at a time. */
interface Timers extends AutoCloseable {

    /** Runs a task later. Has no effect after {@link #close}. */
    void after(long nanos, Runnable task);

    /** Drops the tasks that are not due, and waits for the one that is running. */
    @Override
    void close();

    /**
     * Returns timers that follow a clock.
     *
     * @param clock null for the clock of the machine
     * @param threadName name of their thread, unless the clock is stopped
     */
    static Timers of(@Nullable TestClock clock, String threadName) {
        VirtualTime stopped = clock == null ? null : clock.stoppedTime();
        return stopped == null ? new OnThread(clock, threadName) : new OnSteps(stopped);
    }

    /** Timers on a daemon thread of their own, which looks at an advanced clock every 10 ms. */
    final class OnThread implements Timers {

        private static final long LOOK_NANOS = 10_000_000;

        private final @Nullable TestClock clock;
        private final String threadName;
        private final ScheduledThreadPoolExecutor executor;

        private OnThread(@Nullable TestClock clock, String threadName) {
            this.clock = clock;
            this.threadName = threadName;
            this.executor = new ScheduledThreadPoolExecutor(1, task -> {
                Thread thread = new Thread(task, threadName);
                thread.setDaemon(true);
                return thread;
            });
        }

        @Override
        public void after(long nanos, Runnable task) {
            TestClock ahead = clock;
            if (ahead == null) {
                schedule(nanos, task);
            } else {
                look(ahead, ahead.nanoTime() + nanos, task);
            }
        }

        private void look(TestClock ahead, long dueNanos, Runnable task) {
            long left = dueNanos - ahead.nanoTime();
            if (left > LOOK_NANOS) {
                schedule(LOOK_NANOS, () -> look(ahead, dueNanos, task));
            } else {
                schedule(Math.max(left, 0), task);
            }
        }

        @SuppressWarnings("FutureReturnValueIgnored") // a task checks whether it is still needed
        private void schedule(long nanos, Runnable task) {
            try {
                executor.schedule(task, nanos, TimeUnit.NANOSECONDS);
            } catch (RejectedExecutionException e) {
                // closed
            }
        }

        @Override
        public void close() {
            executor.shutdownNow();
            try {
                if (!executor.awaitTermination(2, TimeUnit.SECONDS)) {
                    throw new IllegalStateException("close: the thread " + threadName + " did not end within 2 s");
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Timers that run when the time of a stopped clock moves. */
    final class OnSteps implements Timers {

        private final VirtualTime time;
        private volatile boolean closed;

        private OnSteps(VirtualTime time) {
            this.time = time;
        }

        @Override
        public void after(long nanos, Runnable task) {
            time.schedule(this, nanos, () -> {
                if (!closed) {
                    task.run();
                }
            });
        }

        @Override
        public void close() {
            closed = true;
            time.cancel(this);
        }
    }
}

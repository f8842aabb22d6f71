package org.sipproxy.core.internal.thirdparty;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.sipproxy.core.internal.time.Guard;

/**
 * Runs the tasks of one call one after the other, in their order, on the threads of another executor. So the state of a
 * call needs no lock, and no task holds the lock of a transaction.
 */
final class SerialTasks implements Executor {

    private final Queue<Runnable> tasks = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();
    private final Executor threads;
    private final Consumer<Throwable> failures;

    SerialTasks(Executor threads, Consumer<Throwable> failures) {
        this.threads = threads;
        this.failures = failures;
    }

    @Override
    public void execute(Runnable task) {
        tasks.add(task);
        if (waiting.getAndIncrement() == 0) {
            threads.execute(this::run);
        }
    }

    private void run() {
        do {
            run(tasks.remove());
        } while (waiting.decrementAndGet() > 0);
    }

    private void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            try {
                failures.accept(e);
            } catch (Throwable again) {
                Guard.count(again); // the next task must run in any case
            }
        }
    }
}

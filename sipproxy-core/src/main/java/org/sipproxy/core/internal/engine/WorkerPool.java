package org.sipproxy.core.internal.engine;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.Guard;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pool of threads for routing that may block. Each has its own bounded queue, and a key always uses the same one. Tasks
 * of one key run in the order in which they arrive.
 */
final class WorkerPool {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private final Worker[] workers;

    WorkerPool(int count, int queueLength, ProxyThreads threads) {
        workers = new Worker[count];
        for (int i = 0; i < count; i++) {
            workers[i] = new Worker(i, queueLength, threads);
            workers[i].thread.start();
        }
    }

    /** Task that holds memory of the transaction budget while it waits in a queue. */
    interface Task {

        /** Runs the task. Called by a worker. */
        void run();

        /** Releases what the task holds. Called instead of {@link #run} if the pool is closed first. */
        void dropped();
    }

    /**
     * Runs the task on the thread of {@code key}. Returns false if its queue is full; the caller then keeps the task.
     */
    boolean execute(int key, Task task) {
        int spread = key * 0x9e3779b9;
        return workers[(spread >>> 16) % workers.length].queue.offer(task);
    }

    /** Returns how many tasks wait. */
    int waiting() {
        int tasks = 0;
        for (Worker worker : workers) {
            tasks += worker.queue.size();
        }
        return tasks;
    }

    /**
     * Stops taking tasks from the queues and waits for all threads within one limit. Queued tasks are dropped. A thread
     * that is busy longer is interrupted and abandoned.
     */
    void close(Deadline limit) {
        for (Worker worker : workers) {
            worker.closed = true;
        }
        int busy = 0;
        for (Worker worker : workers) {
            if (!limit.join(worker.thread) && worker.thread != Thread.currentThread()) {
                busy++;
                worker.thread.interrupt();
            }
        }
        if (busy > 0) {
            LOG.warn(
                    "{} of {} workers are still busy with a stage or a store; they were interrupted",
                    busy,
                    workers.length);
        }
        for (Worker worker : workers) {
            for (Task task = worker.queue.poll(); task != null; task = worker.queue.poll()) {
                task.dropped();
            }
        }
    }

    private static final class Worker implements Runnable {

        final Thread thread;
        final BlockingQueue<Task> queue;
        volatile boolean closed;
        private final Guard guard = new Guard(LOG, "routing failed");

        Worker(int index, int queueLength, ProxyThreads threads) {
            queue = new ArrayBlockingQueue<>(queueLength);
            thread = threads.create("worker-" + index, this);
        }

        @Override
        public void run() {
            while (!closed) {
                try {
                    Task task = queue.poll(100, TimeUnit.MILLISECONDS);
                    if (task != null) {
                        task.run();
                    }
                } catch (InterruptedException e) {
                    // a stage was interrupted and threw; this thread continues until the pool is closed
                    LOG.debug("worker was interrupted");
                } catch (Throwable e) { // a worker must survive, otherwise its queue stays full
                    guard.caught(e);
                }
            }
        }
    }
}

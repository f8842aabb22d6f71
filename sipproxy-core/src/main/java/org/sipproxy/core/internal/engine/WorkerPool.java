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
 * Threads for routing that may block. Each has its own bounded queue, and a key always goes to the same one, so requests of
 * one key are handled in the order in which they came.
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

    /** Work that holds memory of the transaction budget while it waits in a queue. */
    interface Task {

        /** Does the work. Called by a worker. */
        void run();

        /** Releases what the work holds; called instead of {@link #run} if the pool is closed first. */
        void dropped();
    }

    /** Runs the task on the thread of {@code key}; false if its queue is full, and the task is then the caller's again. */
    boolean execute(int key, Task task) {
        int spread = key * 0x9e3779b9;
        return workers[(spread >>> 16) % workers.length].queue.offer(task);
    }

    /**
     * Takes no more tasks from the queues and waits for the threads, all of them within one limit; what is still queued is dropped.
     * A thread that is busy longer is interrupted and left to itself.
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
                    // a step that was interrupted and said so: the thread itself goes on until it is closed
                    LOG.debug("worker was interrupted");
                } catch (Throwable e) { // the queue of a dead worker would stay full
                    guard.caught(e);
                }
            }
        }
    }
}

package org.sipproxy.jdbc;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Threads that look up subscribers: those of the proxy from {@link #use} to {@link #release}, otherwise daemons that
 * all credentials of the JVM share. A thread ends after 5 s without work.
 */
final class LookupThreads implements Executor {

    private static final long IDLE_SECONDS = 5;

    private static final Executor OUTSIDE_A_PROXY = pool(ThreadSource.DAEMONS);

    /** Null outside a running proxy. */
    private volatile @Nullable ExecutorService ofProxy;

    private static ExecutorService pool(ThreadSource source) {
        AtomicInteger count = new AtomicInteger();
        return new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                task -> source.newThread("subscriber-lookup-" + count.incrementAndGet(), task));
    }

    /** Takes threads from a proxy. */
    void use(ThreadSource proxy) {
        ofProxy = pool(proxy);
    }

    /** Ends the proxy's threads. Those that query the database end after their query. */
    void release() {
        ExecutorService used = ofProxy;
        ofProxy = null;
        if (used != null) {
            used.shutdown();
        }
    }

    /**
     * Runs a task.
     *
     * @throws java.util.concurrent.RejectedExecutionException if the threads are being released
     */
    @Override
    public void execute(Runnable task) {
        ExecutorService used = ofProxy;
        (used == null ? OUTSIDE_A_PROXY : used).execute(task);
    }
}

package org.sipproxy.core.internal.engine;

import java.lang.reflect.Method;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Threads of stages that block: the executor of the host application; otherwise virtual threads from JDK 24 on, and
 * before a pool that grows with the number of waiting stages. On JDK 21 to 23 a stage that waits inside {@code
 * synchronized} holds its carrier thread (JEP 491), and as many such stages as there are cores would stop all others.
 */
final class StageThreads implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    private static final int FIRST_WITHOUT_PINNING = 24;
    private static final int MOST_PLATFORM_THREADS = 500;
    private static final long IDLE_SECONDS = 30;

    private final Executor executor;
    /** The executor if it belongs to the proxy. */
    private final @Nullable ExecutorService own;

    private StageThreads(Executor executor, @Nullable ExecutorService own) {
        this.executor = executor;
        this.own = own;
    }

    static StageThreads of(@Nullable Executor host, ProxyThreads threads) {
        if (host != null) {
            return new StageThreads(host, null);
        }
        ExecutorService own = Runtime.version().feature() >= FIRST_WITHOUT_PINNING ? virtual(threads) : pool(threads);
        return new StageThreads(own, own);
    }

    private static ExecutorService virtual(ProxyThreads threads) {
        try { // by reflection, because the release level is 17
            Object builder = Thread.class.getMethod("ofVirtual").invoke(null);
            Class<?> type = Class.forName("java.lang.Thread$Builder");
            Object named =
                    type.getMethod("name", String.class, long.class).invoke(builder, threads.nameOf("stage") + "-", 1L);
            ThreadFactory factory = (ThreadFactory) type.getMethod("factory").invoke(named);
            Method perTask = Executors.class.getMethod("newThreadPerTaskExecutor", ThreadFactory.class);
            return (ExecutorService) perTask.invoke(null, factory);
        } catch (ReflectiveOperationException e) {
            LOG.warn("virtual threads are not available; stages that block run on a pool", e);
            return pool(threads);
        }
    }

    private static ExecutorService pool(ProxyThreads threads) {
        return new ThreadPoolExecutor(
                0,
                MOST_PLATFORM_THREADS,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                threads.factory("stage"));
    }

    /**
     * Runs a task.
     *
     * @throws RuntimeException if the executor does not accept it, in most cases a {@code RejectedExecutionException}
     */
    void execute(Runnable task) {
        executor.execute(task);
    }

    /** Interrupts the threads of the proxy. Threads of the host application continue. */
    @Override
    public void close() {
        if (own != null) {
            own.shutdownNow();
        }
    }
}

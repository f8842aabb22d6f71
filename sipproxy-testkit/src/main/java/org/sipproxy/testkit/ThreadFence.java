package org.sipproxy.testkit;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;

/** Thread group for the start of a proxy, to find out later which of its threads are still alive. */
final class ThreadFence {

    /** Shared threads of the JDK and Netty, which end automatically. */
    private static final List<String> SHARED =
            List.of("globalEventExecutor", "ForkJoinPool.commonPool", "CompletableFutureDelayScheduler");

    private final ThreadGroup group = new ThreadGroup("sipproxy-under-test");

    /** Runs the work in the group, waits for its end, and rethrows its exception. */
    void run(Runnable work) {
        LoggerFactory.getILoggerFactory(); // starts the threads of the logging backend outside the group
        AtomicReference<@Nullable Throwable> thrown = new AtomicReference<>();
        Thread thread = new Thread(group, work, "sipproxy-start");
        thread.setUncaughtExceptionHandler((t, e) -> thrown.set(e));
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the proxy started", e);
        }
        Throwable failure = thrown.get();
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
    }

    /** Returns the names of the threads that are alive. */
    List<String> alive() {
        Thread[] all = new Thread[group.activeCount() + 16];
        int count = group.enumerate(all);
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            String name = all[i].getName();
            if (SHARED.stream().noneMatch(name::startsWith)) {
                names.add(name);
            }
        }
        return names;
    }
}

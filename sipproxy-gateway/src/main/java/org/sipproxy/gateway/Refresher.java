package org.sipproxy.gateway;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Thread for periodic work that may block: reading a source, resolving names. It starts with the first task. */
final class Refresher {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    private final ScheduledExecutorService thread;

    /** @param proxy the proxy whose thread it is */
    Refresher(ProxyRuntime proxy) {
        thread = Executors.newSingleThreadScheduledExecutor(task -> proxy.newThread("gateways", task));
    }

    /** Runs a task periodically. A failure is logged, and the next run tries again. */
    @SuppressWarnings("FutureReturnValueIgnored") // the task ends with the thread, and throws nothing
    void every(Duration interval, Runnable task) {
        Future<?> unused = thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (Throwable e) { // an exception would end the schedule
                        LOG.warn("gateways cannot be refreshed; they stay as they are", e);
                    }
                },
                interval.toNanos(),
                interval.toNanos(),
                TimeUnit.NANOSECONDS);
    }

    void close() {
        thread.shutdownNow();
    }
}

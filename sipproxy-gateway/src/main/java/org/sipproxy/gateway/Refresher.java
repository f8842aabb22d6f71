package org.sipproxy.gateway;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Thread for periodic work that may block: reading a source, resolving names. It starts with the first task. */
final class Refresher {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.GATEWAYS);

    private final ScheduledExecutorService thread = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread created = new Thread(task, "sipproxy-gateways");
        created.setDaemon(true);
        return created;
    });

    /** Runs a task periodically. A failure is logged, and the next run tries again. */
    void every(Duration interval, Runnable task) {
        thread.scheduleWithFixedDelay(
                () -> {
                    try {
                        task.run();
                    } catch (Throwable e) { // an exception would end the repetition
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

package org.sipproxy.server;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.sipproxy.core.SipProxy;
import org.sipproxy.server.part.ServerPart;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Task that reads tables of the database again. A table that cannot be read stays as it was. */
final class TableReload implements ServerPart {

    private static final Logger LOG = LoggerFactory.getLogger(TableReload.class);

    /** Table, and what reads it. */
    record Task(String table, Runnable read) {}

    private final List<Task> tasks;
    private final Duration interval;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "table-reload");
        thread.setDaemon(true);
        return thread;
    });

    TableReload(List<Task> tasks, Duration interval) {
        this.tasks = List.copyOf(tasks);
        this.interval = interval;
    }

    @Override
    public void start(SipProxy proxy) {
        begin();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the task ends with the executor
    void begin() {
        timer.scheduleWithFixedDelay(this::read, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    void read() {
        for (Task task : tasks) {
            try {
                task.read().run();
            } catch (RuntimeException e) {
                LOG.warn("table {} cannot be read, the previous rows stay in use: {}", task.table(), e.getMessage());
            }
        }
    }

    @Override
    public void stop() {
        timer.shutdownNow();
    }
}

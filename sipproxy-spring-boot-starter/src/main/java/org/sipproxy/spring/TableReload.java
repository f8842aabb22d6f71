package org.sipproxy.spring;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Component that reads tables of the database again. A table that cannot be read stays as it was. */
final class TableReload implements ProxyComponent {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.DATABASE);

    private final Map<String, Runnable> tables;
    private final Duration interval;
    private volatile @Nullable ScheduledExecutorService timer;

    TableReload(Map<String, Runnable> tables, Duration interval) {
        this.tables = tables;
        this.interval = interval;
    }

    @Override
    public String name() {
        return "table reload";
    }

    @Override
    public void install(ComponentHooks hooks) {
        // the tables belong to other components
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the task ends with the executor
    public void start(ProxyRuntime proxy) {
        ScheduledExecutorService started =
                Executors.newSingleThreadScheduledExecutor(task -> proxy.newThread("table-reload", task));
        timer = started;
        started.scheduleWithFixedDelay(this::read, interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void read() {
        tables.forEach((table, reload) -> {
            try {
                reload.run();
            } catch (RuntimeException e) {
                LOG.warn("table {} cannot be read, the previous rows stay in use: {}", table, e.getMessage());
            }
        });
    }

    @Override
    public void close() {
        ScheduledExecutorService running = timer;
        if (running != null) {
            running.shutdownNow();
        }
    }
}

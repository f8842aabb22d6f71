package org.sipproxy.server;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TableReloadTest {

    @Test
    void tableThatCannotBeReadDoesNotKeepTheOthersFromBeingRead() {
        AtomicInteger failing = new AtomicInteger();
        AtomicInteger other = new AtomicInteger();
        List<TableReload.Task> tasks = List.of(
                new TableReload.Task("domain", () -> {
                    failing.incrementAndGet();
                    throw new IllegalStateException("no database");
                }),
                new TableReload.Task("address and trusted", other::incrementAndGet));

        TableReload reload = new TableReload(tasks, Duration.ofMillis(10));
        try {
            reload.begin();

            await().until(() -> failing.get() >= 3 && other.get() >= 3);
        } finally {
            reload.stop();
        }
    }
}

package org.sipproxy.core.internal.location;

import java.time.Duration;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.guard.PeriodicTask;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Periodic tasks of location stores, which are retried soon if the database fails. */
final class StoreTask {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.LOCATION);
    private static final Duration SWEEP_INTERVAL = Duration.ofSeconds(60);

    private StoreTask() {}

    /** Returns the task that removes expired rows, every 60 s. */
    static PeriodicTask sweep(ProxyThreads threads, Runnable run) {
        return every(SWEEP_INTERVAL, threads, "location-sweep", run);
    }

    static PeriodicTask every(Duration interval, ProxyThreads threads, String name, Runnable run) {
        return new PeriodicTask(threads, name, interval, LOG, () -> {
            try {
                run.run();
                return true;
            } catch (LocationStoreException e) {
                LOG.debug(
                        "{} failed, retrying: {}", threads.nameOf(name), e.getMessage()); // WatchedRepository logs why
                return false;
            }
        });
    }
}

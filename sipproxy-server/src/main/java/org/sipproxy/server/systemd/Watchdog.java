package org.sipproxy.server.systemd;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Time after which systemd ends a service that has not sent {@code WATCHDOG=1}.
 *
 * @param limit {@code WATCHDOG_USEC} of the environment, at least 100 ms
 */
record Watchdog(Duration limit) {

    private static final Logger LOG = LoggerFactory.getLogger(Watchdog.class);

    /**
     * Returns the watchdog of a process; empty if there is none, or if {@code WATCHDOG_PID} names another process.
     *
     * @param processId ID of this process
     */
    static Optional<Watchdog> of(Map<String, String> environment, long processId) {
        String micros = environment.getOrDefault("WATCHDOG_USEC", "");
        String owner = environment.getOrDefault("WATCHDOG_PID", "");
        if (micros.isEmpty() || (!owner.isEmpty() && !owner.equals(Long.toString(processId)))) {
            return Optional.empty();
        }
        if (!micros.matches("[1-9]\\d{5,17}")) {
            LOG.warn(
                    "the watchdog of systemd is ignored: WATCHDOG_USEC={} (expected microseconds, 100000 or more)",
                    micros);
            return Optional.empty();
        }
        return Optional.of(
                new Watchdog(Duration.ofNanos(Math.multiplyExact(Long.parseLong(micros) / 1_000, 1_000_000L))));
    }

    /** Returns the interval of messages: half of the limit, as sd_watchdog_enabled(3) recommends. */
    Duration interval() {
        return limit.dividedBy(2);
    }
}

package org.sipproxy.server.operations;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Overview of a server.
 *
 * @param version the version of the jar
 * @param pid the number of the process
 * @param state the state of the proxy, such as {@code RUNNING} or {@code DRAINING}
 * @param startedAt when the server was started, on the wall clock
 * @param uptime how long it has run
 * @param listen its listening points
 * @param udp {@code batched} if UDP datagrams share system calls, otherwise {@code single}; empty without UDP
 * @param domains the domains that it serves
 * @param health {@code READY}, {@code DEGRADED} or {@code NOT_READY}
 * @param problems what is wrong; empty if nothing is
 * @param store the location store
 * @param recordings the records of all messages; empty without {@code --pcap} and {@code --hep}
 * @param figures the key figures
 */
public record ServerStatus(
        String version,
        long pid,
        String state,
        Instant startedAt,
        Duration uptime,
        List<String> listen,
        String udp,
        List<String> domains,
        String health,
        List<String> problems,
        Store store,
        List<Recording> recordings,
        KeyFigures figures) {

    /**
     * A record of all messages.
     *
     * @param to {@code pcap} or {@code hep}
     * @param passed messages that were written or sent
     * @param dropped messages that were dropped, because they arrived too fast or could not be written
     */
    public record Recording(String to, long passed, long dropped) {}

    /**
     * The location store.
     *
     * @param databaseAnswers false while the database cannot be reached; true without a database
     * @param waiting users whose changes wait to be written
     * @param oldestWaiting how long the oldest of these changes has waited
     * @param lastWrite when the database last accepted a change
     * @param lastError the latest error of the database
     * @param lastErrorAt when it occurred
     */
    public record Store(
            boolean databaseAnswers,
            long waiting,
            Duration oldestWaiting,
            Optional<Instant> lastWrite,
            Optional<String> lastError,
            Optional<Instant> lastErrorAt) {}
}

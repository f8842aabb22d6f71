package org.sipproxy.server.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Server that several processes use. The last one stops it: if the process that started it ends earlier, it hands the
 * server over.
 */
final class SharedServer {

    private static final Logger LOG = LoggerFactory.getLogger(SharedServer.class);

    /** Locked by the process that started the server, as long as it runs. */
    private static final String LOCK_FILE = "epg-lock";

    /** Exists from the time on when that process may leave the server to the others. */
    private static final String HANDOVER_FILE = "sipproxy.handover";

    /** Maximum time from the handover to the end of that process. */
    private static final Duration HANDOVER = Duration.ofSeconds(30);

    private static final long STOP_SECONDS = 30;

    /** Time for closed connections to disappear from {@code pg_stat_activity}. */
    private static final int TRIES = 20;

    private static final long PAUSE_MILLIS = 100;

    private final Path data;
    private final DataSource dataSource;

    SharedServer(Path data, DataSource dataSource) {
        this.data = data;
        this.dataSource = dataSource;
    }

    /** Removes the handover of an earlier server of the directory. */
    static void begin(Path data) throws IOException {
        Files.deleteIfExists(data.resolve(HANDOVER_FILE));
    }

    /**
     * Hands the server over if another process is connected. For the process that started it, which then must not stop
     * it.
     *
     * @return false if it is the only process
     */
    boolean handOver() {
        Path handover = data.resolve(HANDOVER_FILE);
        try {
            Files.writeString(handover, ""); // before the count, so that one of the two processes stops the server
            if (isUsed()) {
                LOG.info("the embedded PostgreSQL keeps running: another process uses it");
                return true;
            }
            Files.delete(handover);
        } catch (IOException | SQLException e) {
            LOG.debug("no handover of the embedded PostgreSQL", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return false;
    }

    /** Stops the server, unless the process that started it will do so or another process is connected. */
    void stopUnlessUsed() {
        try (FileChannel channel =
                FileChannel.open(data.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            if (isLeft(channel)) {
                stopIfUnused();
            }
        } catch (IOException | SQLException e) {
            LOG.warn("the embedded PostgreSQL was not stopped: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Locks the file, and returns true if the process that started the server has ended or handed it over. */
    private boolean isLeft(FileChannel channel) throws IOException, InterruptedException {
        long end = System.nanoTime() + HANDOVER.toNanos();
        while (true) {
            try {
                if (channel.tryLock() != null) {
                    return true;
                }
            } catch (OverlappingFileLockException e) {
                return isHandedOver(); // by this process
            }
            if (!isHandedOver() || System.nanoTime() - end > 0) {
                return false; // that process stops it
            }
            TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
        }
    }

    private boolean isHandedOver() {
        return Files.exists(data.resolve(HANDOVER_FILE));
    }

    private void stopIfUnused() throws IOException, SQLException, InterruptedException {
        Optional<RunningCluster> running = RunningCluster.of(data);
        if (running.isEmpty()) {
            return;
        }
        if (isUsed()) {
            LOG.info("the embedded PostgreSQL keeps running: another process uses it");
            return;
        }
        stop(running.get().pid());
    }

    private boolean isUsed() throws SQLException, InterruptedException {
        try (Connection connection = dataSource.getConnection();
                Statement statement = connection.createStatement()) {
            for (int i = 0; i < TRIES; i++) {
                try (ResultSet others = statement.executeQuery("SELECT count(*) FROM pg_stat_activity"
                        + " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()")) {
                    if (others.next() && others.getLong(1) == 0) {
                        return false;
                    }
                }
                TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
            }
            return true;
        }
    }

    /** Requests a smart shutdown, which waits for connections to end; there are none. */
    private static void stop(long pid) throws InterruptedException {
        Optional<ProcessHandle> server = ProcessHandle.of(pid);
        if (server.isEmpty()) {
            return;
        }
        server.get().destroy();
        try {
            server.get().onExit().get(STOP_SECONDS, TimeUnit.SECONDS);
            LOG.info("stopped the embedded PostgreSQL of a process that has ended");
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("the embedded PostgreSQL, process {}, does not stop", pid);
        }
    }
}

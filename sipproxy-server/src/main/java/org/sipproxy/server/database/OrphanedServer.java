package org.sipproxy.server.database;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Server that another process started. If that process was killed, the last process that uses the server stops it. */
final class OrphanedServer {

    private static final Logger LOG = LoggerFactory.getLogger(OrphanedServer.class);

    /** Locked by the process that started the server, as long as it runs. */
    private static final String LOCK_FILE = "epg-lock";

    private static final long STOP_SECONDS = 30;

    /** Time for closed connections to disappear from {@code pg_stat_activity}. */
    private static final int TRIES = 20;

    private static final long PAUSE_MILLIS = 100;

    private final Path data;
    private final DataSource dataSource;

    OrphanedServer(Path data, DataSource dataSource) {
        this.data = data;
        this.dataSource = dataSource;
    }

    /** Stops the server, unless the process that started it is alive or another process is connected. */
    void stopUnlessUsed() {
        try (FileChannel channel =
                        FileChannel.open(data.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            if (lock == null) {
                return; // the owner stops it
            }
            if (isUsed()) {
                LOG.info("the embedded PostgreSQL keeps running: another process uses it");
                return;
            }
            Optional<RunningCluster> running = RunningCluster.of(data);
            if (running.isPresent()) {
                stop(running.get().pid());
            }
        } catch (OverlappingFileLockException e) {
            LOG.debug("its owner is this process");
        } catch (IOException | SQLException e) {
            LOG.warn("the embedded PostgreSQL was not stopped: {}", e.getMessage());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
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
            LOG.info("stopped the embedded PostgreSQL of a killed process");
        } catch (ExecutionException | TimeoutException e) {
            LOG.warn("the embedded PostgreSQL, process {}, does not stop", pid);
        }
    }
}

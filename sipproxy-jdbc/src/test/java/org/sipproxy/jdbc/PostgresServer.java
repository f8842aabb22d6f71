package org.sipproxy.jdbc;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.postgresql.ds.PGSimpleDataSource;

/**
 * PostgreSQL server for one test, from Maven artefacts. It can be stopped, killed and started again on the same port
 * with the same data; committed data survives {@link #kill}. Tests that only need a database use
 * {@link PostgresFixture}.
 */
public final class PostgresServer implements AutoCloseable {

    private final Path directory;
    private final Map<String, String> settings;
    private EmbeddedPostgres running;
    private int port;

    private PostgresServer(Map<String, String> settings) {
        this.settings = settings;
        try {
            // in the build directory, because a JVM that is killed does not remove it
            directory = Files.createTempDirectory(
                    Files.createDirectories(Path.of("target", "postgres").toAbsolutePath()), "server");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Starts a server on a free port. {@code settings} are those of postgresql.conf, name and value alternating. */
    public static PostgresServer launch(String... settings) {
        Map<String, String> map = new LinkedHashMap<>();
        for (int i = 0; i < settings.length; i += 2) {
            map.put(settings[i], settings[i + 1]);
        }
        PostgresServer server = new PostgresServer(map);
        server.start();
        return server;
    }

    /** Starts the server again, with its data and on its port. */
    public void start() {
        EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder()
                .setPort(port)
                .setDataDirectory(directory.resolve("data"))
                .setOverrideWorkingDirectory(binaries().toFile())
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setPGStartupWait(Duration.ofMinutes(2)) // several servers may start at once on a busy machine
                .setServerConfig("listen_addresses", "127.0.0.1")
                // with the artefact's default, committed data is lost on a kill
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on");
        settings.forEach(builder::setServerConfig);
        try {
            running = builder.start();
        } catch (IOException e) {
            throw new UncheckedIOException("PostgreSQL does not start; as root, unshare -U must work", e);
        }
        port = running.getPort();
    }

    /** Stops the server in an orderly way; connections are cut. Does nothing if it is not running. */
    public void stop() {
        try {
            running.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Kills the server like a power failure would: nothing is flushed. */
    public void kill() {
        try {
            List<ProcessHandle> all = processes();
            all.forEach(ProcessHandle::destroyForcibly);
            for (ProcessHandle process : all) {
                process.onExit().get(10, TimeUnit.SECONDS);
            }
        } catch (InterruptedException | ExecutionException | TimeoutException e) {
            throw new IllegalStateException("PostgreSQL could not be killed", e);
        }
        stop(); // releases the lock on the directory
    }

    /** Suspends all of its processes: connections stay open, but nothing is sent on them. */
    public void freeze() {
        Set<ProcessHandle> suspended = new HashSet<>();
        // A process that the postmaster was starting when it was suspended is only found by a later look.
        for (int looks = 0; looks < 3; looks++) {
            List<ProcessHandle> running = new ArrayList<>(processes());
            running.removeAll(suspended);
            if (!running.isEmpty()) {
                signal("-STOP", running);
                suspended.addAll(running);
                looks = 0;
            }
            LockSupport.parkNanos(10_000_000);
        }
    }

    /** Resumes all of its processes. */
    public void thaw() {
        signal("-CONT", processes());
    }

    private static void signal(String name, List<ProcessHandle> processes) {
        List<String> command = new ArrayList<>(List.of("kill", name));
        processes.forEach(process -> command.add(Long.toString(process.pid())));
        try {
            new ProcessBuilder(command).start().waitFor(); // a process that has ended meanwhile does not matter
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException("cannot send a signal to PostgreSQL", e);
        }
    }

    /** Returns the processes, the postmaster first: while it is suspended it does not start others. */
    private List<ProcessHandle> processes() {
        try {
            List<String> pidFile = Files.readAllLines(directory.resolve("data/postmaster.pid"));
            ProcessHandle postmaster =
                    ProcessHandle.of(Long.parseLong(pidFile.get(0).trim())).orElseThrow();
            return Stream.concat(Stream.of(postmaster), postmaster.descendants())
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Returns its port on 127.0.0.1. */
    public int port() {
        return port;
    }

    /** Returns a data source for a database as the superuser {@code postgres}; not pooled. */
    public PGSimpleDataSource dataSource(String database) {
        PGSimpleDataSource dataSource = new PGSimpleDataSource();
        dataSource.setServerNames(new String[] {"127.0.0.1"});
        dataSource.setPortNumbers(new int[] {port});
        dataSource.setDatabaseName(database);
        dataSource.setUser("postgres");
        dataSource.setPassword("postgres");
        return dataSource;
    }

    /** Creates an empty database. */
    public PGSimpleDataSource createDatabase(String name) {
        try (Connection connection = dataSource("postgres").getConnection();
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE DATABASE " + name);
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
        return dataSource(name);
    }

    /** Stops the server and removes its data. */
    @Override
    public void close() {
        stop();
        try (Stream<Path> files = Files.walk(directory)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Unpacked once for all servers of a user, because it takes seconds, into a directory that other users cannot
     * write.
     */
    private static Path binaries() {
        Path cache = Path.of(System.getProperty("user.home"), ".cache", "sipproxy");
        try {
            Files.createDirectories(cache);
            if (cache.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwx------"));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return cache.resolve("postgres");
    }
}

package org.sipproxy.server.database;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import org.postgresql.ds.PGSimpleDataSource;
import org.sipproxy.server.part.ServerDirectories;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * PostgreSQL server from Maven artefacts on 127.0.0.1, inaccessible to other users of this machine ({@link
 * EmbeddedAccess}). If another process of sipproxy already serves the directory, its server is shared: two proxies, or
 * a proxy and {@code add}, can use one directory, and the last of them stops it.
 */
public final class EmbeddedDatabase implements AutoCloseable {

    /** Role to connect as, with {@link #password}. Not a superuser. */
    public static final String USER = EmbeddedAccess.USER;

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedDatabase.class);
    private static final Duration START = Duration.ofSeconds(60);
    private final int port;
    private final EmbeddedAccess access;
    /** Null if another process started it. */
    private final @Nullable EmbeddedPostgres server;

    /** Directory of a server that another process started; null if this process started it. */
    private final @Nullable Path adopted;

    /** Directory of a server that this process started and others can use; null if there is none. */
    private final @Nullable Path kept;

    /** Directory that is removed at the end; null if the data are kept. */
    private final @Nullable Path temporary;

    private EmbeddedDatabase(
            int port,
            EmbeddedAccess access,
            @Nullable EmbeddedPostgres server,
            @Nullable Path adopted,
            @Nullable Path kept,
            @Nullable Path temporary) {
        this.port = port;
        this.access = access;
        this.server = server;
        this.adopted = adopted;
        this.kept = kept;
        this.temporary = temporary;
    }

    /**
     * Starts a server, or uses the running server of the directory.
     *
     * @throws DatabaseUnreachableException if the server does not start
     */
    public static EmbeddedDatabase start(Optional<Path> directory) {
        try {
            if (directory.isEmpty()) {
                Path temporary = Files.createTempDirectory("sipproxy-database");
                try {
                    return launch(temporary.resolve("data"), temporary);
                } catch (IOException | RuntimeException e) {
                    remove(temporary);
                    throw e;
                }
            }
            Path data = directory.get().toAbsolutePath().normalize();
            Optional<RunningCluster> running = RunningCluster.of(data);
            return running.isPresent() ? adopt(data, running.get()) : launch(data, null);
        } catch (IOException | RuntimeException e) {
            throw new DatabaseUnreachableException("the embedded PostgreSQL does not start: " + e.getMessage(), e);
        }
    }

    private static EmbeddedDatabase adopt(Path data, RunningCluster running) throws IOException {
        EmbeddedAccess access = EmbeddedAccess.of(data);
        if (access.isNew()) {
            throw new IOException("an earlier version of sipproxy serves " + data
                    + ", where every local user may connect; stop it, so that this version can protect the directory");
        }
        LOG.info(
                "using the embedded PostgreSQL of process {} on 127.0.0.1:{}, data in {}",
                running.pid(),
                running.port(),
                data);
        return new EmbeddedDatabase(running.port(), access, null, data, null, null);
    }

    private static EmbeddedDatabase launch(Path data, @Nullable Path temporary) throws IOException {
        Path binaries = binaries();
        EmbeddedAccess access = EmbeddedAccess.of(data);
        boolean wasOpen = access.isNew() && InitDb.isCluster(data);
        SharedServer.begin(data);
        EmbeddedPostgres server;
        try {
            server = start(data, binaries, access);
        } catch (IllegalStateException e) {
            throw new IOException(InitDb.isCluster(data) ? e.getMessage() : InitDb.whyNot(data, binaries), e);
        }
        if (wasOpen) {
            LOG.warn(
                    "{} was created by an earlier version, whose server let every local user connect; now only the"
                            + " user that runs this program can connect",
                    data);
        }
        LOG.info("embedded PostgreSQL listens on 127.0.0.1:{}, data in {}", server.getPort(), data);
        return new EmbeddedDatabase(server.getPort(), access, server, null, temporary == null ? data : null, temporary);
    }

    private static EmbeddedPostgres start(Path data, Path binaries, EmbeddedAccess access) throws IOException {
        return EmbeddedPostgres.builder()
                .setDataDirectory(data)
                .setDataDirectoryCustomizer(directory -> close(access, data, binaries))
                .setConnectConfig("password", access.superuserPassword())
                .setOverrideWorkingDirectory(binaries.toFile())
                .setCleanDataDirectory(false)
                .setRegisterShutdownHook(false)
                .setPGStartupWait(START)
                .setServerConfig("listen_addresses", "127.0.0.1")
                .setServerConfig("timezone", "UTC")
                // the defaults of the artefact lose committed data if the machine fails
                .setServerConfig("fsync", "on")
                .setServerConfig("synchronous_commit", "on")
                .setServerConfig("full_page_writes", "on")
                .start();
    }

    private static void close(EmbeddedAccess access, Path data, Path binaries) {
        try {
            access.close(data, binaries);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Returns the directory of the binaries, unpacked once per user. Its parent is private, so that others cannot
     * replace programs.
     */
    private static Path binaries() throws IOException {
        Path cache = new ServerDirectories(System.getenv()).cache();
        Files.createDirectories(cache);
        if (cache.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            Files.setPosixFilePermissions(cache, PosixFilePermissions.fromString("rwx------"));
        }
        return cache.resolve("postgres");
    }

    /** Returns the JDBC URL. */
    public String url() {
        return "jdbc:postgresql://127.0.0.1:" + port + "/postgres";
    }

    /** Returns a data source without a pool. */
    public DataSource dataSource() {
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setUrl(url());
        source.setUser(USER);
        source.setPassword(password());
        return source;
    }

    /** Returns the password of {@link #USER}. */
    public String password() {
        return access.password();
    }

    @Override
    public void close() {
        if (server != null && !isHandedOver()) {
            try {
                server.close();
            } catch (IOException e) {
                LOG.warn("the embedded PostgreSQL did not stop cleanly: {}", e.getMessage());
            }
        }
        if (adopted != null) {
            new SharedServer(adopted, dataSource()).stopUnlessUsed();
        }
        if (temporary != null) {
            remove(temporary);
        }
    }

    /** Returns true if other processes go on with the server that this one started. */
    private boolean isHandedOver() {
        return kept != null && new SharedServer(kept, dataSource()).handOver();
    }

    private static void remove(Path temporary) {
        try (Stream<Path> files = Files.walk(temporary)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            LOG.warn("{} could not be removed: {}", temporary, e.getMessage());
        }
    }
}

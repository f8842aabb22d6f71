package org.sipproxy.server.database;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Running server of a data directory, as recorded in {@code postmaster.pid}. After a power failure or in a container
 * the process number may belong to another program; PostgreSQL itself would then refuse to start.
 *
 * @param pid process number of the postmaster
 * @param port port of the server
 */
record RunningCluster(long pid, int port) {

    private static final Logger LOG = LoggerFactory.getLogger(RunningCluster.class);

    private static final String FILE = "postmaster.pid";
    private static final int START_LINE = 2;
    private static final int PORT_LINE = 3;

    /** Maximum difference between the start of the process and the recorded one; with more, it is another process. */
    private static final Duration START_TOLERANCE = Duration.ofSeconds(10);

    /**
     * Returns the running server of a directory. Removes a stale file that would prevent the next server from starting.
     */
    static Optional<RunningCluster> of(Path data) throws IOException {
        List<String> lines;
        try {
            lines = Files.readAllLines(data.resolve(FILE));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        Optional<ProcessHandle> process =
                number(lines, 0).flatMap(ProcessHandle::of).filter(ProcessHandle::isAlive);
        Optional<Long> port = number(lines, PORT_LINE);
        if (process.isPresent() && port.isPresent() && isServerOf(process.get(), data, number(lines, START_LINE))) {
            return Optional.of(
                    new RunningCluster(process.get().pid(), port.get().intValue()));
        }
        if (process.isPresent() || number(lines, 0).isEmpty()) {
            LOG.warn(
                    "removing {}, left by a killed server: process {} is another program",
                    data.resolve(FILE),
                    process.map(ProcessHandle::pid).map(String::valueOf).orElse("-"));
            Files.deleteIfExists(data.resolve(FILE));
        }
        return Optional.empty();
    }

    private static Optional<Long> number(List<String> lines, int line) {
        try {
            return lines.size() > line
                    ? Optional.of(Long.valueOf(lines.get(line).strip()))
                    : Optional.empty();
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    /**
     * Returns true if the process is the server: by its command line {@code postgres -D DIRECTORY} if visible,
     * otherwise by its start time.
     */
    private static boolean isServerOf(ProcessHandle process, Path data, Optional<Long> startSeconds) {
        Optional<List<String>> arguments = arguments(process);
        if (arguments.isPresent()) {
            return arguments.get().get(0).contains("postgres")
                    && arguments.get().stream().anyMatch(argument -> isSame(argument, data));
        }
        Optional<Instant> started = process.info().startInstant();
        return started.isEmpty()
                || startSeconds.isEmpty()
                || Duration.between(started.get(), Instant.ofEpochSecond(startSeconds.get()))
                                .abs()
                                .compareTo(START_TOLERANCE)
                        <= 0;
    }

    private static Optional<List<String>> arguments(ProcessHandle process) {
        Path commandLine = Path.of("/proc", Long.toString(process.pid()), "cmdline");
        try {
            String text = Files.readString(commandLine, StandardCharsets.ISO_8859_1);
            return Optional.of(List.of(text.split("\0")));
        } catch (IOException e) {
            return process.info().arguments().map(List::of);
        }
    }

    private static boolean isSame(String argument, Path data) {
        try {
            return argument.startsWith("/") && Files.isSameFile(Path.of(argument), data);
        } catch (IOException | RuntimeException e) {
            return false;
        }
    }
}

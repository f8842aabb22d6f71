package org.sipproxy.server;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Separate JVM that runs a class with a main method, with the class path of the tests. */
public final class JavaProcess implements AutoCloseable {

    private static final long PATIENCE_SECONDS = 60;

    private static final Path STATE = Path.of("target", "state").toAbsolutePath();

    private final Process process;
    /** Its directory for temporary files, which a JVM that is killed does not delete. */
    private final Path temporary;

    private final BlockingQueue<String> out = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> err = new LinkedBlockingQueue<>();
    private final List<Thread> readers;

    private JavaProcess(Process process, Path temporary) {
        this.process = process;
        this.temporary = temporary;
        this.readers = List.of(read(process.getInputStream(), out), read(process.getErrorStream(), err));
    }

    public static JavaProcess start(Class<?> main, String... args) throws IOException {
        return start(List.of(), main, args);
    }

    public static JavaProcess start(List<String> jvmOptions, Class<?> main, String... args) throws IOException {
        return start(Map.of(), jvmOptions, main, args);
    }

    /** Starts a JVM with more environment variables than this process has. */
    public static JavaProcess start(
            Map<String, String> environment, List<String> jvmOptions, Class<?> main, String... args)
            throws IOException {
        return start(List.of(), environment, jvmOptions, main, args);
    }

    /** Starts a JVM by a program that replaces itself with it, such as {@code nohup}. */
    static JavaProcess startBy(String program, List<String> jvmOptions, Class<?> main, String... args)
            throws IOException {
        return start(List.of(program), Map.of(), jvmOptions, main, args);
    }

    private static JavaProcess start(
            List<String> starter,
            Map<String, String> environment,
            List<String> jvmOptions,
            Class<?> main,
            String... args)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "--enable-native-access=ALL-UNNAMED", // as in the manifest of the launcher's jar
                "-cp",
                System.getProperty("java.class.path"),
                main.getName()));
        Path temporary = Files.createTempDirectory("sipproxy-process");
        command.addAll(1, jvmOptions);
        command.add(1, "-Djava.io.tmpdir=" + temporary); // jvmOptions may have another
        command.addAll(List.of(args));
        command.addAll(0, starter);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment()
                .put("XDG_STATE_HOME", STATE.toString()); // keeps the launcher's files in the build directory
        builder.environment().putAll(environment);
        return new JavaProcess(builder.start(), temporary);
    }

    private static Thread read(InputStream from, BlockingQueue<String> to) {
        Thread reader = new Thread(() -> {
            try (BufferedReader lines =
                    new BufferedReader(new java.io.InputStreamReader(from, StandardCharsets.UTF_8))) {
                lines.lines().forEach(to::add);
            } catch (IOException | java.io.UncheckedIOException e) {
                to.add("stream ended: " + e);
            }
        });
        reader.setDaemon(true);
        reader.start();
        return reader;
    }

    /** Waits for the next line on stdout that contains {@code part}; earlier lines are dropped. */
    public String awaitLine(String part) throws InterruptedException {
        List<String> seen = new ArrayList<>();
        while (true) {
            String line = out.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (line == null) {
                throw new AssertionError("no line with \"" + part + "\"; stdout: " + seen + "; stderr: " + err);
            }
            if (line.contains(part)) {
                return line;
            }
            seen.add(line);
        }
    }

    long pid() {
        return process.pid();
    }

    /** Sends SIGTERM. {@link Process#destroy} would close the streams too, under the readers. */
    void terminate() {
        process.toHandle().destroy();
    }

    /** Sends SIGHUP. */
    void hangUp() throws IOException, InterruptedException {
        signal("HUP");
    }

    /** Sends a signal, such as {@code USR1}. */
    void signal(String name) throws IOException, InterruptedException {
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                .start()
                .waitFor();
    }

    int awaitExit() throws InterruptedException {
        if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError("still running; stdout: " + out + "; stderr: " + err);
        }
        for (Thread reader : readers) {
            reader.join(TimeUnit.SECONDS.toMillis(PATIENCE_SECONDS));
        }
        deleteTemporaryFiles();
        return process.exitValue();
    }

    /** Returns the remaining lines of stdout. */
    List<String> out() {
        return List.copyOf(out);
    }

    List<String> err() {
        return List.copyOf(err);
    }

    /** Kills the process if it is still running, and deletes its temporary files. */
    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS);
            deleteTemporaryFiles();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void deleteTemporaryFiles() {
        if (!Files.exists(temporary)) {
            return;
        }
        try (Stream<Path> files = Files.walk(temporary)) {
            files.sorted(Comparator.reverseOrder())
                    .forEach(file -> file.toFile().delete());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}

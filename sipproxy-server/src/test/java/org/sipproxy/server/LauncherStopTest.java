package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What remains of a server that a signal ended. */
@Timeout(120)
class LauncherStopTest {

    @TempDir
    private Path temporary;

    private JavaProcess run(String... options) throws Exception {
        return run(List.of(), options);
    }

    private JavaProcess run(List<String> ofTheJvm, String... options) throws Exception {
        String[] fixed = {"run", "--domain=sip.test", "--subscriber=1001:test1234", "--control=none"};
        return JavaProcess.start(
                Map.of(),
                Stream.concat(Stream.of("-Djava.io.tmpdir=" + temporary), ofTheJvm.stream())
                        .toList(),
                Launcher.class,
                Stream.concat(Stream.of(fixed), Stream.of(options)).toArray(String[]::new));
    }

    @Test
    void generatedKeyIsDeleted() throws Exception {
        try (JavaProcess server = run("--listen=tls:127.0.0.1:0", "--tls-self-signed")) {
            server.awaitLine("READY");
            assertThat(temporary).isDirectoryRecursivelyContaining(file -> file.endsWith("key.pem"));
            server.terminate();

            assertThat(server.awaitExit()).isZero();
            assertThat(temporary)
                    .isDirectoryNotContaining(file -> file.toString().contains("sipproxy"));
        }
    }

    @Test
    void signalDuringTheStartLeavesNoDatabaseBehind() throws Exception {
        try (JavaProcess server = run("--listen=udp:127.0.0.1:0", "--database=embedded")) {
            ProcessHandle process = ProcessHandle.of(server.pid()).orElseThrow();
            await().atMost(Duration.ofSeconds(60))
                    .until(() -> process.descendants().findAny().isPresent());
            List<ProcessHandle> started = process.descendants().toList();
            server.terminate();

            assertThat(server.awaitExit()).isZero();
            assertThat(started).noneMatch(ProcessHandle::isAlive);
            assertThat(temporary)
                    .isDirectoryNotContaining(file -> file.toString().contains("sipproxy"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"USR1", "USR2"})
    void signalsOfLogScriptsDoNotEndTheServer(String signal) throws Exception {
        try (JavaProcess server = JavaProcess.start(
                Map.of("_JAVA_SR_SIGNUM", "40"), // as in the command of the package
                List.of("-Djava.io.tmpdir=" + temporary),
                Launcher.class,
                "run",
                "--domain=sip.test",
                "--subscriber=1001:test1234",
                "--control=none",
                "--listen=udp:127.0.0.1:0")) {
            server.awaitLine("READY");
            server.signal(signal);

            await().untilAsserted(() ->
                    assertThat(server.err()).anyMatch(line -> line.contains("SIG" + signal + " ignored")));
            server.terminate();
            assertThat(server.awaitExit()).isZero();
        }
    }

    @Test
    void flightRecordingIsComplete() throws Exception {
        Path recording = temporary.resolve("proxy.jfr");
        List<String> records = List.of("-XX:StartFlightRecording=filename=" + recording);
        try (JavaProcess server = run(records, "--listen=udp:127.0.0.1:0")) {
            server.awaitLine("READY");
            server.terminate();

            assertThat(server.awaitExit()).isZero();
            assertThat(RecordingFile.readAllEvents(recording)).isNotEmpty();
        }
    }
}

package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** The launcher as a service of systemd, whose socket a Python program opens. It sees the sender's process ID. */
@Timeout(180)
@EnabledOnOs(value = OS.LINUX, disabledReason = "systemd is a program for Linux")
class SystemdProcessTest {

    private static final String RECEIVER = """
            import socket, struct, sys
            name = sys.argv[1]
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            s.bind("\\0" + name[1:] if name[0] == "@" else name)
            s.settimeout(120)
            print("listening", flush=True)
            while True:
                data, control, flags, address = s.recvmsg(4096, 64)
                pid = struct.unpack("3i", control[0][2][:12])[0]
                print(pid, data.decode().replace("\\n", "|"), flush=True)
            """;

    @BeforeEach
    void needsPython() {
        boolean installed;
        try {
            installed = new ProcessBuilder("python3", "-c", "").start().waitFor() == 0;
        } catch (IOException | InterruptedException e) {
            installed = false;
        }
        assumeTrue(installed, "python3 is not installed: the socket of systemd cannot be opened independently");
    }

    @Test
    void socketWithAPathGetsTheMessagesOfTheMainProcess(@TempDir Path directory) throws Exception {
        assertLifecycle(directory.resolve("notify").toString());
    }

    @Test
    void socketInTheAbstractNamespaceGetsTheSame() throws Exception {
        assertLifecycle("@sipproxy-test-" + UUID.randomUUID());
    }

    private static void assertLifecycle(String address) throws Exception {
        Process receiver = new ProcessBuilder("python3", "-c", RECEIVER, address)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(receiver.getInputStream(), StandardCharsets.UTF_8))) {
            assertThat(lines.readLine()).isEqualTo("listening");
            try (JavaProcess server = JavaProcess.start(
                    Map.of("NOTIFY_SOCKET", address, "WATCHDOG_USEC", "400000"),
                    List.of(),
                    Launcher.class,
                    "run",
                    "--listen=udp:127.0.0.1:0",
                    "--domain=sip.test",
                    "--no-auth")) {
                String endpoint = server.awaitLine("READY").substring("READY ".length());
                String from = server.pid() + " ";

                assertThat(lines.readLine()).startsWith(from + "READY=1|STATUS=serving " + endpoint);
                assertThat(lines.readLine()).startsWith(from + "WATCHDOG=1");
                server.terminate();
                String last = lines.readLine();
                while (last.startsWith(from + "WATCHDOG=1")) {
                    last = lines.readLine();
                }
                assertThat(last).startsWith(from + "STOPPING=1|");
                assertThat(server.awaitExit()).isZero();
            }
        } finally {
            receiver.destroyForcibly();
        }
    }
}

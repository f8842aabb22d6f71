package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no POSIX permissions")
class SecretFileTest {

    @TempDir
    private Path directory;

    @Test
    void concurrentStartsGetOneSecretThatOnlyTheirUserCanRead() throws Exception {
        Path file = directory.resolve("secret");
        Callable<String> start = () -> Arrays.toString(new SecretFile(file).readOrCreate());
        ExecutorService starts = Executors.newFixedThreadPool(8);
        try {
            var all =
                    starts.invokeAll(IntStream.range(0, 8).mapToObj(i -> start).toList());
            String first = all.get(0).get();
            for (var one : all) {
                assertThat(one.get()).isEqualTo(first);
            }
        } finally {
            starts.shutdown();
        }

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------");
        assertThat(Files.readString(file)).matches("[0-9a-f]{64}\n");
        try (var files = Files.list(directory)) {
            assertThat(files).as("no temporary file is left").containsExactly(file);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwx-----x"})
    void aFileThatOthersHaveAccessToIsRefusedWithTheRemedy(String permissions) throws IOException {
        Path file = directory.resolve("secret");
        new SecretFile(file).readOrCreate();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));

        assertThatThrownBy(() -> new SecretFile(file).readOrCreate())
                .isInstanceOf(IOException.class)
                .hasMessageContaining(permissions)
                .hasMessageContaining("chmod 600 " + file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "hunter2", "0123456789abcdef", "0123456789abcdef0123456789abcdeg"})
    void invalidSecretIsRefusedAndNotShown(String text) throws IOException {
        Path file = directory.resolve("secret");
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

        assertThatThrownBy(() -> new SecretFile(file).readOrCreate())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("32 to 2048 hexadecimal digits")
                .satisfies(e -> assertThat(text.isEmpty() || !e.getMessage().contains(text))
                        .isTrue());
    }

    @Test
    void secretOfAnotherToolIsAccepted() throws IOException {
        Path file = directory.resolve("secret");
        Files.writeString(file, "00112233445566778899AABBCCDDEEFF\r\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--------"));

        assertThat(new SecretFile(file).readOrCreate()).hasSize(16).startsWith(0, 0x11, 0x22);
    }

    @Test
    void defaultFileIsNamedAfterTheDomainInTheStateDirectory() {
        assertThat(new SecretOptions(Map.of("STATE_DIRECTORY", "/var/lib/sip:/var/lib/b", "XDG_STATE_HOME", "/x"))
                        .ofDomain("SIP.test")
                        .path())
                .isEqualTo(Path.of("/var/lib/sip/sip.test.secret"));
        assertThat(new SecretOptions(Map.of("XDG_STATE_HOME", "/x"))
                        .ofDomain("../a")
                        .path())
                .isEqualTo(Path.of("/x/sipproxy/.._a.secret"));
        assertThat(new SecretOptions(Map.of()).ofDomain("a.test").path())
                .isEqualTo(Path.of(System.getProperty("user.home"), ".local/state/sipproxy/a.test.secret"));
    }

    @Test
    void checkReportsAnUnusableFileAndCreatesNone() throws IOException {
        Path file = directory.resolve("secret");
        assertThat(check("--secret-file=" + file)).isEmpty();
        assertThat(file).doesNotExist();
        assertThat(check("--secret-file=" + directory.resolve("missing/secret")))
                .contains("--secret-file: ", "is not a directory that this user may write to");

        new SecretFile(file).readOrCreate();
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(check("--secret-file=" + file)).contains("--secret-file: " + file, "chmod 600 " + file);
    }

    private static String check(String option) {
        StringWriter err = new StringWriter();
        Launcher.execute(
                new PrintWriter(new StringWriter()),
                new PrintWriter(err),
                List.of("check", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--no-auth", option)
                        .toArray(new String[0]));
        return err.toString();
    }
}

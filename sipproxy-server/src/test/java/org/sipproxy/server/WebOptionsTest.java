package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class WebOptionsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int check(String... options) {
        List<String> args = new ArrayList<>(
                List.of("check", "--listen=udp:127.0.0.1:0", "--domain=sip.test", "--subscriber=1001:test1234"));
        args.addAll(List.of(options));
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), args.toArray(new String[0]));
    }

    @Test
    void loopbackNeedsNoToken() {
        assertThat(check("--web=127.0.0.1:0")).isZero();
        assertThat(out.toString()).contains("web       http 127.0.0.1:0");
        assertThat(check("--web=[::1]:0")).isZero();
    }

    @Test
    void anotherAddressWithoutATokenIsReportedWithTheFix() {
        assertThat(check("--web=0.0.0.0:8080")).isEqualTo(2);
        assertThat(err.toString())
                .contains("--web: 0.0.0.0:8080 can be reached from other machines; add --web-token-file FILE, which is"
                        + " created, or use --web 127.0.0.1:8080");
    }

    @Test
    void wrongAddressIsReported() {
        for (String wrong : List.of("8080", "127.0.0.1", "127.0.0.1:http", ":8080", "::1:8080", "127.0.0.1:65536")) {
            err.getBuffer().setLength(0);
            assertThat(check("--web=" + wrong)).as(wrong).isEqualTo(2);
            assertThat(err.toString()).contains("--web: \"" + wrong + "\" (expected HOST:PORT");
        }
    }

    @Test
    void tokenAndNamesWithoutWebAreReported() {
        assertThat(check("--web-token-file=token", "--web-name=sip.example")).isEqualTo(2);
        assertThat(err.toString())
                .contains("--web-token-file: has no effect without --web")
                .contains("--web-name: has no effect without --web");
    }

    @Test
    void nameIsAHostNameAndForServersWithoutAToken(@TempDir Path directory) {
        assertThat(check("--web=127.0.0.1:0", "--web-name=sip.example", "--web-name=pbx"))
                .isZero();
        assertThat(check("--web=127.0.0.1:0", "--web-name=sip.example:8080")).isEqualTo(2);
        assertThat(err.toString()).contains("--web-name: \"sip.example:8080\" (expected a host name without a port)");
        assertThat(check("--web=127.0.0.1:0", "--web-name=pbx", "--web-token-file=" + directory.resolve("token")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--web-name: has no effect with --web-token-file");
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void tokenFileMustBePrivateAndHoldAToken(@TempDir Path directory) throws Exception {
        Path file = directory.resolve("token");
        assertThat(check("--web=0.0.0.0:0", "--web-token-file=" + file)).isZero();
        assertThat(file).doesNotExist(); // check creates nothing

        Files.writeString(file, "0123456789abcdef0123456789abcdef\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(check("--web=0.0.0.0:0", "--web-token-file=" + file)).isEqualTo(2);
        assertThat(err.toString())
                .contains("--web-token-file: " + file + " is accessible to other users")
                .doesNotContain("0123456789abcdef");

        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        assertThat(check("--web=0.0.0.0:0", "--web-token-file=" + file)).isZero();

        Files.writeString(file, "secret\n");
        assertThat(check("--web=0.0.0.0:0", "--web-token-file=" + file)).isEqualTo(2);
        assertThat(err.toString())
                .contains("is not a line of 32 to 2048 hexadecimal digits")
                .doesNotContain("secret;");
    }
}

package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.transport.Endpoint;

/** Warnings of {@code check} for certificates and files with secrets. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "no POSIX permissions")
class CertificateCheckTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int check(String domain, Path certificate, Path key) {
        return Launcher.execute(
                new PrintWriter(out),
                new PrintWriter(err),
                "check",
                "--listen=tls:127.0.0.1:0",
                "--domain=" + domain,
                "--no-auth",
                "--tls-certificate=" + certificate,
                "--tls-key=" + key);
    }

    @Test
    void certificateForAnotherDomainIsAWarningWithItsNames() throws IOException {
        SelfSignedCertificate made =
                SelfSignedCertificate.in(folder, List.of("sip.test"), List.of(Endpoint.tls("127.0.0.1", 5061)));

        assertThat(check("SIP.test", made.certificate(), made.key())).isZero();
        assertThat(err.toString()).isEmpty();

        assertThat(check("other.test", made.certificate(), made.key())).isZero();
        assertThat(err.toString())
                .contains("warning: --tls-certificate: the certificate in " + made.certificate())
                .contains("sip.test, not for other.test")
                .contains("request one whose subjectAltName has every domain");
    }

    @Test
    void keyThatEveryUserCanReadIsAWarning() throws IOException {
        SelfSignedCertificate made = SelfSignedCertificate.in(
                Files.createDirectory(folder.resolve("made")),
                List.of("sip.test"),
                List.of(Endpoint.tls("127.0.0.1", 5061)));
        Path key = Files.copy(made.key(), folder.resolve("key.pem"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(check("sip.test", made.certificate(), key)).isZero();
        assertThat(err.toString()).contains("--tls-key: every user of this machine can read " + key + "; chmod 600");

        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r-----"));
        assertThat(CertificateCheck.readableByOthers("--tls-key", key.toString()))
                .isEmpty();
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
        assertThat(CertificateCheck.readableByOthers("--tls-key", key.toString()))
                .isEmpty();
    }

    @Test
    void configurationFileWithPasswordsThatEveryUserCanReadIsAWarning() throws IOException {
        Path file = Files.writeString(
                folder.resolve("sipproxy.conf"), "listen udp:127.0.0.1:0\ndomain sip.test\nsubscriber 1001:secret\n");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));

        assertThat(Launcher.execute(new PrintWriter(out), new PrintWriter(err), "check", "--config", file.toString()))
                .isZero();
        assertThat(err.toString()).contains("--config: every user of this machine can read " + file);
    }

    @Test
    void keyOfTheCollectorThatEveryUserCanReadIsAWarning() throws IOException {
        Path key = Files.writeString(folder.resolve("hep.key"), "secret\n");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        Files.setPosixFilePermissions(key, PosixFilePermissions.fromString("rw-r--r--"));

        int status = Launcher.execute(
                new PrintWriter(out),
                new PrintWriter(err),
                "check",
                "--listen=udp:127.0.0.1:0",
                "--domain=sip.test",
                "--no-auth",
                "--hep=127.0.0.1:9060",
                "--hep-key-file=" + key);

        assertThat(status).isZero();
        assertThat(err.toString()).contains("--hep-key-file: every user of this machine can read " + key);
    }
}

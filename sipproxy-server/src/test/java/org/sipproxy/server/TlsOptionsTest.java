package org.sipproxy.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.TlsSettings;

/** Options for certificates. */
@Timeout(120)
class TlsOptionsTest {

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @TempDir
    private Path folder;

    private int check(String... args) {
        List<String> all = new ArrayList<>(List.of("check", "--domain=sip.test", "--no-auth"));
        all.addAll(List.of(args));
        return Launcher.execute(new PrintWriter(out), new PrintWriter(err), all.toArray(new String[0]));
    }

    private SelfSignedCertificate certificate() throws Exception {
        return SelfSignedCertificate.in(
                Files.createTempDirectory(folder, "tls"), List.of("sip.test"), List.of(Endpoint.tls("127.0.0.1", 0)));
    }

    @Test
    void aCertificateAndItsKeyAreChecked() throws Exception {
        SelfSignedCertificate one = certificate();
        SelfSignedCertificate other = certificate();

        int good = check(
                "--listen=tls:127.0.0.1:0",
                "--listen=wss:127.0.0.1:0",
                "--tls-certificate=" + one.certificate(),
                "--tls-key=" + one.key(),
                "--tls-trust=" + other.certificate(),
                "--tls-client-auth=WANT",
                "--ws-origin=https://phone.example.org");

        assertThat(err.toString()).isEmpty();
        assertThat(good).isZero();
        assertThat(out.toString())
                .contains("tls       " + one.certificate() + ", trusts " + other.certificate()
                        + ", client certificates: want");
        int bad =
                check("--listen=tls:127.0.0.1:0", "--tls-certificate=" + one.certificate(), "--tls-key=" + other.key());
        assertThat(bad).isEqualTo(2);
        assertThat(err.toString()).contains("--tls-key: " + other.key() + " is not the key of the first certificate");
    }

    @Test
    void problemsOfTheFilesAreReportedWithAllOtherProblems() throws Exception {
        Path text = Files.writeString(folder.resolve("text.pem"), "hello");

        int status = check(
                "--listen=tls:127.0.0.1:0",
                "--tls-certificate=no-such-file.pem",
                "--tls-key=" + text,
                "--max-contacts=100");

        assertThat(status).isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "--tls-certificate: no-such-file.pem does not exist",
                        "--tls-key: " + text + " is not a PEM file",
                        "--max-contacts");
    }

    @Test
    void aTlsEndpointNeedsACertificate() {
        assertThat(check("--listen=wss:127.0.0.1:0")).isEqualTo(2);
        assertThat(err.toString().lines()).hasSize(1);
        assertThat(err.toString()).contains("add --tls-certificate FILE --tls-key FILE, or --tls-self-signed");
    }

    @Test
    void optionsWithoutEffectOrMeaningAreReported() {
        assertThat(check("--listen=udp:127.0.0.1:0", "--tls-key=key.pem")).isEqualTo(2);
        assertThat(err.toString()).contains("--tls-key: has no effect without a TLS endpoint");
        assertThat(check("--listen=tls:127.0.0.1:0", "--tls-self-signed", "--tls-client-auth=maybe"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--tls-client-auth: \"maybe\" (expected none, want or need)");
        assertThat(check("--listen=tls:127.0.0.1:0", "--tls-self-signed", "--tls-handshake-timeout=1h"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("--tls-handshake-timeout: 1h (expected 100ms to 2m)")
                .doesNotContain("needs a certificate");
        assertThat(check("--listen=ws:127.0.0.1:0", "--ws-origin=phone.example.org"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--ws-origin: \"phone.example.org\" (expected scheme and host");
    }

    @Test
    void aRenewedCertificateIsReadWhenItsFileHasChanged() throws Exception {
        SelfSignedCertificate old = certificate();
        SelfSignedCertificate renewed = certificate();
        Path chain = Files.copy(old.certificate(), folder.resolve("chain.pem"));
        Path key = Files.copy(old.key(), folder.resolve("key.pem"));
        TlsSettings settings = TlsSettings.builder().certificate(chain, key).build();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.tls("127.0.0.1", 0))
                .tls(settings)
                .domain("sip.test")
                .noAuthentication()
                .build()) {
            CertificateWatch watch = new CertificateWatch();
            proxy.start();
            watch.start(proxy);
            String first = serial(proxy);
            replace(chain, renewed.certificate());
            watch.look(proxy);
            assertThat(serial(proxy)).as("its key is not there yet").isEqualTo(first);

            replace(key, renewed.key());
            watch.look(proxy);

            assertThat(serial(proxy)).isNotEqualTo(first);
            watch.stop();
        }
    }

    private static void replace(Path file, Path by) throws Exception {
        Files.copy(by, file, StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(5)));
    }

    private static String serial(SipProxy proxy) throws Exception {
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, new TrustManager[] {new TrustingAll()}, null);
        try (SSLSocket phone = (SSLSocket) context.getSocketFactory()
                .createSocket("127.0.0.1", proxy.boundEndpoints().get(0).port())) {
            phone.startHandshake();
            X509Certificate certificate = (X509Certificate) phone.getSession().getPeerCertificates()[0];
            return certificate.getSerialNumber().toString();
        }
    }

    @Test
    @DisabledOnOs(value = OS.WINDOWS, disabledReason = "Process.destroy() is not a SIGTERM there")
    void aSelfSignedCertificateServesALaboratory() throws Exception {
        try (JavaProcess launcher = JavaProcess.start(
                Launcher.class,
                "run",
                "--domain=sip.test",
                "--no-auth",
                "--listen=tls:127.0.0.1:0",
                "--listen=ws:127.0.0.1:0",
                "--tls-self-signed")) {
            String ready = launcher.awaitLine("READY");
            assertThat(ready).matches("READY tls:127\\.0\\.0\\.1:[1-9]\\d* ws:127\\.0\\.0\\.1:[1-9]\\d*");
            int port = Integer.parseInt(ready.replaceAll("READY tls:127\\.0\\.0\\.1:(\\d+) .*", "$1"));

            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustingAll()}, null);
            try (SSLSocket phone = (SSLSocket) context.getSocketFactory().createSocket("127.0.0.1", port)) {
                phone.startHandshake();
                assertThat(phone.getSession().getPeerCertificates()).hasSize(1);
            }
            launcher.terminate();
            assertThat(launcher.awaitExit()).isZero();
            assertThat(launcher.err()).anyMatch(line -> line.contains("certificate generated: "));
        }
    }

    /** Trust manager that accepts every certificate, as for phones in a laboratory. */
    private static final class TrustingAll extends javax.net.ssl.X509ExtendedTrustManager {

        @Override
        public void checkClientTrusted(java.security.cert.X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String type) {}

        @Override
        public void checkClientTrusted(
                java.security.cert.X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkServerTrusted(
                java.security.cert.X509Certificate[] chain, String type, java.net.Socket socket) {}

        @Override
        public void checkClientTrusted(
                java.security.cert.X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public void checkServerTrusted(
                java.security.cert.X509Certificate[] chain, String type, javax.net.ssl.SSLEngine engine) {}

        @Override
        public java.security.cert.X509Certificate[] getAcceptedIssuers() {
            return new java.security.cert.X509Certificate[0];
        }
    }
}

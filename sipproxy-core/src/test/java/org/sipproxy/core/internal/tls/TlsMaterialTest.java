package org.sipproxy.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import javax.crypto.SecretKey;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.PBEParameterSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.TlsSettings;

/** Problems that are reported for the files of a certificate. */
class TlsMaterialTest {

    private static final TestCertificate EC = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");
    private static final TestCertificate RSA =
            TestCertificate.with("-keyalg", "RSA", "-keysize", "2048", "-ext", "san=dns:sip.test");

    @TempDir
    private Path folder;

    private static TlsSettings.Builder of(Path chain, Path key) {
        return TlsSettings.builder().certificate(chain, key);
    }

    private Path file(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void certificatesOfBothKindsOfKeyAreFine() {
        assertThat(TlsMaterial.problems(of(EC.chain(), EC.key()).build())).isEmpty();
        assertThat(TlsMaterial.problems(
                        of(RSA.chain(), RSA.key()).trust(EC.chain()).build()))
                .isEmpty();
    }

    @Test
    void aChainAndItsKeyMayBeOneFile() throws IOException {
        Path both = file("both.pem", "our key\n" + Files.readString(EC.key()) + Files.readString(EC.chain()));

        assertThat(TlsMaterial.problems(of(both, both).build())).isEmpty();
    }

    @Test
    void allProblemsAreReportedTogether() throws IOException {
        Path nothing = folder.resolve("nothing.pem");
        Path text = file("text.pem", "hello");

        assertThat(TlsMaterial.problems(of(nothing, text).trust(EC.key()).build()))
                .extracting(ConfigurationProblem::text)
                .containsExactly(
                        "tls: certificate: " + nothing + " does not exist; check the path",
                        "tls: key: " + text + " is not a PEM file (expected -----BEGIN ...); convert a DER file with"
                                + " openssl x509 or pkcs8",
                        "tls: trust: " + EC.key() + " holds no certificate (expected BEGIN CERTIFICATE)");
    }

    @Test
    void keyOfAnotherCertificateIsReported() {
        assertThat(TlsMaterial.problems(of(EC.chain(), RSA.key()).build()))
                .singleElement()
                .asString()
                .contains(RSA.key().toString(), "is not the key of the first certificate in " + EC.chain());
    }

    @ParameterizedTest
    @ValueSource(strings = {"RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"})
    void keyOfAnOldFormatIsReportedWithTheConversionCommand(String label) throws IOException {
        Path key = file("old.pem", TestCertificate.pem(label, new byte[] {1, 2, 3}));

        assertThat(TlsMaterial.problems(of(EC.chain(), key).build()))
                .singleElement()
                .asString()
                .contains("in the format of BEGIN " + label, "openssl pkcs8 -topk8 -nocrypt -in " + key);
    }

    @Test
    void keyWithHeadersOfAnOldFormatIsReportedLikewise() throws IOException {
        Path key = file("old.pem", """
                -----BEGIN RSA PRIVATE KEY-----
                Proc-Type: 4,ENCRYPTED
                DEK-Info: AES-128-CBC,00

                AAAA
                -----END RSA PRIVATE KEY-----
                """);

        assertThat(TlsMaterial.problems(of(EC.chain(), key).build()))
                .singleElement()
                .asString()
                .contains("openssl pkcs8 -topk8");
    }

    @Test
    void truncatedFileIsReported() throws IOException {
        String whole = Files.readString(EC.key());
        Path cut = file("cut.pem", whole.substring(0, whole.length() / 2));

        assertThat(TlsMaterial.problems(of(EC.chain(), cut).build()))
                .singleElement()
                .asString()
                .endsWith("has a BEGIN line without an END line; check that the file is complete");
    }

    @Test
    void expiredCertificateIsReported() {
        TestCertificate ended =
                TestCertificate.with("-keyalg", "EC", "-groupname", "secp256r1", "-startdate", "-3d", "-validity", "1");
        TestCertificate early =
                TestCertificate.with("-keyalg", "EC", "-groupname", "secp256r1", "-startdate", "+3d", "-validity", "1");

        assertThat(TlsMaterial.problems(of(ended.chain(), ended.key()).build()))
                .singleElement()
                .asString()
                .contains(" which expired at ", "renew it");
        assertThat(TlsMaterial.problems(of(early.chain(), early.key()).build()))
                .singleElement()
                .asString()
                .contains("which is not valid before ");
    }

    @Test
    void anEncryptedKeyNeedsItsPassword() throws Exception {
        Path key = file("encrypted.pem", encrypted("test1234"));
        AtomicReference<char[]> handed = new AtomicReference<>();

        assertThat(TlsMaterial.problems(of(EC.chain(), key).build()))
                .singleElement()
                .asString()
                .contains("is encrypted; give its password with keyPassword");
        assertThat(TlsMaterial.problems(of(EC.chain(), key)
                        .keyPassword(() -> "wrong".toCharArray())
                        .build()))
                .singleElement()
                .asString()
                .contains("cannot be decrypted; check the password of keyPassword");
        TlsSettings right = of(EC.chain(), key)
                .keyPassword(() -> {
                    handed.set("test1234".toCharArray());
                    return handed.get();
                })
                .build();
        assertThat(TlsMaterial.problems(right)).isEmpty();
        assertThat(handed.get()).as("overwritten").containsOnly('\0');
        assertThat(right.toString()).doesNotContain("test1234");
    }

    @Test
    void aPasswordThatIsMissingOrCannotBeReadIsReported() throws Exception {
        Path key = file("encrypted.pem", encrypted("test1234"));
        Supplier<char[]> failing = () -> {
            throw new IllegalStateException("no vault");
        };

        assertThat(TlsMaterial.problems(
                        of(EC.chain(), key).keyPassword(() -> null).build()))
                .singleElement()
                .asString()
                .contains("is encrypted; give its password with keyPassword");
        assertThat(TlsMaterial.problems(of(EC.chain(), key).keyPassword(failing).build()))
                .singleElement()
                .asString()
                .contains("cannot be read: no vault");
    }

    @ParameterizedTest
    @ValueSource(strings = {DES, SCRYPT})
    void encryptionThatTheJdkDoesNotSupportIsNotAWrongPassword(String pem) throws IOException {
        Path key = file("key.pem", pem);

        assertThat(TlsMaterial.problems(of(EC.chain(), key)
                        .keyPassword(() -> "pw123456".toCharArray())
                        .build()))
                .singleElement()
                .asString()
                .contains(
                        "has an encryption that this JDK (",
                        ") does not support; convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in " + key);
    }

    /** What {@code openssl req -newkey} of OpenSSL 3 writes: PBES2 with des-ede3-cbc. */
    private static final String DES = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHjME4GCSqGSIb3DQEFDTBBMCkGCSqGSIb3DQEFDDAcBAjy72o86MGRygICCAAw
            DAYIKoZIhvcNAgkFADAUBggqhkiG9w0DBwQI3S2UuKyf7RwEgZAXUmtmBQwB8Guo
            5VRIeVult75/KBYdS9cyv84v0M6fk6YnXojGgjl6iwCzN582ty7pM88ZYaVK0xh7
            YSswbBNXpWONq+PlKDC2ZRlx+D8KtTGomLKgphHHeAaq44Ewqak049R3vaOXdwGZ
            SAtPpVQSc7ruG1adli7JIqCmbZWQ7DDPy0tdoqOc00ZFJOmda+A=
            -----END ENCRYPTED PRIVATE KEY-----
            """;

    /** What {@code openssl pkcs8 -topk8 -scrypt} writes. */
    private static final String SCRYPT = """
            -----BEGIN ENCRYPTED PRIVATE KEY-----
            MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAghQ4u7zqRL4gICQAAC
            AQgCAQEwHQYJYIZIAWUDBAEqBBD53mJSGnSRIBMqpAT1J6JpBIGQYF4hCCSNPhE8
            nrUtlojTg1NkpgWuoQUGMKhbPhLvtMTX1t4QDpsYhYPnxSlhVXhxNJxI7DTLERmT
            Y/vfIPHzrCaj+5837HPoeCD36Qp5TCMqz1DANbNoJl7dMYRrQsogztERisBJtd7R
            tp1EPvDox9FJd9TTZQLEqKdO5tzMeS03t+mzp4Ct8Yt0yc4xs0vO
            -----END ENCRYPTED PRIVATE KEY-----
            """;

    /** Returns the output of {@code openssl pkcs8 -topk8}. */
    private static String encrypted(String password) throws GeneralSecurityException, IOException {
        String algorithm = "PBEWithHmacSHA256AndAES_256";
        SecretKey secret =
                SecretKeyFactory.getInstance(algorithm).generateSecret(new PBEKeySpec(password.toCharArray()));
        Cipher cipher = Cipher.getInstance(algorithm);
        cipher.init(Cipher.ENCRYPT_MODE, secret, new PBEParameterSpec(new byte[16], 2_048));
        byte[] content = cipher.doFinal(EC.privateKey().getEncoded());
        byte[] pbes2 = {0x06, 0x09, 0x2a, (byte) 0x86, 0x48, (byte) 0x86, (byte) 0xf7, 0x0d, 0x01, 0x05, 0x0d};
        byte[] identifier = der(0x30, pbes2, cipher.getParameters().getEncoded());
        return TestCertificate.pem("ENCRYPTED PRIVATE KEY", der(0x30, identifier, der(0x04, content)));
    }

    /** Returns one value in DER, shorter than 64 kB. */
    private static byte[] der(int tag, byte[]... parts) throws IOException {
        ByteArrayOutputStream content = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            content.write(part);
        }
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write(tag);
        out.write(0x82); // two bytes of length follow
        out.write(content.size() >> 8);
        out.write(content.size());
        content.writeTo(out);
        return out.toByteArray();
    }

    @Test
    void theBuilderReportsAllProblems() {
        assertThatThrownBy(() -> TlsSettings.builder()
                        .protocols("TLSv1")
                        .handshakeTimeout(Duration.ofHours(1))
                        .build())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("tls: certificate: none; name two PEM files")
                .hasMessageContaining("tls: protocols: TLSv1 (expected TLSv1.3, TLSv1.2 or both)")
                .hasMessageContaining("tls: handshakeTimeout: 1h (expected 100ms to 2m)");
    }

    @Test
    void aPrivateKeyIsNeverInAMessage() throws IOException {
        String body = Files.readString(EC.key(), StandardCharsets.US_ASCII).split("\n", -1)[1];

        assertThat(TlsMaterial.problems(of(EC.key(), EC.chain()).build()).toString())
                .doesNotContain(body);
    }
}

package org.sipproxy.core.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.core.options.TlsSettings;

/** Certificates and keys that are read from a key store, and the problems that are reported for it. */
class KeyStoreEntriesTest {

    private static final TestCertificate EC = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");
    private static final TestCertificate RSA =
            TestCertificate.with("-keyalg", "RSA", "-keysize", "2048", "-ext", "san=dns:sip.test");

    private static KeyStore empty() {
        try {
            KeyStore store = KeyStore.getInstance("PKCS12");
            store.load(null, null);
            return store;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static KeyStore with(
            KeyStore store, String alias, PrivateKey key, @Nullable String password, Certificate c) {
        try {
            store.setKeyEntry(alias, key, password == null ? null : password.toCharArray(), new Certificate[] {c});
            return store;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static KeyStore with(KeyStore store, String alias, TestCertificate one, @Nullable String password) {
        return with(store, alias, one.privateKey(), password, one.certificate());
    }

    private static KeyStore trusting(KeyStore store, TestCertificate... trusted) {
        try {
            for (int i = 0; i < trusted.length; i++) {
                store.setCertificateEntry("authority" + i, trusted[i].certificate());
            }
            return store;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static TlsSettings.Builder of(KeyStore store, String alias) {
        return TlsSettings.builder().keyStore(() -> store, alias);
    }

    private static List<String> problems(TlsSettings.Builder settings) {
        return TlsMaterial.problems(settings.build()).stream()
                .map(problem -> problem.text())
                .toList();
    }

    @Test
    void theOnlyKeyIsFoundWithoutAnAlias() {
        TlsMaterial read = TlsMaterial.read(of(with(empty(), "own", EC, null), "")
                .trustStore(() -> trusting(with(empty(), "other", RSA, null), RSA, EC))
                .build());

        assertThat(read.key()).isEqualTo(EC.privateKey());
        assertThat(read.chain()).containsExactly(EC.certificate());
        assertThat(read.anchors()).containsExactlyInAnyOrder(RSA.certificate(), EC.certificate());
        assertThat(read.warnings()).isEmpty();
    }

    @Test
    void severalKeysNeedAnAlias() {
        KeyStore two = with(with(empty(), "a", EC, "one"), "b", RSA, "two");

        assertThat(problems(of(two, "")))
                .containsExactly("tls: keyStore: holds several keys: [a, b]; name the alias of one");
        assertThat(problems(of(two, "c")))
                .containsExactly(
                        "tls: keyStore: \"c\" is not the alias of a key in the store, which has [a, b]; name one of them");
        assertThat(problems(of(two, "b").keyPassword("two"::toCharArray))).isEmpty();
        assertThat(problems(of(two, "b").keyPassword("one"::toCharArray)))
                .containsExactly("tls: keyStore: \"b\" cannot be decrypted; check the password of the key");
    }

    @Test
    void thePasswordIsOverwrittenAfterUse() {
        char[] password = "one".toCharArray();

        assertThat(problems(of(with(empty(), "a", EC, "one"), "").keyPassword(() -> password)))
                .isEmpty();
        assertThat(password).containsOnly('\0');
    }

    @Test
    void aPasswordThatCannotBeReadIsReported() {
        Supplier<char[]> failing = () -> {
            throw new IllegalStateException("no vault");
        };

        assertThat(problems(of(with(empty(), "a", EC, "one"), "").keyPassword(failing)))
                .containsExactly("tls: keyStore: \"a\" cannot be read: no vault");
    }

    @Test
    void anUnusableKeyIsReported() throws GeneralSecurityException {
        PrivateKey ed25519 =
                KeyPairGenerator.getInstance("Ed25519").generateKeyPair().getPrivate();

        assertThat(problems(of(with(empty(), "a", ed25519, null, EC.certificate()), "")))
                .containsExactly(
                        "tls: keyStore: \"a\" is neither an RSA nor an EC key; create such a key and a certificate");
        assertThat(problems(of(with(empty(), "a", RSA.privateKey(), null, EC.certificate()), "")))
                .containsExactly("tls: keyStore: \"a\" is not the key of its first certificate in the store; put the"
                        + " proxy's own certificate first");
    }

    @Test
    void aStoreWithoutWhatIsNeededIsReported() {
        Supplier<KeyStore> failing = () -> {
            throw new IllegalStateException("no bundle", new IOException("own.p12 is cut"));
        };

        assertThat(problems(of(empty(), "")))
                .containsExactly("tls: keyStore: holds no private key; add one with its certificate");
        assertThat(problems(TlsSettings.builder().keyStore(failing, "").trustStore(failing)))
                .containsExactly(
                        "tls: keyStore: cannot be loaded: no bundle: own.p12 is cut",
                        "tls: trustStore: cannot be loaded: no bundle: own.p12 is cut");
        assertThat(problems(of(with(empty(), "a", EC, null), "").trustStore(KeyStoreEntriesTest::empty)))
                .containsExactly("tls: trustStore: holds no X.509 certificate without a key; add those of the"
                        + " authorities, or omit the store");
        assertThat(problems(TlsSettings.builder().keyStore(KeyStoreEntriesTest::notInitialized, "")))
                .singleElement()
                .asString()
                .startsWith("tls: keyStore: cannot be loaded: ");
    }

    private static KeyStore notInitialized() {
        try {
            return KeyStore.getInstance("PKCS12");
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aCertificateThatHasExpiredIsNamedByItsAlias() {
        TestCertificate ended = TestCertificate.with(
                "-keyalg",
                "EC",
                "-groupname",
                "secp256r1",
                "-startdate",
                "-3d",
                "-validity",
                "1",
                "-ext",
                "san=dns:sip.test");

        assertThat(problems(of(with(empty(), "old", ended, null), "")))
                .singleElement()
                .asString()
                .startsWith("tls: keyStore: \"old\" holds the certificate of CN=sipproxy test, which expired at ");
    }
}

package org.sipproxy.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.certificates.TestCertificate;
import org.sipproxy.testkit.Phone;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslBundleRegistry;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** A certificate in an SSL bundle of the application. */
class SslBundleTest {

    private static final TestCertificate FIRST = TestCertificate.of("dns:sip.test", "ip:127.0.0.1");
    private static final TestCertificate RENEWED =
            TestCertificate.of("dns:sip.test", "ip:127.0.0.1", "dns:renewed.test");

    private final ApplicationContextRunner runner = new ApplicationContextRunner()
            .withConfiguration(AutoConfigurations.of(SipProxyAutoConfiguration.class, SslAutoConfiguration.class))
            .withPropertyValues(
                    "sipproxy.listen=tls:127.0.0.1:0",
                    "sipproxy.domain=sip.test",
                    "sipproxy.subscriber=1001:test1234",
                    "sipproxy.tls.bundle=sip");

    private ApplicationContextRunner pem(Path certificate, Path key) {
        return runner.withPropertyValues(
                "spring.ssl.bundle.pem.sip.keystore.certificate=" + certificate,
                "spring.ssl.bundle.pem.sip.keystore.private-key=" + key);
    }

    private static void register(SipProxy proxy, TestCertificate trusted) {
        try (Phone phone = Phone.builder("1001")
                .password("test1234")
                .proxy(proxy)
                .transport(TransportKind.TLS)
                .tls(TestCertificate.contextWithout(trusted))
                .open()) {
            phone.register();
        }
    }

    @Test
    void newConnectionsUseTheBundleThatTheApplicationHasReadAgain() {
        pem(FIRST.chain(), FIRST.key())
                .withPropertyValues("spring.ssl.bundle.pem.sip.truststore.certificate=" + RENEWED.chain())
                .run(context -> {
                    SipProxy proxy = context.getBean(SipProxy.class);
                    register(proxy, FIRST);

                    context.getBean(SslBundleRegistry.class).updateBundle("sip", bundle(RENEWED));

                    register(proxy, RENEWED);
                    assertThatThrownBy(() -> register(proxy, FIRST)).hasStackTraceContaining("SSLHandshakeException");
                });
    }

    /** Such as a renewal while the proxy reads its bindings: the certificate is that of before. */
    @Test
    void aBundleThatChangesDuringTheStartIsUsedWhenItIsComplete() {
        pem(FIRST.chain(), FIRST.key())
                .withBean(Renewal.class)
                .run(context -> register(context.getBean(SipProxy.class), RENEWED));
    }

    /** Component that changes the bundle when it is started. */
    static final class Renewal implements ProxyComponent {

        private final SslBundleRegistry bundles;

        Renewal(SslBundleRegistry bundles) {
            this.bundles = bundles;
        }

        @Override
        public void install(ComponentHooks hooks) {}

        @Override
        public void start(ProxyRuntime proxy) {
            bundles.updateBundle("sip", bundle(RENEWED));
        }
    }

    private static SslBundle bundle(TestCertificate certificate) {
        KeyStore trusted = certificate.trusted();
        String password = String.valueOf(TestCertificate.password());
        return SslBundle.of(
                SslStoreBundle.of(certificate.store(), password, trusted), SslBundleKey.of(password, "test"));
    }

    @Test
    void aStoreWithItsPasswordsIsABundleToo(@TempDir Path folder) throws Exception {
        Path file = folder.resolve("own.p12");
        try (OutputStream out = Files.newOutputStream(file)) {
            FIRST.store().store(out, TestCertificate.password());
        }
        String password = String.valueOf(TestCertificate.password());

        runner.withPropertyValues(
                        "spring.ssl.bundle.jks.sip.keystore.location=" + file.toUri(),
                        "spring.ssl.bundle.jks.sip.keystore.password=" + password,
                        "spring.ssl.bundle.jks.sip.keystore.type=PKCS12")
                .run(context -> register(context.getBean(SipProxy.class), FIRST));
        pem(FIRST.chain(), FIRST.key())
                .withPropertyValues(
                        "spring.ssl.bundle.pem.sip.key.password=other", "spring.ssl.bundle.pem.sip.key.alias=a")
                .run(context -> register(context.getBean(SipProxy.class), FIRST));
    }

    /** A restriction that the application believes to be in force. */
    @Test
    void aBundleWithCiphersIsRefused() {
        pem(FIRST.chain(), FIRST.key())
                .withPropertyValues("spring.ssl.bundle.pem.sip.options.ciphers=TLS_AES_256_GCM_SHA384")
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasStackTraceContaining(
                                "sipproxy.tls.bundle: sip selects ciphers, which the proxy does not" + " support"));
    }

    @Test
    void aBundleThatCannotBeUsedLeavesTheOldCertificate() {
        pem(FIRST.chain(), FIRST.key()).run(context -> {
            SslStoreBundle empty = SslStoreBundle.of(RENEWED.trusted(), null, null);

            context.getBean(SslBundleRegistry.class).updateBundle("sip", SslBundle.of(empty));

            register(context.getBean(SipProxy.class), FIRST);
        });
    }

    private static String stackTrace(Throwable failure) {
        StringWriter text = new StringWriter();
        failure.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    @Test
    void aBundleThatDoesNotExistOrCannotBeReadFailsTheStart() {
        runner.run(context -> assertThat(context)
                .getFailure()
                .hasStackTraceContaining("sipproxy.tls.bundle: sip is not an SSL bundle of this application")
                .extracting(SslBundleTest::stackTrace)
                .asString()
                .doesNotContain("needs a certificate"));
        pem(FIRST.chain(), FIRST.key())
                .withPropertyValues("sipproxy.tls.handshake-timeout=1h")
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasStackTraceContaining("sipproxy.tls.handshake-timeout")
                        .extracting(SslBundleTest::stackTrace)
                        .asString()
                        .doesNotContain("needs a certificate"));
        runner.withPropertyValues("spring.ssl.bundle.pem.sip.truststore.certificate=" + FIRST.chain())
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasStackTraceContaining("sipproxy.tls.bundle: sip has no certificate with its key"));
        pem(Path.of("/no/such/cert.pem"), FIRST.key())
                .run(context -> assertThat(context).getFailure().hasStackTraceContaining("/no/such/cert.pem"));
        pem(FIRST.chain(), FIRST.key())
                .withPropertyValues("sipproxy.tls.certificate=cert.pem")
                .run(context -> assertThat(context)
                        .getFailure()
                        .hasStackTraceContaining("remove sipproxy.tls.certificate, key and key-password, or the"));
    }
}

package org.sipproxy.spring;

import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.TlsSettings;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * Certificates.
 *
 * @param bundle SSL bundle of the application (spring.ssl.bundle) with the certificate, its key and, if it has a trust
 *     store, the trusted authorities. Instead of certificate and key.
 * @param certificate PEM file with the certificate of this proxy, followed by those of its issuers; required to listen
 *     on tls and wss.
 * @param key PEM file with the private key of the certificate, RSA or EC, as PKCS#8.
 * @param keyPassword Password of an encrypted key.
 * @param trust PEM file with the trusted authorities. Default the JDK's.
 * @param clientAuth Whether clients are asked for a certificate.
 * @param protocol TLS versions in use: TLSv1.3, TLSv1.2. Default both.
 * @param handshakeTimeout How long the handshake of a client may take, 100ms to 2m.
 */
@ConfigurationProperties("sipproxy.tls")
record TlsProperties(
        @Nullable String bundle,
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable String keyPassword,
        @Nullable Path trust,
        @DefaultValue("none") TlsSettings.ClientAuthentication clientAuth,
        @DefaultValue List<String> protocol,
        @DefaultValue("10s") Duration handshakeTimeout) {

    void addTo(SipProxyBuilder builder, Optional<SslBundles> bundles, Problems problems) {
        if (bundle == null && certificate == null && key == null) {
            return; // build() requires them for a secure listening point
        }
        Optional<TlsSettings> settings = bundle != null ? ofBundle(bundle, bundles, problems) : ofFiles(problems);
        builder.tls(settings.orElseGet(TlsProperties::standIn));
    }

    /** Returns settings that are never used: their problem is reported, and build() must not add that they are missing. */
    private static TlsSettings standIn() {
        return TlsSettings.builder()
                .certificate(Path.of("missing"), Path.of("missing"))
                .build();
    }

    private Optional<TlsSettings> ofFiles(Problems problems) {
        if (certificate == null || key == null) {
            problems.add(
                    certificate == null ? "sipproxy.tls.certificate" : "sipproxy.tls.key",
                    "",
                    "is missing",
                    "set both the certificate and its key");
            return Optional.empty();
        }
        TlsSettings.Builder tls = TlsSettings.builder().certificate(certificate, key);
        String password = keyPassword;
        if (password != null) {
            tls.keyPassword(password::toCharArray);
        }
        return withRest(tls, problems);
    }

    private Optional<TlsSettings> withRest(TlsSettings.Builder tls, Problems problems) {
        tls.clientAuthentication(clientAuth).handshakeTimeout(handshakeTimeout);
        if (trust != null) {
            tls.trust(trust);
        }
        if (!protocol.isEmpty()) {
            tls.protocols(protocol.toArray(new String[0]));
        }
        return problems.get(() -> Optional.of(tls.build()), Optional::empty);
    }

    private Optional<TlsSettings> ofBundle(String name, Optional<SslBundles> bundles, Problems problems) {
        if (certificate != null || key != null || keyPassword != null) {
            problems.add(
                    "sipproxy.tls.bundle",
                    name,
                    "has certificate, key and password itself",
                    "remove sipproxy.tls.certificate, key and key-password, or the bundle");
            return Optional.empty();
        }
        Supplier<SslBundle> current = () -> bundles.orElseThrow().getBundle(name);
        SslBundle first;
        try {
            first = current.get();
        } catch (NoSuchElementException | NoSuchSslBundleException e) {
            problems.add(
                    "sipproxy.tls.bundle",
                    name,
                    "is not an SSL bundle of this application",
                    "define it, such as with spring.ssl.bundle.pem." + name + ".keystore.certificate");
            return Optional.empty();
        }
        if (first.getOptions().getCiphers() != null) {
            problems.add(
                    "sipproxy.tls.bundle",
                    name,
                    "selects ciphers, which the proxy does not support",
                    "use a bundle of its own without options.ciphers; the proxy uses those of the JDK");
            return Optional.empty();
        }
        if (!has(first.getStores()::getKeyStore)) {
            problems.add(
                    "sipproxy.tls.bundle",
                    name,
                    "has no certificate with its key",
                    "set keystore.certificate and keystore.private-key of the bundle");
            return Optional.empty();
        }
        TlsSettings.Builder tls = TlsSettings.builder()
                .keyStore(
                        () -> current.get().getStores().getKeyStore(),
                        Objects.requireNonNullElse(first.getKey().getAlias(), ""));
        tls.keyPassword(() -> password(current.get()).toCharArray());
        if (trust == null && has(first.getStores()::getTrustStore)) {
            tls.trustStore(() -> current.get().getStores().getTrustStore());
        }
        String[] versions = first.getOptions().getEnabledProtocols();
        if (protocol.isEmpty() && versions != null) {
            tls.protocols(versions);
        }
        return withRest(tls, problems);
    }

    /** Returns the password of the key as Spring Boot finds it; empty if there is none. */
    private static String password(SslBundle bundle) {
        String own = bundle.getKey().getPassword();
        return Objects.requireNonNullElse(own != null ? own : bundle.getStores().getKeyStorePassword(), "");
    }

    private static boolean has(Supplier<@Nullable KeyStore> store) {
        try {
            return store.get() != null;
        } catch (RuntimeException e) {
            return true; // the start reports it
        }
    }

    /** Puts a bundle that the application has read again into use. */
    BundleWatch follow(SipProxy proxy, Optional<SslBundles> bundles) {
        BundleWatch watch = new BundleWatch(proxy, Objects.requireNonNullElse(bundle, ""));
        if (bundle != null) {
            bundles.orElseThrow().addBundleUpdateHandler(bundle, changed -> watch.onChange());
        }
        return watch;
    }

    /** Leaves out the password. */
    @Override
    public String toString() {
        return bundle != null
                ? "TlsProperties[bundle=" + bundle + "]"
                : "TlsProperties[certificate=" + certificate + "]";
    }
}

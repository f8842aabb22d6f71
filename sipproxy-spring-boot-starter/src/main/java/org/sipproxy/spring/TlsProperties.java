package org.sipproxy.spring;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.TlsSettings;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Certificates.
 *
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
        @Nullable Path certificate,
        @Nullable Path key,
        @Nullable String keyPassword,
        @Nullable Path trust,
        @DefaultValue("none") TlsSettings.ClientAuthentication clientAuth,
        @DefaultValue List<String> protocol,
        @DefaultValue("10s") Duration handshakeTimeout) {

    void addTo(SipProxyBuilder builder, Problems problems) {
        if (certificate == null && key == null) {
            return; // build() requires them for a secure listening point
        }
        if (certificate == null || key == null) {
            problems.add(
                    certificate == null ? "sipproxy.tls.certificate" : "sipproxy.tls.key",
                    "",
                    "is missing",
                    "set both the certificate and its key");
            return;
        }
        TlsSettings.Builder tls = TlsSettings.builder()
                .certificate(certificate, key)
                .clientAuthentication(clientAuth)
                .handshakeTimeout(handshakeTimeout);
        String password = keyPassword;
        if (password != null) {
            tls.keyPassword(password::toCharArray);
        }
        if (trust != null) {
            tls.trust(trust);
        }
        if (!protocol.isEmpty()) {
            tls.protocols(protocol.toArray(new String[0]));
        }
        problems.collect(() -> builder.tls(tls.build()));
    }

    /** Leaves out the password. */
    @Override
    public String toString() {
        return "TlsProperties[certificate=" + certificate + "]";
    }
}

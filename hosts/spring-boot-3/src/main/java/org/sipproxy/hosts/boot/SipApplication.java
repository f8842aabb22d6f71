package org.sipproxy.hosts.boot;

import java.nio.file.Path;
import java.util.List;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Spring Boot application with a SIP proxy as a bean, which starts and stops with the context. */
@SpringBootApplication
public class SipApplication {

    /**
     * Returns the proxy.
     *
     * @param transports the transports to listen on, at free ports of the loopback address
     * @param certificate PEM file with the certificate, for TLS
     * @param key PEM file with the key, for TLS
     */
    @Bean(initMethod = "start", destroyMethod = "close")
    SipProxy sipProxy(
            @Value("${sip.domain}") String domain,
            @Value("${sip.transports}") List<TransportKind> transports,
            @Value("${sip.certificate:}") String certificate,
            @Value("${sip.key:}") String key) {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", domain, "test1234"), Credential.ofPassword("1002", domain, "test1234"));
        SipProxyBuilder builder = SipProxy.builder()
                .domain(domain)
                .authentication(
                        DigestAuthentication.builder().credentials(users).build());
        for (TransportKind kind : transports) {
            builder.listen(new Endpoint(kind, "127.0.0.1", 0, "", 0));
        }
        if (!certificate.isEmpty()) {
            builder.tls(TlsSettings.builder()
                    .certificate(Path.of(certificate), Path.of(key))
                    .build());
        }
        return builder.build();
    }

    public static void main(String[] args) {
        SpringApplication.run(SipApplication.class, args);
    }
}

package org.sipproxy.samples;

import java.nio.file.Path;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.core.options.TlsSettings.ClientAuthentication;
import org.sipproxy.security.AccessList;
import org.sipproxy.security.AccessRule;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/**
 * Proxy for phones on TLS and for browsers, with a provider that is identified by its certificate instead of its
 * address. A Kamailio needs the modules tls, websocket, xhttp for the handshake, and outbound or nathelper to reach
 * browsers.
 */
public final class SecureProxy {

    private SecureProxy() {}

    /**
     * Serves sip.test until the process is stopped. The arguments are the PEM files of the certificate and of its key.
     */
    @SuppressWarnings("FutureReturnValueIgnored") // the task ends with the executor
    public static void main(String[] args) throws InterruptedException {
        InMemoryCredentials users = InMemoryCredentials.of(Credential.ofPassword("1001", "sip.test", "test1001"));
        TlsSettings tls = tls(Path.of(args[0]), Path.of(args[1])).build();
        ScheduledExecutorService daily = Executors.newSingleThreadScheduledExecutor();
        try (SipProxy proxy = proxy(users, tls, Endpoint.tls("0.0.0.0", 5061), Endpoint.wss("0.0.0.0", 443))) {
            proxy.start();
            daily.scheduleAtFixedRate(() -> renew(proxy), 1, 1, TimeUnit.DAYS);
            Thread.currentThread().join();
        } finally {
            daily.shutdown();
        }
    }

    static TlsSettings.Builder tls(Path certificate, Path key) {
        return TlsSettings.builder()
                .certificate(certificate, key)
                .clientAuthentication(ClientAuthentication.WANT); // the provider has a certificate, phones do not
    }

    static SipProxy proxy(InMemoryCredentials users, TlsSettings tls, Endpoint phones, Endpoint browsers) {
        return SipProxy.builder()
                .listen(phones)
                .listen(browsers)
                .tls(tls)
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .component(AccessList.builder()
                        .rules(AccessRule.trustIdentity("provider.example").tag("provider"))
                        .defaultPolicy(AccessRule.Action.ALLOW)
                        .build())
                .build();
    }

    /** Reloads the certificate. An invalid certificate is reported, and the previous one stays in use. */
    static void renew(SipProxy proxy) {
        try {
            proxy.reloadTls();
        } catch (ConfigurationException e) {
            System.err.println(e.getMessage());
        }
    }
}

package org.sipproxy.samples;

import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/** Proxy for the users 1001 and 1002 of the domain sip.test. */
public final class EmbeddedProxy {

    private EmbeddedProxy() {}

    /** Serves until the process is stopped. The first argument is the port; default 5060. */
    public static void main(String[] args) throws InterruptedException {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1234"),
                Credential.ofPassword("1002", "sip.test", "test1234"));
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", args.length > 0 ? Integer.parseInt(args[0]) : 5060))
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .build()) {
            proxy.start();
            System.out.println("serving sip.test on " + proxy.boundEndpoints());
            Thread.currentThread().join(); // the proxy's own threads do not keep a JVM up
        }
    }
}

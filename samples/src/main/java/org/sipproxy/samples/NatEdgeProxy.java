package org.sipproxy.samples;

import java.time.Duration;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.nat.NatTest;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.nat.PingMethod;
import org.sipproxy.security.DigestAuthentication;
import org.sipproxy.security.InMemoryCredentials;

/**
 * Proxy for phones behind home routers. One component replaces four modules, eleven parameters and three routes of a
 * Kamailio script (force_rport, nat_uac_test("19"), fix_nated_register and received_avp, set_contact_alias for requests
 * and responses, handle_ruri_alias, natping_interval, sipping_bflag and sipping_from).
 */
public final class NatEdgeProxy {

    private NatEdgeProxy() {}

    /** Serves sip.test on all addresses of this machine, port 5060, until the process is stopped. */
    public static void main(String[] args) throws InterruptedException {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        try (SipProxy proxy = proxy(users, nat(), Endpoint.udp("0.0.0.0", 5060), Endpoint.tcp("0.0.0.0", 5060))) {
            proxy.start();
            Thread.currentThread().join();
        }
    }

    static NatTraversal nat() {
        return NatTraversal.builder()
                .tests(NatTest.fromKamailioFlags(19))
                .ping(PingMethod.OPTIONS, Duration.ofSeconds(15))
                .removeAfter(4)
                .build();
    }

    static SipProxy proxy(InMemoryCredentials users, NatTraversal nat, Endpoint udp, Endpoint tcp) {
        return SipProxy.builder()
                .listen(udp)
                .listen(tcp)
                .domain("sip.test")
                .authentication(
                        DigestAuthentication.builder().credentials(users).build())
                .component(nat)
                .build();
    }
}

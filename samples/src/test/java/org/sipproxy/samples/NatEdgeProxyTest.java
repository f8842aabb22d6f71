package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipUri;
import org.sipproxy.nat.NatTraversal;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.server.phone.Account;
import org.sipproxy.server.phone.RiPhone;

@Timeout(60)
class NatEdgeProxyTest {

    @Test
    void phonesWithPrivateContactsAreStoredWithTheirSourceAndCallEachOther() throws Exception {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sip.test", "test1001"),
                Credential.ofPassword("1002", "sip.test", "test1002"));
        NatTraversal nat = NatEdgeProxy.nat();
        try (SipProxy proxy =
                NatEdgeProxy.proxy(users, nat, Endpoint.udp("127.0.0.1", 0), Endpoint.tcp("127.0.0.1", 0))) {
            proxy.start();
            try (RiPhone callee = phone(proxy, "1001");
                    RiPhone caller = phone(proxy, "1002")) {
                callee.register(Duration.ofHours(1));
                caller.register(Duration.ofHours(1));

                caller.call("1001").hangUp();

                Binding binding = proxy.locationStore()
                        .lookup(new Aor("1001", "sip.test"))
                        .get(0);
                assertThat(binding.received())
                        .hasValue(SipUri.of("sip:127.0.0.1:" + callee.address().getPort()));
            }
            assertThat(nat.statistics().aliasesWritten()).isPositive();
            assertThat(nat.statistics().clients()).isEqualTo(2);
        }
    }

    private static RiPhone phone(SipProxy proxy, String user) throws Exception {
        InetAddress host = InetAddress.getLoopbackAddress();
        return RiPhone.open(
                new Account(user, "test" + user, "sip.test"),
                host,
                new InetSocketAddress(host, proxy.boundEndpoints().get(0).port()),
                Duration.ZERO,
                Duration.ofSeconds(10));
    }
}

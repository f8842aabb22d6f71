package org.sipproxy.samples;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.auth.Credential;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.security.InMemoryCredentials;
import org.sipproxy.testkit.Phone;

@Timeout(60)
class SeveralDomainsTest {

    @Test
    void oneNameIsTwoUsers() {
        InMemoryCredentials users = InMemoryCredentials.of(
                Credential.ofPassword("1001", "sales.example", "of sales"),
                Credential.ofPassword("1001", "support.example", "of support"));
        try (SipProxy proxy = SeveralDomains.create(Endpoint.udp("127.0.0.1", 0), users)) {
            proxy.start();
            try (Phone sales = phone(proxy, "sales.example", "of sales");
                    Phone wrong = phone(proxy, "support.example", "of sales");
                    Phone foreign = phone(proxy, "other.example", "of sales")) {
                sales.register();

                assertThat(wrong.tryRegister(Phone.DEFAULT_EXPIRES, request -> {})
                                .statusCode())
                        .isEqualTo(401);
                assertThat(foreign.tryRegister(Phone.DEFAULT_EXPIRES, request -> {})
                                .statusCode())
                        .isEqualTo(403);
                assertThat(foreign.options("sip:sip.example.net").statusCode()).isEqualTo(200);
            }
            assertThat(proxy.locationStore().lookup(new Aor("1001", "sales.example")))
                    .hasSize(1);
            assertThat(proxy.locationStore().lookup(new Aor("1001", "support.example")))
                    .isEmpty();
        }
    }

    private static Phone phone(SipProxy proxy, String domain, String password) {
        return Phone.builder("1001")
                .domain(domain)
                .password(password)
                .proxy(new InetSocketAddress(
                        InetAddress.getLoopbackAddress(),
                        proxy.boundEndpoints().get(0).port()))
                .open();
    }
}

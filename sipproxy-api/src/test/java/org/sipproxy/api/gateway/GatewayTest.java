package org.sipproxy.api.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

class GatewayTest {

    private static final SipUri URI = SipUri.of("sip:gw.test");

    @Test
    void builderOfAGatewayHasItsValues() {
        Gateway gateway = Gateway.builder("pstn", URI)
                .id("one")
                .socket(Endpoint.udp("192.0.2.1", 5060))
                .outboundProxy(SipUri.of("sip:edge.test"))
                .probeFrom(SipUri.of("sip:probe@sip.test"))
                .weight(1)
                .priority(2)
                .maximumCalls(3)
                .probing(Gateway.Probing.NEVER)
                .start(Gateway.Start.DISABLED)
                .attribute("region", "north")
                .build();

        assertThat(gateway.toBuilder().build()).usingRecursiveComparison().isEqualTo(gateway);
        assertThat(gateway.toBuilder().weight(4).build())
                .usingRecursiveComparison()
                .ignoringFields("weight")
                .isEqualTo(gateway);
    }

    @Test
    void builderOfAnAccountHasItsValues() {
        TrunkAccount account = TrunkAccount.builder("carrier", SipUri.of("sip:49@carrier.test"))
                .provider(URI)
                .login(DigestLogin.ofPassword("u", "p"))
                .withoutRegistration()
                .expires(Duration.ofMinutes(5))
                .startDelay(Duration.ofSeconds(1))
                .outboundProxy(SipUri.of("sip:edge.test"))
                .contactHost("198.51.100.1")
                .socket(Endpoint.udp("192.0.2.1", 5060))
                .user(SipUri.of("sip:1001@sip.test"))
                .build();

        assertThat(account.toBuilder().build()).usingRecursiveComparison().isEqualTo(account);
    }
}

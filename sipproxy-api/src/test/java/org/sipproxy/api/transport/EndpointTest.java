package org.sipproxy.api.transport;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EndpointTest {

    @ParameterizedTest
    @CsvSource({
        "udp:[2001:DB8:0:0:0:0:0:1]:5060, udp:[2001:db8::1]:5060",
        "udp:[2001:db8::1]:5060, udp:[2001:db8::1]:5060",
        "tcp:[0:0:0:0:0:0:0:0], tcp:[::]:5060",
        "udp:192.0.2.1:5060, udp:192.0.2.1:5060",
        "udp:Sip.Example.org:5060, udp:Sip.Example.org:5060",
    })
    void ipv6AddressHasOneText(String given, String text) {
        Endpoint endpoint = Endpoint.parse(given);

        assertThat(endpoint).hasToString(text).isEqualTo(Endpoint.parse(text));
        assertThat(endpoint.hasAddressOf(Endpoint.parse(text))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"FE80::1%eth0", "not:an:address", "::ffff:192.0.2.1"})
    void otherHostStaysAsItWasGiven(String host) {
        assertThat(Endpoint.udp(host, 5060).host()).isEqualTo(host);
    }
}

package org.sipproxy.api.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.config.ConfigurationException;

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

    @ParameterizedTest
    @CsvSource({
        "udp:10.0.0.5:5060 advertise 203.0.113.9:5060, udp:10.0.0.5:5060, 203.0.113.9, 5060",
        "'  tls:10.0.0.5   advertise  sip.example.org ', tls:10.0.0.5:5061, sip.example.org, 0",
        "udp:[::]:5060 advertise [2001:DB8:0::1]:15060, udp:[::]:5060, 2001:db8::1, 15060",
        "udp:10.0.0.5:5060, udp:10.0.0.5:5060, '', 0",
    })
    void advertisedAddressFollowsTheEndpoint(String text, String bound, String host, int port) {
        Endpoint endpoint = Endpoint.parse(text);

        assertThat(endpoint).hasToString(bound);
        assertThat(endpoint.advertisedHost()).isEqualTo(host);
        assertThat(endpoint.advertisedPort()).isEqualTo(port);
    }

    @ParameterizedTest
    @CsvSource({
        "udp:10.0.0.5:5060 203.0.113.9:5060, expected TRANSPORT:HOST:PORT advertise HOST:PORT",
        "udp:10.0.0.5:5060 advertise, expected TRANSPORT:HOST:PORT advertise HOST:PORT",
        "udp:10.0.0.5:5060 as 203.0.113.9, expected TRANSPORT:HOST:PORT advertise HOST:PORT",
        "udp:10.0.0.5:5060 advertise 0.0.0.0:5060, stands for every address",
        "udp:10.0.0.5:5060 advertise [::], stands for every address",
        "udp:10.0.0.5:5060 advertise ::1, without brackets",
        "udp:10.0.0.5:5060 advertise sip:host, has the port",
        "udp:10.0.0.5:5060 advertise <host>, is not an address to advertise",
        "udp:10.0.0.5:5060 advertise 203.0.113, is neither a host name nor an IPv4 address of four numbers",
        "udp:10.0.0.5:5060 advertise 203.0.113.0x9:5060, is neither a host name nor an IPv4 address",
        "udp:10.0.5:5060, is neither a host name nor an IPv4 address",
        "udp:10.0.0.5:5060 advertise :5060, is not an address to advertise",
        "udp:10.0.0.5:5060 advertise 203.0.113.9:70000, advertisedPort 70000",
    })
    void unusableAdvertisedAddressIsRefused(String text, String why) {
        assertThatThrownBy(() -> Endpoint.parse(text))
                .isInstanceOf(ConfigurationException.class)
                .hasMessageContaining(why);
    }
}

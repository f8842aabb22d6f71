package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.message.SipMessage;
import org.sipproxy.api.message.SipParseException;

class ResponseAddressTest {

    @ParameterizedTest
    @CsvSource({
        // §18.2.2, fourth rule: no received, so sent-by is the source
        "SIP/2.0/UDP 192.0.2.1;branch=z,                                         192.0.2.1, 5060",
        "SIP/2.0/UDP 192.0.2.1 : 5070 ; branch=z,                                192.0.2.1, 5070",
        "SIP/2.0/UDP [2001:db8::1]:5070;branch=z,                                2001:db8:0:0:0:0:0:1, 5070",
        "SIP/2.0/TLS 192.0.2.1;branch=z,                                         192.0.2.1, 5061",
        "SIP/2.0/WSS 192.0.2.1;branch=z,                                         192.0.2.1, 443",
        "SIP/2.0/SCTP 192.0.2.1;branch=z,                                        192.0.2.1, 5060",
        // third rule: received, with the port of sent-by
        "SIP/2.0/UDP pc.example.com;branch=z;received=192.0.2.9,                 192.0.2.9, 5060",
        "SIP/2.0/UDP pc.example.com:5080;received=192.0.2.9;branch=z,            192.0.2.9, 5080",
        "SIP/2.0/UDP pc.example.com:5080;branch=z;received=2001:db8::9,          2001:db8:0:0:0:0:0:9, 5080",
        "SIP/2.0/UDP pc.example.com:5080;branch=z;received=[2001:db8::9],        2001:db8:0:0:0:0:0:9, 5080",
        // RFC 3581 §4
        "SIP/2.0/UDP 10.1.1.1:4540;received=192.0.2.1;rport=9988;branch=z,       192.0.2.1, 9988",
        "SIP/2.0/UDP 10.1.1.1:4540;rport;branch=z;received=192.0.2.1,            192.0.2.1, 4540",
        "SIP/2.0/UDP 10.1.1.1:4540;rport=9988;branch=z,                          10.1.1.1,  4540",
        // first rule: on a stream, received with the port that the peer listens on
        "SIP/2.0/TCP 10.1.1.1:4540;received=192.0.2.1;rport=9988;branch=z,       192.0.2.1, 4540",
        "SIP/2.0/TLS pc.example.com;received=192.0.2.1;rport=9988;branch=z,      192.0.2.1, 5061",
        "SIP/2.0/TCP 10.1.1.1;maddr=192.0.2.7;received=192.0.2.1;branch=z,       192.0.2.1, 5060",
        // second rule: maddr wins, with the port of sent-by
        "SIP/2.0/UDP 10.1.1.1;maddr=224.0.1.75;received=192.0.2.1;branch=z,      224.0.1.75, 5060",
        "SIP/2.0/UDP 10.1.1.1:5070;maddr=192.0.2.7;received=192.0.2.1;rport=5;branch=z, 192.0.2.7, 5070",
    })
    void aNumericViaSaysWhereItsResponseGoes(String via, String host, int port) throws SipParseException {
        InetSocketAddress address = numeric(via);

        assertThat(address).isNotNull();
        assertThat(address.getAddress().getHostAddress()).isEqualTo(host);
        assertThat(address.getPort()).isEqualTo(port);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SIP/2.0/UDP pc.example.com:5080;branch=z",
                "SIP/2.0/UDP pc.example.com;rport=5070;branch=z",
                "SIP/2.0/UDP 192.0.2.1;maddr=host.example.com;branch=z",
                "SIP/2.0/UDP 192.0.2.1;received=host.example.com;branch=z",
                "SIP/2.0/UDP 192.0.2.1;received=\"192.0.2.2\";branch=z",
                "SIP/2.0/UDP 192.0.2.1:0;branch=z",
                "SIP/2.0/UDP 0.0.0.0;branch=z",
                "SIP/2.0/UDP 192.0.2.256;branch=z",
            })
    void aViaWithoutANumericAddressIsForTheResolver(String via) throws SipParseException {
        assertThat(numeric(via)).isNull();
    }

    private static InetSocketAddress numeric(String via) throws SipParseException {
        SipMessage message = Vias.parse(via);
        return ResponseAddress.numeric(message.wire(), message.topVia());
    }
}

package org.sipproxy.message;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests what a sender reads from a URI without creating a String. */
class SipUriNextHopTest {

    @ParameterizedTest
    @CsvSource({
        "sip:1001@192.0.2.7:5062;transport=tcp, 192.0.2.7",
        "sips:[2001:db8::1],                    2001:db8:0:0:0:0:0:1",
    })
    void numericHostsAreAddresses(String uri, String address) {
        assertThat(SipUri.of(uri).numericHost())
                .map(InetAddress::getHostAddress)
                .contains(address);
    }

    @Test
    void namesAndOtherSchemesHaveNoNumericHost() {
        assertThat(SipUri.of("sip:192.0.2.7@example.com").numericHost()).isEmpty();
        assertThat(SipUri.of("tel:192.0.2.7").numericHost()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "sip:a@b;transport=tcp,        true",
        "sip:a@b;lr;TRANSPORT=Tcp;x=y, true",
        "sip:a@b;transport=tcp?h=v,    true",
        "sip:a@b;transport=tcp2,       false",
        "sip:a@b;transport=tc,         false",
        "sip:a@b;transport,            false",
        "sip:a@b;transport?tcp=tcp,    false",
        "sip:a@b;xtransport=tcp,       false",
        "sip:transport=tcp@b,          false",
        "sip:a@b,                      false",
    })
    void parameterValuesAreComparedWholeAndWithoutCase(String uri, boolean expected) {
        assertThat(SipUri.of(uri).parameterIs("transport", "tcp")).isEqualTo(expected);
    }
}

package org.sipproxy.core.internal.registrar;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.message.SipUri;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.DestinationPolicy;

class DestinationsTest {

    private final Destinations destinations =
            new Destinations(DestinationPolicy.DEFAULT, uri -> uri.hostIs("sip.test"));

    private record From(InetSocketAddress remoteAddress, Endpoint endpoint) implements Flow {

        @Override
        public TransportKind kind() {
            return TransportKind.UDP;
        }

        @Override
        public boolean isOpen() {
            return true;
        }
    }

    private static Flow from(String source) {
        return new From(new InetSocketAddress(source, 5060), Endpoint.udp("0.0.0.0", 5060));
    }

    @ParameterizedTest
    @CsvSource({
        "198.51.100.7, sip:a@203.0.113.9, true",
        "198.51.100.7, sip:a@phone.example.org, true",
        "198.51.100.7, sip:a@SIP.test, false",
        "198.51.100.7, sip:a@127.0.0.1, false",
        "198.51.100.7, sip:a@127.9.9.9:5070, false",
        "198.51.100.7, sip:a@0.0.0.0, false",
        "198.51.100.7, sip:a@[::1], false",
        "198.51.100.7, sip:a@[::ffff:127.0.0.1], false",
        "198.51.100.7, sip:a@10.0.0.1, false",
        "198.51.100.7, sip:a@172.31.0.1, false",
        "198.51.100.7, sip:a@172.32.0.1, true",
        "198.51.100.7, sip:a@192.168.1.1, false",
        "198.51.100.7, sip:a@169.254.169.254, false",
        "198.51.100.7, sip:a@100.64.0.1, false",
        "198.51.100.7, sip:a@100.128.0.1, true",
        "198.51.100.7, sip:a@224.0.1.75, false",
        "2001:db8::7, sip:a@[fd00::1], false",
        "2001:db8::7, sip:a@[fe80::1], false",
        "2001:db8::7, sip:a@[2001:db8::8], true",
        "10.0.0.7, sip:a@192.168.1.1, true",
        "10.0.0.7, sip:a@127.0.0.1, false",
        "127.0.0.1, sip:a@127.0.0.1:5999, true",
        "127.0.0.1, sip:a@10.0.0.1, true",
    })
    void onlyWhoIsNearMayNameWhatStrangersCannotReach(String source, String contact, boolean allowed) {
        assertThat(destinations.refusal(SipUri.of(contact), from(source)) == null)
                .isEqualTo(allowed);
    }

    @Test
    void listeningPointOnLoopbackIsALaboratory() {
        Flow flow = new From(new InetSocketAddress("198.51.100.7", 5060), Endpoint.udp("127.0.0.1", 5060));

        assertThat(destinations.refusal(SipUri.of("sip:a@127.0.0.1"), flow)).isNull();
    }

    @Test
    void hostMayAllowEverything() {
        Destinations anywhere = new Destinations(DestinationPolicy.ANYWHERE, uri -> true);

        assertThat(anywhere.refusal(SipUri.of("sip:a@127.0.0.1"), from("198.51.100.7")))
                .isNull();
        assertThat(anywhere.refusal(SipUri.of("sip:a@10.0.0.1"), from("198.51.100.7")))
                .isNull();
    }
}

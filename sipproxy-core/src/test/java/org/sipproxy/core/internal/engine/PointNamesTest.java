package org.sipproxy.core.internal.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/** Listening points named by stored sockets and Record-Route. */
class PointNamesTest {

    private static final List<Endpoint> BOUND = List.of(
            Endpoint.udp("192.0.2.1", 5060),
            Endpoint.udp("192.0.2.1", 5080),
            Endpoint.udp("2001:db8::1", 5060),
            Endpoint.udp("10.0.0.1", 5060).advertise("sip.example.org", 15060),
            Endpoint.tcp("0.0.0.0", 5060),
            Endpoint.tls("192.0.2.1", 5061),
            Endpoint.wss("192.0.2.1", 443));

    private final PointNames names = PointNames.of(
            BOUND, e -> e.host().equals("0.0.0.0") ? List.of("192.0.2.1", "10.0.0.1") : List.of(e.host()));

    private static String text(Endpoint point) {
        return point == null ? null : point.toString();
    }

    @ParameterizedTest
    @CsvSource({
        "udp:192.0.2.1:5080, udp:192.0.2.1:5080",
        "UDP:192.0.2.1:5080, udp:192.0.2.1:5080",
        "udp:192.0.2.1, udp:192.0.2.1:5060",
        "udp:[2001:db8::1]:5060, udp:[2001:db8::1]:5060",
        "udp:[2001:DB8:0:0:0:0:0:1]:5060, udp:[2001:db8::1]:5060",
        "udp:sip.example.org:15060, udp:10.0.0.1:5060",
        "tcp:10.0.0.1:5060, tcp:0.0.0.0:5060",
        "tcp:192.0.2.1:5080,",
        "udp:192.0.2.2:5060,",
    })
    void socketOfABinding(String socket, String point) {
        assertThat(text(names.named(Endpoint.parse(socket)))).isEqualTo(point);
    }

    @ParameterizedTest
    @CsvSource({
        "sip:192.0.2.1:5080;r2=on;lr, udp:192.0.2.1:5080",
        "sip:192.0.2.1;lr, udp:192.0.2.1:5060",
        "sip:192.0.2.1:5060;transport=tcp;lr, tcp:0.0.0.0:5060",
        "sip:192.0.2.1:5061;transport=tls;lr, tls:192.0.2.1:5061",
        "sips:192.0.2.1:5061;lr, tls:192.0.2.1:5061",
        "sip:192.0.2.1:443;transport=ws;lr, wss:192.0.2.1:443",
        "sips:192.0.2.1:443;transport=ws;lr, wss:192.0.2.1:443",
        "sip:SIP.example.org:15060;lr, udp:10.0.0.1:5060",
        "sip:sip.example.org;lr,",
    })
    void uriOfARecordRoute(String uri, String point) {
        assertThat(text(names.of(SipUri.of(uri)))).isEqualTo(point);
    }
}

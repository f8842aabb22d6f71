package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.api.transport.TransportKind;

/** Names that become next hops by RFC 3263 §4. */
class NextHopNamesTest extends ResolverScene {

    static Stream<Arguments> names() {
        return Stream.of(
                // §4.1: NAPTR decides, in the domain's order; unsupported services are dropped
                arguments(
                        "RFC 3263 §4.1, a client with TCP and UDP",
                        UDP_AND_TCP,
                        RFC_3263,
                        "sip:user@example.com",
                        "tcp 192.0.2.1:5060, tcp 192.0.2.2:5062, udp 192.0.2.2:5064",
                        "NAPTR example.com, SRV _sip._tcp.example.com, SRV _sip._udp.example.com,"
                                + " A server1.example.com, A server2.example.com"),
                arguments(
                        "RFC 3263 §4.1, a client with TLS too",
                        ALL,
                        RFC_3263,
                        "sip:user@example.com",
                        "tls 192.0.2.1:5061, tcp 192.0.2.1:5060, tcp 192.0.2.2:5062, udp 192.0.2.2:5064",
                        null),
                arguments(
                        "only secure services for sips",
                        ALL,
                        RFC_3263,
                        "sips:user@example.com",
                        "tls 192.0.2.1:5061",
                        "NAPTR example.com, SRV _sips._tcp.example.com, A server1.example.com"),
                arguments(
                        "the order counts before the preference",
                        ALL,
                        """
                        example.com NAPTR 20 10 s SIP+D2U - u.example.net
                        example.com NAPTR 10 90 S sip+d2t - t.example.net
                        u.example.net SRV 0 0 1001 a.example.net
                        t.example.net SRV 0 0 1002 a.example.net
                        a.example.net A 192.0.2.1
                        """,
                        "sip:example.com",
                        "tcp 192.0.2.1:1002, udp 192.0.2.1:1001",
                        null),
                arguments(
                        "NAPTR records that are not for SIP, or not of the form of §4.1, count as none",
                        UDP_AND_TCP,
                        """
                        example.com NAPTR 1 1 s SIPS+D2T   -                _sips._tcp.example.net
                        example.com NAPTR 1 1 u E2U+sip    !^.*$!sip:x@y!   .
                        example.com NAPTR 1 1 u SIP+D2U    -                u.example.net
                        example.com NAPTR 1 1 s SIP+D2U    !x!y!            u.example.net
                        example.com NAPTR 1 1 s SIP+D2T    -                .
                        example.com NAPTR 1 1 s SIP+D2T    -                a..b
                        _sip._udp.example.com SRV 0 0 5070 sip.example.com
                        sip.example.com A 192.0.2.1
                        """,
                        "sip:example.com",
                        "udp 192.0.2.1:5070",
                        "NAPTR example.com, SRV _sip._udp.example.com, SRV _sip._tcp.example.com, A sip.example.com"),
                arguments(
                        "NAPTR without the SRV records that it names: the domain's address, by its transport",
                        ALL,
                        """
                        example.com NAPTR 1 1 s SIP+D2T - _sip._tcp.example.com
                        example.com A 192.0.2.1
                        """,
                        "sip:example.com",
                        "tcp 192.0.2.1:5060",
                        "NAPTR example.com, SRV _sip._tcp.example.com, A example.com"),

                // §4.1: no NAPTR, so SRV of each supported transport
                arguments(
                        "all transports by our preference",
                        ALL,
                        SRV_ONLY,
                        "sip:example.com",
                        "udp 192.0.2.1:5070, tcp 192.0.2.1:5071, tls 192.0.2.1:5072",
                        "NAPTR example.com, SRV _sip._udp.example.com, SRV _sip._tcp.example.com, SRV"
                                + " _sips._tcp.example.com, A sip.example.com"),
                arguments("sips by TLS only", ALL, SRV_ONLY, "sips:example.com", "tls 192.0.2.1:5072", null),
                arguments(
                        "a named transport skips NAPTR",
                        ALL,
                        SRV_ONLY,
                        "sip:example.com;transport=tcp",
                        "tcp 192.0.2.1:5071",
                        "SRV _sip._tcp.example.com, A sip.example.com"),
                arguments(
                        "transport=tls",
                        ALL,
                        SRV_ONLY,
                        "sip:example.com;transport=tls",
                        "tls 192.0.2.1:5072",
                        "SRV _sips._tcp.example.com, A sip.example.com"),
                arguments(
                        "sips with transport=tcp",
                        ALL,
                        SRV_ONLY,
                        "sips:example.com;transport=tcp",
                        "tls 192.0.2.1:5072",
                        "SRV _sips._tcp.example.com, A sip.example.com"),
                arguments(
                        "a named transport without SRV",
                        UDP_AND_TCP,
                        ADDRESSES_ONLY,
                        "sip:example.com;transport=tcp",
                        "tcp 192.0.2.1:5060, tcp [2001:db8::1]:5060",
                        "SRV _sip._tcp.example.com, A example.com"),
                arguments(
                        "WebSocket has no SRV",
                        ALL,
                        ADDRESSES_ONLY,
                        "sip:example.com;transport=ws",
                        "ws 192.0.2.1:80, ws [2001:db8::1]:80",
                        "A example.com"),

                // §4.2: an explicit port, or only addresses
                arguments(
                        "a port skips NAPTR and SRV",
                        ALL,
                        SRV_ONLY,
                        "sip:example.com:5080",
                        "udp 192.0.2.99:5080",
                        "A example.com"),
                arguments(
                        "the default port written out too",
                        ALL,
                        SRV_ONLY,
                        "sip:example.com:5060",
                        "udp 192.0.2.99:5060",
                        "A example.com"),
                arguments(
                        "port and sips",
                        ALL,
                        SRV_ONLY,
                        "sips:example.com:5080",
                        "tls 192.0.2.99:5080",
                        "A example.com"),
                arguments(
                        "port and transport",
                        ALL,
                        SRV_ONLY,
                        "sip:example.com:5080;transport=tcp",
                        "tcp 192.0.2.99:5080",
                        "A example.com"),
                arguments(
                        "addresses alone are tried by UDP",
                        UDP_AND_TCP,
                        ADDRESSES_ONLY,
                        "sip:EXAMPLE.com.",
                        "udp 192.0.2.1:5060, udp [2001:db8::1]:5060",
                        "NAPTR example.com, SRV _sip._udp.example.com, SRV _sip._tcp.example.com, A example.com"),
                arguments(
                        "addresses alone and sips",
                        ALL,
                        ADDRESSES_ONLY,
                        "sips:example.com",
                        "tls 192.0.2.1:5061, tls [2001:db8::1]:5061",
                        null),

                // maddr replaces the host
                arguments("numeric maddr", ALL, "", "sip:user@example.com;maddr=192.0.2.44", "udp 192.0.2.44:5060", ""),
                arguments(
                        "numeric maddr, IPv6",
                        ALL,
                        "",
                        "sip:user@example.com:5080;maddr=[2001:db8::4];transport=tcp",
                        "tcp [2001:db8::4]:5080",
                        ""),
                arguments(
                        "maddr over a numeric host",
                        ALL,
                        ADDRESSES_ONLY,
                        "sip:192.0.2.5:5080;maddr=example.com",
                        "udp 192.0.2.1:5080, udp [2001:db8::1]:5080",
                        "A example.com"),
                arguments(
                        "maddr is resolved like a host",
                        UDP_AND_TCP,
                        RFC_3263,
                        "sip:elsewhere.net;maddr=example.com",
                        "tcp 192.0.2.1:5060, tcp 192.0.2.2:5062, udp 192.0.2.2:5064",
                        null),

                // the hosts file
                arguments(
                        "the hosts file is queried before the DNS",
                        ALL,
                        "pbx.example.com HOSTS 10.0.0.1\npbx.example.com A 192.0.2.1",
                        "sip:pbx.example.com",
                        "udp 10.0.0.1:5060",
                        ""),
                arguments(
                        "a name without a dot has no services",
                        ALL,
                        "pbx A 10.0.0.2",
                        "sip:pbx",
                        "udp 10.0.0.2:5060",
                        "A pbx"),
                arguments(
                        "an SRV target in the hosts file",
                        ALL,
                        "_sip._tcp.example.com SRV 0 0 5071 sip.example.com\nsip.example.com HOSTS 10.0.0.1",
                        "sip:example.com;transport=tcp",
                        "tcp 10.0.0.1:5071",
                        "SRV _sip._tcp.example.com"),

                // RFC 2782
                arguments(
                        "priority, then the draw; each target with all its addresses",
                        ALL,
                        """
                        _sip._udp.example.com SRV 20 0 5060 c.example.com
                        _sip._udp.example.com SRV 10 5 5060 b.example.com
                        _sip._udp.example.com SRV 10 0 5060 a.example.com
                        a.example.com A 192.0.2.1
                        a.example.com A 192.0.2.2
                        b.example.com A 192.0.2.3
                        c.example.com AAAA 2001:db8::3
                        """,
                        "sip:example.com;transport=udp",
                        "udp 192.0.2.1:5060, udp 192.0.2.2:5060, udp 192.0.2.3:5060, udp [2001:db8::3]:5060",
                        null),
                arguments(
                        "a target without an address is passed over",
                        ALL,
                        """
                        _sip._udp.example.com SRV 10 0 5060 gone.example.com
                        _sip._udp.example.com SRV 20 0 5061 b.example.com
                        b.example.com A 192.0.2.3
                        """,
                        "sip:example.com;transport=udp",
                        "udp 192.0.2.3:5061",
                        null),
                arguments(
                        "port 0 and targets that are not names are skipped",
                        ALL,
                        """
                        _sip._udp.example.com SRV 10 0 0 b.example.com
                        _sip._udp.example.com SRV 10 0 5060 192.0.2.3
                        _sip._udp.example.com SRV 10 0 5060 b.example.com
                        b.example.com A 192.0.2.3
                        """,
                        "sip:example.com;transport=udp",
                        "udp 192.0.2.3:5060",
                        null),
                arguments(
                        "the same address by two names is tried once",
                        ALL,
                        """
                        _sip._udp.example.com SRV 10 0 5060 a.example.com
                        _sip._udp.example.com SRV 20 0 5060 b.example.com
                        a.example.com A 192.0.2.3
                        b.example.com A 192.0.2.3
                        """,
                        "sip:example.com;transport=udp",
                        "udp 192.0.2.3:5060",
                        null),
                arguments(
                        "a dot as target: decidedly not available, so no address either",
                        ALL,
                        "_sip._udp.example.com SRV 0 0 0 .\nexample.com A 192.0.2.1",
                        "sip:example.com;transport=udp",
                        "NO_SUCH_HOST: the SRV records of example.com say that it has no SIP service",
                        "SRV _sip._udp.example.com"),
                arguments(
                        "not available by UDP, but by TCP",
                        UDP_AND_TCP,
                        """
                        _sip._udp.example.com SRV 0 0 0 .
                        _sip._tcp.example.com SRV 0 0 5060 sip.example.com
                        sip.example.com A 192.0.2.1
                        """,
                        "sip:example.com",
                        "tcp 192.0.2.1:5060",
                        null),

                // no such records
                arguments(
                        "no such name",
                        ALL,
                        "",
                        "sip:example.com",
                        "NO_SUCH_HOST: example.com has no address in the DNS",
                        null),
                arguments(
                        "no such name, with a port",
                        ALL,
                        "",
                        "sip:example.com:5060",
                        "NO_SUCH_HOST: example.com has no address in the DNS",
                        "A example.com"),
                arguments(
                        "addresses that only lead back here or to a group",
                        ALL,
                        "example.com A 0.0.0.0\nexample.com AAAA ::\nexample.com A 224.0.1.75",
                        "sip:example.com:5060",
                        "UNSUPPORTED: example.com has no address that is reachable with",
                        "A example.com"),

                // failures: a stage without an answer leads to the next one
                arguments(
                        "NAPTR fails",
                        ALL,
                        SRV_ONLY + "example.com BROKEN NAPTR",
                        "sip:example.com;x",
                        "udp 192.0.2.1:5070, tcp 192.0.2.1:5071, tls 192.0.2.1:5072",
                        null),
                arguments(
                        "one of the SRV questions fails",
                        ALL,
                        SRV_ONLY + "_sip._udp.example.com BROKEN SRV",
                        "sip:example.com",
                        "tcp 192.0.2.1:5071, tls 192.0.2.1:5072",
                        null),
                arguments(
                        "all SRV questions fail",
                        UDP_AND_TCP,
                        ADDRESSES_ONLY + "_sip._udp.example.com BROKEN SRV\n_sip._tcp.example.com BROKEN SRV",
                        "sip:example.com",
                        "udp 192.0.2.1:5060, udp [2001:db8::1]:5060",
                        null),
                arguments(
                        "the address fails",
                        ALL,
                        "example.com BROKEN A",
                        "sip:example.com:5060",
                        "DNS_FAILED: A example.com: ServFail",
                        null),
                arguments(
                        "no address, but an earlier stage got no answer: a retry may succeed",
                        ALL,
                        "example.com BROKEN NAPTR",
                        "sip:example.com",
                        "DNS_FAILED: NAPTR example.com: ServFail",
                        null),
                arguments(
                        "one target's address fails",
                        ALL,
                        """
                        _sip._udp.example.com SRV 10 0 5060 a.example.com
                        _sip._udp.example.com SRV 20 0 5060 b.example.com
                        a.example.com BROKEN A
                        b.example.com A 192.0.2.3
                        """,
                        "sip:example.com;transport=udp",
                        "udp 192.0.2.3:5060",
                        null),
                arguments(
                        "too many questions: no further ones",
                        ALL,
                        ADDRESSES_ONLY + "example.com BUSY NAPTR",
                        "sip:example.com",
                        "OVERLOADED: too many questions",
                        "NAPTR example.com"),
                arguments(
                        "too many questions at SRV",
                        ALL,
                        ADDRESSES_ONLY + "_sip._tcp.example.com BUSY SRV",
                        "sip:example.com;transport=tcp",
                        "OVERLOADED: too many questions",
                        "SRV _sip._tcp.example.com"),
                arguments(
                        "too many questions at the address",
                        ALL,
                        "example.com BUSY A",
                        "sip:example.com:5060",
                        "OVERLOADED: too many questions",
                        "A example.com"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("names")
    void namesBecomeNextHopsBySection4(
            String title, Set<TransportKind> transports, String zone, String uri, String expected, String asked) {
        FakeDns dns = new FakeDns(zone);

        String answer = resolve(dns, transports, uri);

        boolean failure = Character.isUpperCase(expected.charAt(0));
        assertThat(failure ? answer.substring(0, Math.min(answer.length(), expected.length())) : answer)
                .isEqualTo(expected);
        if (asked != null) {
            assertThat(String.join(", ", dns.asked)).isEqualTo(asked);
        }
    }
}

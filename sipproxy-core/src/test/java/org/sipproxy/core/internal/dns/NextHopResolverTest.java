package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.net.InetAddress;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.message.SipUri;

class NextHopResolverTest {

    private static final Set<TransportKind> ALL = EnumSet.allOf(TransportKind.class);
    private static final Set<TransportKind> UDP_AND_TCP = EnumSet.of(TransportKind.UDP, TransportKind.TCP);
    private static final Set<StandardProtocolFamily> BOTH =
            EnumSet.of(StandardProtocolFamily.INET, StandardProtocolFamily.INET6);

    /** RFC 3263 §4: the example.com of its text, and a server with two SRV hosts. */
    private static final String RFC_3263 = """
      example.com               NAPTR  50 50 s SIPS+D2T - _sips._tcp.example.com.
      example.com               NAPTR  90 50 s SIP+D2T  - _sip._tcp.example.com.
      example.com               NAPTR 100 50 s SIP+D2U  - _sip._udp.example.com.
      _sip._tcp.example.com     SRV   0 1 5060 server1.example.com.
      _sip._tcp.example.com     SRV   1 2 5062 server2.example.com.
      _sip._udp.example.com     SRV   0 1 5064 server2.example.com.
      _sips._tcp.example.com    SRV   0 1 5061 server1.example.com.
      server1.example.com       A     192.0.2.1
      server2.example.com       A     192.0.2.2
      example.com               A     192.0.2.99
      """;

    private static final String SRV_ONLY = """
      _sip._udp.example.com     SRV   0 1 5070 sip.example.com
      _sip._tcp.example.com     SRV   0 1 5071 sip.example.com
      _sips._tcp.example.com    SRV   0 1 5072 sip.example.com
      sip.example.com           A     192.0.2.1
      example.com               A     192.0.2.99
      """;

    private static final String ADDRESSES_ONLY = """
      example.com               A     192.0.2.1
      example.com               AAAA  2001:db8::1
      """;

    private final List<Runnable> deadlines = new ArrayList<>();
    private int deadlinesCancelled;

    // ---- numeric hosts

    static Stream<Arguments> numericHosts() {
        return Stream.of(
                arguments("sip:1001@192.0.2.7", "udp 192.0.2.7:5060"),
                arguments("sip:192.0.2.7:5080", "udp 192.0.2.7:5080"),
                arguments("sip:1001@[2001:db8::7]", "udp [2001:db8::7]:5060"),
                arguments("sip:1001@[::ffff:192.0.2.7]", "udp 192.0.2.7:5060"),
                arguments("sip:1001@192.0.2.7;transport=udp", "udp 192.0.2.7:5060"),
                arguments("sip:1001@192.0.2.7:5062;Transport=TCP;lr", "tcp 192.0.2.7:5062"),
                arguments("sip:1001@192.0.2.7;transport=tls", "tls 192.0.2.7:5061"),
                arguments("sip:1001@192.0.2.7;transport=ws", "ws 192.0.2.7:80"),
                arguments("sip:1001@192.0.2.7;transport=wss", "wss 192.0.2.7:443"),
                arguments("sips:1001@192.0.2.7", "tls 192.0.2.7:5061"),
                arguments("sips:1001@192.0.2.7;transport=tcp", "tls 192.0.2.7:5061"),
                arguments("sips:1001@192.0.2.7;transport=tls", "tls 192.0.2.7:5061"),
                arguments("sips:1001@192.0.2.7:7000;transport=ws", "wss 192.0.2.7:7000"));
    }

    @ParameterizedTest
    @MethodSource("numericHosts")
    void aNumericHostIsItsOwnNextHop(String uri, String expected) {
        FakeDns dns = new FakeDns("");

        NextHop hop = resolver(dns, ALL, BOTH).numeric(SipUri.of(uri));

        assertThat(hop).isNotNull();
        assertThat(FakeDns.text(hop)).isEqualTo(expected);
        assertThat(resolve(dns, ALL, uri)).isEqualTo(expected);
        assertThat(dns.asked).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
          tel:+15551234                         | UNSUPPORTED: a tel URI does not name a host
          sip:192.0.2.7:0                       | UNSUPPORTED: "192.0.2.7" with port 0
          sip:192.0.2.7;transport=sctp          | UNSUPPORTED: no transport for sip URI (sctp)
          sips:192.0.2.7;transport=udp          | UNSUPPORTED: no transport for sips URI (udp)
          sip:192.0.2.7;transport=tls           | UNSUPPORTED: no transport for sip URI (tls); this proxy has [UDP, TCP]
          sips:192.0.2.7                        | UNSUPPORTED: no transport for sips URI (none named)
          sips:example.com                      | UNSUPPORTED: no transport for sips URI (none named)
          sip:[2001:db8::7]                     | UNSUPPORTED: cannot send to [2001:db8::7]; this proxy has [UDP, TCP] over IPv4
          sip:0.0.0.0                           | UNSUPPORTED: cannot send to 0.0.0.0
          sip:0.0.0.0.                          | NO_SUCH_HOST: "0.0.0.0." is neither
          sip:[::ffff:0.0.0.0]                  | UNSUPPORTED: cannot send to [::ffff:0.0.0.0]
          sip:a..example.com                    | NO_SUCH_HOST: "a..example.com" is neither
          sip:example.com;maddr=a%00b           | NO_SUCH_HOST: "a%00b" is neither
          """)
    void unsupportedUrisAreRefusedWithoutADnsQuestion(String uri, String expected) {
        FakeDns dns = new FakeDns(ADDRESSES_ONLY);
        NextHopResolver resolver = resolver(dns, UDP_AND_TCP, EnumSet.of(StandardProtocolFamily.INET));
        Answered answered = new Answered();

        resolver.resolve(SipUri.of(uri), Sender.HOST, answered);

        assertThat(resolver.numeric(SipUri.of(uri))).isNull();
        assertThat(answered.now()).startsWith(expected);
        assertThat(dns.asked).isEmpty();
    }

    @Test
    void aProxyWithoutUdpSendsByTheTransportThatItHas() {
        assertThat(resolve(new FakeDns(""), EnumSet.of(TransportKind.TCP), "sip:192.0.2.7"))
                .isEqualTo("tcp 192.0.2.7:5060");
    }

    // // ---- names: the questions that are asked, and the order in which the answers are tried

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
                        "NAPTR example.com, SRV _sip._udp.example.com, SRV _sip._tcp.example.com, SRV _sips._tcp.example.com,"
                                + " A sip.example.com"),
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
                        "maddr takes the whole way of a host",
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

    @ParameterizedTest
    @CsvSource({"INET, udp 192.0.2.1:5060", "INET6, udp [2001:db8::1]:5060"})
    void onlyAddressesOfAFamilyThatWeListenOnAreUsed(StandardProtocolFamily family, String expected) {
        Answered answered = new Answered();

        resolver(new FakeDns(ADDRESSES_ONLY), ALL, EnumSet.of(family))
                .resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, answered);

        assertThat(answered.now()).isEqualTo(expected);
    }

    @Test
    void anIpv6OnlyHostIsOutOfReachForAnIpv4Proxy() {
        Answered answered = new Answered();

        resolver(new FakeDns("example.com AAAA 2001:db8::1"), UDP_AND_TCP, EnumSet.of(StandardProtocolFamily.INET))
                .resolve(SipUri.of("sip:example.com"), Sender.HOST, answered);

        assertThat(answered.now())
                .isEqualTo("UNSUPPORTED: example.com has no address that is reachable with [UDP, TCP] over IPv4");
    }

    // // ---- limits: the author of the zone does not decide how much work it causes

    @Test
    void atMostEightTargetsAreLookedUpAndSixteenNextHopsReturned() {
        String zone = IntStream.range(0, 12)
                .mapToObj(i -> "_sip._udp.example.com SRV " + i + " 0 5060 t" + i + ".example.com\n"
                        + IntStream.range(0, 3)
                                .mapToObj(k -> "t" + i + ".example.com A 192.0." + i + "." + k)
                                .collect(Collectors.joining("\n")))
                .collect(Collectors.joining("\n"));
        FakeDns dns = new FakeDns(zone);

        String hops = resolve(dns, ALL, "sip:example.com;transport=udp");

        assertThat(dns.asked).hasSize(1 + 8).contains("A t7.example.com").doesNotContain("A t8.example.com");
        assertThat(hops.split(", "))
                .hasSize(16)
                .startsWith("udp 192.0.0.0:5060")
                .endsWith("udp 192.0.5.0:5060");
    }

    @Test
    void atMostSixServicesOfADomainAreFollowed() {
        String zone = IntStream.range(0, 16)
                .mapToObj(i -> "example.com NAPTR " + i + " 0 s SIP+D2U - s" + i + ".example.com")
                .collect(Collectors.joining("\n"));
        FakeDns dns = new FakeDns(zone);

        resolve(dns, ALL, "sip:example.com");

        assertThat(dns.asked.stream().filter(question -> question.startsWith("SRV")))
                .hasSize(6);
    }

    @Test
    void aNameTooLongForAnSrvNameIsLookedUpAsAHost() {
        String label = "a".repeat(60);
        String name = String.join(".", label, label, label, "a".repeat(64 - 4), "com"); // 247 characters
        FakeDns dns = new FakeDns(name + " A 192.0.2.1");

        assertThat(resolve(dns, UDP_AND_TCP, "sip:" + name)).isEqualTo("udp 192.0.2.1:5060");
        assertThat(dns.asked).containsExactly("NAPTR " + name, "A " + name);
    }

    // ---- time

    @Test
    void aSilentDnsEndsAtTheDeadline() {
        Answered answered = new Answered();
        resolver(new FakeDns("example.com SILENT NAPTR"), ALL, BOTH)
                .resolve(SipUri.of("sip:example.com"), Sender.HOST, answered);
        assertThat(answered.now()).isEmpty();

        deadlines.get(0).run();

        assertThat(answered.now()).isEqualTo("DNS_FAILED: no answer from the DNS for example.com in 5000 ms");
    }

    @Test
    void atTheDeadlineTheResolvedTargetsAreUsed() {
        FakeDns dns = new FakeDns("""
            _sip._udp.example.com SRV 10 0 5060 a.example.com
            _sip._udp.example.com SRV 20 0 5060 b.example.com
            a.example.com SILENT A
            b.example.com A 192.0.2.3
            """);
        Answered answered = new Answered();
        resolver(dns, ALL, BOTH).resolve(SipUri.of("sip:example.com;transport=udp"), Sender.HOST, answered);
        assertThat(answered.now()).isEmpty();

        deadlines.get(0).run();

        assertThat(answered.now()).isEqualTo("udp 192.0.2.3:5060");
    }

    @Test
    void answerAfterTheDeadlineIsIgnoredAndCausesNoQuestion() {
        FakeDns dns = new FakeDns(RFC_3263);
        dns.hold = true;
        Answered answered = new Answered();
        resolver(dns, ALL, BOTH).resolve(SipUri.of("sip:example.com"), Sender.HOST, answered);
        deadlines.get(0).run();

        dns.release();

        assertThat(answered.calls()).isEqualTo(1);
        assertThat(dns.asked).containsExactly("NAPTR example.com");
    }

    @Test
    void anAnswerInTimeCancelsTheDeadline() {
        FakeDns dns = new FakeDns(ADDRESSES_ONLY);
        dns.hold = true;
        Answered answered = new Answered();
        resolver(dns, ALL, BOTH).resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, answered);
        assertThat(deadlines).hasSize(1);

        dns.release();
        deadlines.get(0).run();

        assertThat(answered.now()).isEqualTo("udp 192.0.2.1:5060, udp [2001:db8::1]:5060");
        assertThat(deadlinesCancelled).isEqualTo(1);
    }

    @Test
    void immediateResultNeedsNoDeadline() {
        resolve(new FakeDns(RFC_3263), ALL, "sip:example.com");

        assertThat(deadlines).isEmpty();
    }

    // ---- load and life cycle

    @Test
    void beyondAThousandWaitingRequestsTheNextFailsAtOnceUntilOneHasItsAnswer() {
        FakeDns dns = new FakeDns("example.com A 192.0.2.1");
        dns.hold = true;
        NextHopResolver resolver = resolver(dns, ALL, BOTH);
        Answered waiting = new Answered();
        for (int i = 0; i < NextHopResolver.MAX_OUTSTANDING; i++) {
            resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, waiting);
        }
        assertThat(waiting.calls()).isZero();

        Answered refused = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, refused);
        assertThat(refused.now()).isEqualTo("OVERLOADED: 1000 requests already wait for the DNS");

        Answered numeric = new Answered();
        resolver.resolve(SipUri.of("sip:192.0.2.9"), Sender.HOST, numeric);
        assertThat(numeric.now()).isEqualTo("udp 192.0.2.9:5060");

        dns.release();
        assertThat(waiting.calls()).isEqualTo(NextHopResolver.MAX_OUTSTANDING);
        Answered again = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, again);
        assertThat(again.now()).isEqualTo("udp 192.0.2.1:5060");
    }

    @Test
    void senderWithManyWaitingRequestsLeavesRoomForOthers() throws UnknownHostException {
        FakeDns dns = new FakeDns("example.com A 192.0.2.1");
        dns.hold = true;
        NextHopResolver resolver = resolver(dns, ALL, BOTH);
        Answered waiting = new Answered();
        for (int i = 0; i < NextHopResolver.MAX_OF_SENDER; i++) {
            InetAddress host = InetAddress.getByName("2001:db8::" + Integer.toHexString(i + 1));
            resolver.resolve(SipUri.of("sip:example.com:5060"), client(host), waiting);
        }

        Answered refused = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), client(InetAddress.getByName("2001:db8::ffff")), refused);
        assertThat(refused.now()).isEqualTo("OVERLOADED: 16 requests of one sender already wait for the DNS");
        Answered other = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), client(InetAddress.getByName("2001:db8:0:1::1")), other);
        Answered host = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), Sender.HOST, host);
        assertThat(other.calls() + host.calls()).isZero();

        dns.release();
        assertThat(other.now()).isEqualTo("udp 192.0.2.1:5060");
        assertThat(host.now()).isEqualTo("udp 192.0.2.1:5060");
        Answered again = new Answered();
        resolver.resolve(SipUri.of("sip:example.com:5060"), client(InetAddress.getByName("2001:db8::1")), again);
        assertThat(again.now()).as("all places are returned").isEqualTo("udp 192.0.2.1:5060");
    }

    @Test
    void closingFailsWhatWaitsAndWhatComesAfter() {
        FakeDns dns = new FakeDns(ADDRESSES_ONLY);
        dns.hold = true;
        NextHopResolver resolver = resolver(dns, ALL, BOTH);
        Answered before = new Answered();
        resolver.resolve(SipUri.of("sip:example.com"), Sender.HOST, before);

        resolver.close();
        dns.release();
        Answered after = new Answered();
        resolver.resolve(SipUri.of("sip:example.com"), Sender.HOST, after);

        assertThat(before.now()).isEqualTo("DNS_FAILED: the resolver is closed");
        assertThat(after.now()).isEqualTo("DNS_FAILED: the resolver is closed");
        assertThat(dns.closed).isTrue();
        assertThat(deadlinesCancelled).isEqualTo(1);
    }

    @Test
    void aDefectInALookupFailsTheRequestInsteadOfLeavingItToWait() {
        FakeDns dns = new FakeDns("example.com A 192.0.2.1");
        NextHopResolver resolver = new NextHopResolver(
                NameServers.of(dns, task -> {
                    throw new IllegalStateException("loop is shut down");
                }),
                new Capabilities(ALL, BOTH),
                bound -> 0);
        dns.hold = true;
        Answered answered = new Answered();

        resolver.resolve(SipUri.of("sip:example.com"), Sender.HOST, answered);

        assertThat(answered.now())
                .startsWith("DNS_FAILED: looking up example.com failed:")
                .contains("loop is shut down");
    }

    private String resolve(FakeDns dns, Set<TransportKind> transports, String uri) {
        Answered answered = new Answered();
        resolver(dns, transports, BOTH).resolve(SipUri.of(uri), Sender.HOST, answered);
        return answered.now();
    }

    private static Sender client(InetAddress address) {
        return new Sender(address, false, false, null);
    }

    private NextHopResolver resolver(FakeDns dns, Set<TransportKind> transports, Set<StandardProtocolFamily> families) {
        return new NextHopResolver(
                NameServers.of(dns, this::schedule), new Capabilities(transports, families), bound -> 0);
    }

    private Future<?> schedule(Runnable task) {
        deadlines.add(task);
        return new CompletableFuture<Void>() {
            @Override
            public boolean cancel(boolean mayInterrupt) {
                deadlinesCancelled++;
                return super.cancel(mayInterrupt);
            }
        };
    }
}

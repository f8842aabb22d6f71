package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.net.StandardProtocolFamily;
import java.util.EnumSet;
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

/** Numeric hosts, unsupported URIs, address families and the size of the result. */
class NextHopResolverTest extends ResolverScene {

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

    static Stream<Arguments> numericHosts() {
        return Stream.of(
                arguments("sip:1001@192.0.2.7", "udp 192.0.2.7:5060"),
                arguments("sip:192.0.2.7:5080", "udp 192.0.2.7:5080"),
                arguments("sip:1001@[2001:db8::7]", "udp [2001:db8::7]:5060"),
                arguments("sip:1001@[::ffff:192.0.2.7]", "udp 192.0.2.7:5060"),
                arguments("sip:1001@192.0.2.7;transport=udp", "udp 192.0.2.7:5060"),
                arguments("sip:1001@192.0.2.7:5062;Transport=TCP;lr", "tcp 192.0.2.7:5062"),
                arguments("sip:1001@192.0.2.7:5062;transport=foo", "udp 192.0.2.7:5062"),
                arguments("sip:1001@192.0.2.7:5062;transport", "udp 192.0.2.7:5062"),
                arguments("sips:1001@192.0.2.7;transport=foo", "tls 192.0.2.7:5061"),
                arguments("sip:1001@192.0.2.7;transport=tls", "tls 192.0.2.7:5061"),
                arguments("sip:1001@192.0.2.7;transport=ws", "ws 192.0.2.7:80"),
                arguments("sip:1001@192.0.2.7;transport=wss", "wss 192.0.2.7:443"),
                arguments("sips:1001@192.0.2.7", "tls 192.0.2.7:5061"),
                arguments("sips:1001@192.0.2.7;transport=tcp", "tls 192.0.2.7:5061"),
                arguments("sips:1001@192.0.2.7;transport=tls", "tls 192.0.2.7:5061"),
                arguments("sips:1001@192.0.2.7:7000;transport=ws", "wss 192.0.2.7:7000"));
    }
}

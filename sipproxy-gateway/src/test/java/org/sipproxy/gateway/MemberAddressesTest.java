package org.sipproxy.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.gateway.Gateway;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.fakes.FakeFlow;

class MemberAddressesTest {

    private final List<Member> members = List.of(
            member("one", Gateway.builder("one", SipUri.of("sip:192.0.2.1:5080"))),
            member("one", Gateway.builder("one", SipUri.of("sip:[2001:db8::1]"))),
            member("two", Gateway.builder("two", SipUri.of("sips:gw.test"))),
            member("two", Gateway.builder("two", SipUri.of("sip:unknown.test"))),
            member(
                    "two",
                    Gateway.builder("two", SipUri.of("sip:192.0.2.5")).outboundProxy(SipUri.of("sip:192.0.2.6:5090"))),
            member("two", Gateway.builder("two", SipUri.of("sip:192.0.2.7")).start(Gateway.Start.DISABLED)));

    private static Member member(String set, Gateway.Builder gateway) {
        return new Member(GatewaySet.named(set).build(), gateway.build(), false);
    }

    private static CompletableFuture<List<InetSocketAddress>> resolve(SipUri uri) {
        return uri.hostIs("gw.test")
                ? CompletableFuture.completedFuture(List.of(
                        new InetSocketAddress("198.51.100.1", 5061), new InetSocketAddress("198.51.100.2", 5090)))
                : CompletableFuture.failedFuture(new UnknownHostException(uri.host()));
    }

    private MemberAddresses addresses(SourceMatch match) {
        return MemberAddresses.of(members, match, MemberAddressesTest::resolve, MemberAddresses.NONE);
    }

    @Test
    void numericAndResolvedAddressesAreRecognized() {
        MemberAddresses addresses = addresses(SourceMatch.ADDRESS);

        for (String ip :
                List.of("192.0.2.1", "2001:db8::1", "198.51.100.1", "198.51.100.2", "192.0.2.5", "192.0.2.6")) {
            assertThat(addresses.isMember(FakeFlow.udp(ip, 40_000))).as(ip).isTrue();
        }
        assertThat(addresses.isMember(FakeFlow.udp("192.0.2.9", 5060))).isFalse();
    }

    @Test
    void setsOfASenderAreNamed() {
        MemberAddresses addresses = MemberAddresses.of(
                List.of(
                        member("pstn", Gateway.builder("pstn", SipUri.of("sip:192.0.2.1"))),
                        member("germany", Gateway.builder("germany", SipUri.of("sip:192.0.2.1:5080")))),
                SourceMatch.ADDRESS_AND_PORT,
                MemberAddressesTest::resolve,
                MemberAddresses.NONE);

        assertThat(addresses.setsOf(FakeFlow.udp("192.0.2.1", 5080))).containsExactly("germany");
        assertThat(addresses.setsOf(FakeFlow.udp("192.0.2.9", 5080))).isEmpty();
        assertThat(addresses(SourceMatch.ADDRESS).setsOf(FakeFlow.udp("192.0.2.5", 40_000)))
                .containsExactly("two");
    }

    @Test
    void nameThatCannotBeResolvedKeepsItsAddresses() {
        MemberAddresses later = MemberAddresses.of(
                members,
                SourceMatch.ADDRESS,
                uri -> CompletableFuture.failedFuture(new UnknownHostException(uri.host())),
                addresses(SourceMatch.ADDRESS));

        assertThat(later.isMember(FakeFlow.udp("198.51.100.2", 5061))).isTrue();
        assertThat(later.isMember(FakeFlow.udp("192.0.2.1", 5061))).isTrue();
    }

    @Test
    void disabledMemberIsAStranger() {
        assertThat(addresses(SourceMatch.ADDRESS).isMember(FakeFlow.udp("192.0.2.7", 5060)))
                .isFalse();
    }

    @Test
    void portIsComparedIfAsked() {
        MemberAddresses addresses = addresses(SourceMatch.ADDRESS_AND_PORT);

        assertThat(addresses.isMember(FakeFlow.udp("192.0.2.1", 5080))).isTrue();
        assertThat(addresses.isMember(FakeFlow.udp("192.0.2.1", 5060))).isFalse();
        assertThat(addresses.isMember(FakeFlow.udp("2001:db8::1", 5060))).isTrue();
        assertThat(addresses.isMember(FakeFlow.udp("198.51.100.1", 5061))).isTrue();
        assertThat(addresses.isMember(FakeFlow.udp("198.51.100.2", 5090)))
                .as("of a SRV record")
                .isTrue();
        assertThat(addresses.isMember(FakeFlow.udp("198.51.100.2", 5061))).isFalse();
        assertThat(addresses.isMember(FakeFlow.udp("192.0.2.6", 5090))).isTrue();
    }

    @Test
    void setOfTheMemberIsKnown() {
        MemberAddresses addresses = addresses(SourceMatch.ADDRESS);

        assertThat(addresses.isMemberOf(FakeFlow.udp("192.0.2.1", 1), "one")).isTrue();
        assertThat(addresses.isMemberOf(FakeFlow.udp("192.0.2.1", 1), "two")).isFalse();
    }

    @Test
    void recognitionCanBeSwitchedOff() {
        assertThat(addresses(SourceMatch.OFF).isMember(FakeFlow.udp("192.0.2.1", 5080)))
                .isFalse();
    }
}

package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.InetAddress;
import java.net.NetworkInterface;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;

/** Wildcards, names and IPv6. */
class AddressFamilyTest extends TransportScene {

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "localhost"})
    void callThroughAWildcardOrANameStaysOnItsPath(String host) {
        try (ProxyUnderTest all = ProxyUnderTest.on(host, b -> b)) {
            WireClient.Udp bob = all.registered("bob");
            WireClient.Tcp carol = all.tcp("carol");
            assertThat(all.proxy().boundEndpoints()).isNotEmpty();
            Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("INVITE");
            assertThat(received.elements("Record-Route")).hasSize(2).noneMatch(r -> r.contains("0.0.0.0"));
            WireMessage ok = bob.respond(received, 200);
            Dialog dialog = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
            carol.send(dialog.ack());
            assertThat(bob.awaitRequest("ACK").has("Route")).isFalse();
            Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
            carol.respond(carol.awaitRequest("BYE"), 200);
            bob.awaitResponse(bye, 200);
        }
    }

    @Test
    void callOverIpv6() throws Exception {
        assumeTrue(NetworkInterface.getByInetAddress(InetAddress.getByName("::1")) != null, "no ::1 here");
        try (ProxyUnderTest six = ProxyUnderTest.on("::1", b -> b)) {
            WireClient.Udp bob = six.registered("bob");
            WireClient.Tcp carol = six.tcp("carol");
            Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("INVITE");
            assertThat(received.topVia()).startsWith("SIP/2.0/UDP [");
            assertThat(received.elements("Record-Route")).hasSize(2).allMatch(r -> r.startsWith("<sip:["));
            WireMessage ok = bob.respond(received, 200);
            Dialog dialog = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
            carol.send(dialog.ack());
            bob.awaitRequest("ACK");
            Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
            carol.respond(carol.awaitRequest("BYE"), 200);
            bob.awaitResponse(bye, 200);
        }
    }

    @Test
    void addressOfTheProxyMayHaveAnySpellingOfIpv6() throws Exception {
        assumeTrue(NetworkInterface.getByInetAddress(InetAddress.getByName("::1")) != null, "no ::1 here");
        try (ProxyUnderTest six = ProxyUnderTest.on("::1", b -> b)) {
            WireClient.Udp bob = six.registered("bob");
            int port = six.address(TransportKind.UDP).getPort();
            for (String host : new String[] {"[::1]", "[0:0:0:0:0:0:0:1]", "[::0001]"}) {
                Request options = bob.send(bob.request("OPTIONS", "sip:" + host + ":" + port));
                assertThat(bob.awaitFinal(options).status()).as(host).isEqualTo(200);
            }
        }
    }
}

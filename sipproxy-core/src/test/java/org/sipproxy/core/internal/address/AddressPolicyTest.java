package org.sipproxy.core.internal.address;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.options.ContactPolicy;
import org.sipproxy.message.SipUri;

class AddressPolicyTest {

    private final AddressPolicy destinations = new AddressPolicy(ContactPolicy.DEFAULT, uri -> uri.hostIs("sip.test"));

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
        "198.51.100.7, sip:a@198.51.100.7;maddr=127.0.0.1, false",
        "198.51.100.7, sip:a@198.51.100.7;transport=tcp;maddr=127.0.0.1, false",
        "198.51.100.7, sip:a@198.51.100.7;maddr=[::1], false",
        "198.51.100.7, sip:a@198.51.100.7;maddr=10.77.0.5, false",
        "198.51.100.7, sip:a@198.51.100.7;maddr=localhost, false",
        "198.51.100.7, sip:a@10.0.0.1;maddr=203.0.113.9, true",
        "198.51.100.7, sip:a@198.51.100.7;maddr=192.0.2.1, false",
        "198.51.100.7, sip:a@198.51.100.7:5060;maddr=192.0.2.1, false",
        "198.51.100.7, sip:a@localhost:5999, false",
        "198.51.100.7, sip:a@LocalHost., false",
        "198.51.100.7, sip:a@db.localhost, false",
        "198.51.100.7, sip:a@notlocalhost, true",
        "127.0.0.1, sip:a@localhost:5999, true",
        "198.51.100.7, sip:a@192.0.2.1:5060, false",
        "198.51.100.7, sip:a@192.0.2.1:22;transport=tcp, false",
        "192.0.2.1, sip:a@192.0.2.1:5999, true",
        "10.0.0.7, sip:a@192.0.2.1:5999, false",
        "198.51.100.7, sip:a@255.255.255.255, false",
        "198.51.100.7, sip:a@240.0.0.1, false",
        "198.51.100.7, sip:a@0.1.2.3, false",
        "127.0.0.1, sip:a@0.0.0.0, false",
        "198.51.100.7, sip:a@192.0.0.8, false",
        "2001:db8::7, sip:a@[::127.0.0.1], false",
        "2001:db8::7, sip:a@[64:ff9b::10.0.0.1], false",
        "2001:db8::7, sip:a@[64:ff9b::203.0.113.9], true",
        "2001:db8::7, sip:a@[2002:7f00:1::1], false",
        "2001:db8::7, sip:a@[::ffff:0:192.168.1.1], false",
        "2001:db8::7, sip:a@[fec0::1], false",
        "2001:db8::7, sip:a@[febf::1], false",
        "2001:db8::7, sip:a@[::], false",
        "2001:db8::7, sip:a@[ff02::1], false",
    })
    void onlyClientsNearAnAddressMayRegisterIt(String source, String contact, boolean allowed) {
        destinations.listeningOn(Set.of(new InetSocketAddress("192.0.2.1", 5060)));

        assertThat(destinations.refusal(SipUri.of(contact), from(source)) == null)
                .isEqualTo(allowed);
    }

    @Test
    void loopbackListeningPointAllowsLoopbackContacts() {
        Flow flow = new From(new InetSocketAddress("198.51.100.7", 5060), Endpoint.udp("127.0.0.1", 5060));

        assertThat(destinations.refusal(SipUri.of("sip:a@127.0.0.1"), flow)).isNull();
    }

    @Test
    void hostMayAllowEverything() {
        AddressPolicy anywhere = new AddressPolicy(ContactPolicy.ANYWHERE, uri -> true);

        assertThat(anywhere.refusal(SipUri.of("sip:a@127.0.0.1"), from("198.51.100.7")))
                .isNull();
        assertThat(anywhere.refusal(SipUri.of("sip:a@10.0.0.1"), from("198.51.100.7")))
                .isNull();
    }

    // ---- what is sent

    private static Sender at(String source) {
        return Sender.of(from(source));
    }

    private String refusal(String to, int port, Sender sender) {
        destinations.listeningOn(Set.of(new InetSocketAddress("192.0.2.1", 5060)));
        return destinations.refusal(new InetSocketAddress(to, port), sender);
    }

    @Test
    void hostApplicationReachesAnyHost() {
        for (String host : List.of("203.0.113.9", "10.0.0.5", "127.0.0.1", "192.0.2.1")) {
            assertThat(refusal(host, 5080, Sender.HOST)).as(host).isNull();
        }
        assertThat(refusal("224.0.1.75", 5060, Sender.HOST)).contains("multicast");
        assertThat(refusal("0.0.0.0", 5060, Sender.HOST)).contains("not the address of a host");
    }

    @Test
    void trustedPeerReachesInternalNetworksButNotThisMachine() {
        Sender peer = Sender.of(from("198.51.100.7"), true, null);

        assertThat(refusal("10.0.0.5", 5060, peer)).isNull();
        assertThat(refusal("127.0.0.1", 5060, peer)).contains("this machine");
        assertThat(refusal("192.0.2.1", 22, peer)).contains("this machine");
    }

    @Test
    void dialogReachesTheSideThatItHas() {
        Sender inDialog = Sender.of(
                from("198.51.100.7"),
                false,
                to -> to.getAddress().getHostAddress().equals("10.0.0.5"));

        assertThat(refusal("10.0.0.5", 5070, inDialog)).isNull();
        assertThat(refusal("10.0.0.6", 5070, inDialog)).contains("internal");
    }

    @Test
    void neverToAListeningPointOfThisProxy() {
        assertThat(refusal("192.0.2.1", 5060, at("192.0.2.1"))).contains("listening point");
        assertThat(refusal("192.0.2.1", 5061, at("192.0.2.1"))).isNull();
    }

    @Test
    void nameInABindingReachesWhatItsClientMay() {
        Binding.Builder binding = Binding.builder("b", SipUri.of("sip:a@phone.example"));

        assertThat(refusal(
                        "10.0.0.5",
                        5060,
                        Sender.of(binding.flow(from("198.51.100.7")).build())))
                .contains("internal");
        assertThat(refusal(
                        "10.0.0.5",
                        5060,
                        Sender.of(binding.flow(from("10.0.0.9")).build())))
                .isNull();
        Binding.Builder stored = Binding.builder("b", SipUri.of("sip:a@phone.example"));
        assertThat(refusal(
                        "10.0.0.5",
                        5060,
                        Sender.of(stored.socket(Endpoint.udp("192.0.2.1", 5060)).build())))
                .contains("internal");
        assertThat(refusal(
                        "10.0.0.5",
                        5060,
                        Sender.of(stored.socket(Endpoint.udp("10.0.0.1", 5060)).build())))
                .isNull();
        assertThat(refusal(
                        "127.0.0.1",
                        5060,
                        Sender.of(stored.socket(Endpoint.udp("10.0.0.1", 5060)).build())))
                .contains("this machine");
    }

    @Test
    void multicastIsOnlyForResponsesOfAHostThatEnabledIt() {
        AddressPolicy multicast =
                new AddressPolicy(ContactPolicy.builder().multicast(true).build(), uri -> false);
        InetSocketAddress group = new InetSocketAddress("224.0.1.75", 5060);

        assertThat(multicast.followsMulticast(group.getAddress())).isTrue();
        assertThat(multicast.refusal(group, Sender.HOST)).isNull();
        assertThat(multicast.refusal(group, at("198.51.100.7"))).contains("multicast");
        assertThat(destinations.followsMulticast(group.getAddress())).isFalse();
    }
}

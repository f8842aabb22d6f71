package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.message.SipUri;

/**
 * Two UDP listening points on one host. A phone is reached from the one that it registered at; for dialogs see RFC 5658
 * §6.
 */
class ListeningPointTest {

    private static final int FIRST = 0;
    private static final int SECOND = 1;

    private final ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.listen(Endpoint.udp("127.0.0.1", 0)));
    private final WireClient.Udp alice = proxy.udpAt(FIRST, "alice");
    private final WireClient.Udp bob = proxy.udpAt(SECOND, "bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    private static String hostPort(InetSocketAddress point) {
        return "127.0.0.1:" + point.getPort();
    }

    private void assertFromSecond(WireMessage request) {
        assertThat(request.source()).isEqualTo(proxy.udpPoint(SECOND));
        assertThat(request.topVia()).startsWith("SIP/2.0/UDP " + hostPort(proxy.udpPoint(SECOND)) + ";");
    }

    @Test
    void requestIsSentFromThePointOfTheRegistration() {
        proxy.register(bob, "bob", "");

        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("MESSAGE");
        assertFromSecond(received);
        bob.respond(received, 200);
        assertThat(alice.awaitResponse(message, 200).source()).isEqualTo(proxy.udpPoint(FIRST));
    }

    /** Stores a binding as it is after a restart, or as a row written by Kamailio has it. */
    private void restored(String socket) {
        proxy.proxy()
                .locationStore()
                .update(
                        new Aor("bob", "sip.test"),
                        now -> List.of(Binding.builder("1", SipUri.of(bob.contact()))
                                .granted(System.currentTimeMillis(), Duration.ofMinutes(5))
                                .socket(Endpoint.parse(socket))
                                .build()));
    }

    @Test
    void restoredBindingIsServedFromItsSocket() {
        restored("udp:" + hostPort(proxy.udpPoint(SECOND)));

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        assertFromSecond(bob.awaitRequest("MESSAGE"));
    }

    @ParameterizedTest
    @CsvSource({"udp:192.0.2.1:5060", "tcp:127.0.0.1:1", "udp:127.0.0.1:9"})
    void socketOfAnotherServerHasNoEffect(String socket) {
        restored(socket);

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        assertThat(bob.awaitRequest("MESSAGE").source()).isEqualTo(proxy.udpPoint(FIRST));
    }

    @ParameterizedTest
    @CsvSource({"false", "true"})
    void dialogStaysOnThePointsOfBothSides(boolean restored) {
        if (restored) {
            restored("udp:" + hostPort(proxy.udpPoint(SECOND)));
        } else {
            proxy.register(bob, "bob", "");
        }
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        assertFromSecond(received);
        assertThat(received.elements("Record-Route")).hasSize(2);
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        Dialog callee = Dialog.ofCallee(bob, received, ok);

        alice.send(caller.ack());
        assertFromSecond(bob.awaitRequest("ACK"));
        Request reinvite = alice.send(caller.request("INVITE"));
        WireMessage again = bob.awaitRequest("INVITE");
        assertFromSecond(again);
        bob.respond(again, 200);
        alice.awaitResponse(reinvite, 200);
        alice.send(caller.ack());
        assertFromSecond(bob.awaitRequest("ACK"));
        Request info = bob.send(callee.request("INFO"));
        WireMessage atAlice = alice.awaitRequest("INFO");
        assertThat(atAlice.source()).isEqualTo(proxy.udpPoint(FIRST));
        alice.respond(atAlice, 200);
        bob.awaitResponse(info, 200);
        Request bye = alice.send(caller.request("BYE"));
        WireMessage last = bob.awaitRequest("BYE");
        assertFromSecond(last);
        bob.respond(last, 200);
        alice.awaitResponse(bye, 200);
    }

    @Test
    void retransmitted200ReachesTheCallerFromThePointOfItsInvite() {
        proxy.register(bob, "bob", "");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        bob.respond(received, 200);
        alice.awaitResponse(invite, 200);

        bob.respond(received, 200);

        assertThat(alice.awaitResponse(invite, 200).source()).isEqualTo(proxy.udpPoint(FIRST));
    }

    @Test
    void singleRecordRouteNamesThePointOfBothSides() {
        proxy.register(bob, "bob", "");
        WireClient.Udp carol = proxy.udpAt(SECOND, "carol");
        Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.elements("Record-Route")).hasSize(1);
        bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));

        carol.sendTo(
                proxy.udpPoint(FIRST), caller.request("BYE").text().getBytes(java.nio.charset.StandardCharsets.UTF_8));

        assertFromSecond(bob.awaitRequest("BYE"));
    }

    @Test
    void unsignedRouteDoesNotChooseThePoint() {
        proxy.register(bob, "bob", "");
        WireClient.Udp carol = proxy.udp("carol");

        alice.send(alice.request("MESSAGE", carol.contact())
                .to("<" + carol.contact() + ">;tag=1")
                .with("Route: <sip:" + hostPort(proxy.udpPoint(SECOND)) + ";lr>"));

        assertThat(carol.awaitRequest("MESSAGE").source()).isEqualTo(proxy.udpPoint(FIRST));
    }
}

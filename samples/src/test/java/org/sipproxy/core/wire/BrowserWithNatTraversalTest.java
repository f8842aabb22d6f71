package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.http.HttpClient;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.nat.NatTraversal;

/** A browser is reached over its connection, without NAT traversal and also with its aliases. */
class BrowserWithNatTraversalTest {

    private final NatTraversal nat = NatTraversal.builder().build();
    private final ProxyUnderTest proxy = ProxyUnderTest.start(
            builder -> builder.listen(Endpoint.ws("127.0.0.1", 0)).component(nat));

    @AfterEach
    void close() {
        proxy.close();
    }

    @Test
    void callPassesInBothDirectionsAndTheBrowserGetsItsOwnContact() {
        WireClient.Web bob = proxy.web("bob", TransportKind.WS, HttpClient.newHttpClient());
        proxy.register(bob, "bob", "");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("INVITE");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        assertThat(caller.target()).startsWith(bob.contact()).contains(";alias=");
        alice.send(caller.ack());
        assertThat(bob.awaitRequest("ACK").uri()).isEqualTo(bob.contact());
        Request info = alice.send(caller.request("INFO"));
        WireMessage atBob = bob.awaitRequest("INFO");
        assertThat(atBob.uri()).isEqualTo(bob.contact());
        bob.respond(atBob, 200);
        alice.awaitResponse(info, 200);
        bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        alice.awaitRequest("BYE");
        assertThat(nat.statistics().aliasesWritten()).isPositive();
    }

    @Test
    void browserThatReconnectsDuringACallIsReached() {
        WireClient.Web bob = proxy.web("bob", TransportKind.WS, HttpClient.newHttpClient());
        proxy.register(bob, "bob", "");
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        bob.close();

        WireClient.Web again = proxy.web("bob", TransportKind.WS, HttpClient.newHttpClient());
        Request register = again.request("REGISTER", "sip:sip.test")
                .from("<sip:bob@sip.test>;tag=" + WireClient.unique("r"))
                .to("<sip:bob@sip.test>")
                .contact("<" + bob.contact() + ">");
        again.awaitResponse(again.send(register), 200);
        alice.send(caller.request("INFO"));

        assertThat(again.awaitRequest("INFO").uri()).isEqualTo(bob.contact());
    }
}

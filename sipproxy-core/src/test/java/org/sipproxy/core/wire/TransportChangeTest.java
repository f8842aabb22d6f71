package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Calls and messages between UDP and TCP. */
class TransportChangeTest extends TransportScene {

    @Test
    void callFromUdpToTcpHasTwoRecordRoutes() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.topVia()).startsWith("SIP/2.0/TCP " + proxy.tcpHostPort());
        assertThat(received.elements("Record-Route")).hasSize(2);
        assertThat(received.elements("Record-Route").get(0))
                .startsWith("<sip:" + proxy.tcpHostPort())
                .contains("transport=tcp", ";lr");
        assertThat(received.elements("Record-Route").get(1))
                .startsWith("<sip:" + proxy.udpHostPort())
                .contains(";lr")
                .doesNotContain("transport=tcp");
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(caller.ack());
        assertThat(bob.awaitRequest("ACK").has("Route")).isFalse();
        Request bye = bob.send(Dialog.ofCallee(bob, received, ok).request("BYE"));
        WireMessage atAlice = alice.awaitRequest("BYE");
        assertThat(atAlice.has("Route")).isFalse();
        assertThat(atAlice.topVia()).startsWith("SIP/2.0/UDP " + proxy.udpHostPort());
        alice.respond(atAlice, 200);
        bob.awaitResponse(bye, 200);
    }

    @Test
    void callFromTcpToUdpHasTwoRecordRoutes() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp carol = proxy.tcp("carol");

        Request invite = carol.send(carol.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.topVia()).startsWith("SIP/2.0/UDP " + proxy.udpHostPort());
        assertThat(received.elements("Record-Route")).hasSize(2);
        assertThat(received.elements("Record-Route").get(0)).startsWith("<sip:" + proxy.udpHostPort());
        assertThat(received.elements("Record-Route").get(1))
                .startsWith("<sip:" + proxy.tcpHostPort())
                .contains("transport=tcp");
        bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
        carol.send(caller.ack());
        bob.awaitRequest("ACK");
        Request bye = carol.send(caller.request("BYE"));
        bob.respond(bob.awaitRequest("BYE"), 200);
        carol.awaitResponse(bye, 200);
    }

    @Test
    void callWithinOneTransportHasOneRecordRoute() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        WireClient.Tcp carol = proxy.tcp("carol");

        carol.send(carol.request("INVITE", "sip:bob@sip.test"));

        assertThat(bob.awaitRequest("INVITE").elements("Record-Route")).hasSize(1);
    }

    @Test
    void failureOverTcpIsAcknowledgedAndNotRetransmitted() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);

        bob.awaitRequest("ACK");
        WireMessage failure = alice.awaitResponse(invite, 486);

        alice.send(invite.ack(failure).text());
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void responseWithoutContentLengthGetsOneForTheStream() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp carol = proxy.tcp("carol");
        Request message = carol.send(carol.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage response = Response.of(bob, bob.awaitRequest("MESSAGE"), 200, "\r\nbody");

        bob.send(response.text().replaceFirst("Content-Length: 4\r\n", ""));

        WireMessage ok = carol.awaitResponse(message, 200);
        assertThat(ok.header("Content-Length")).isEqualTo("4");
        assertThat(ok.body()).isEqualTo("body");
    }

    @Test
    void requestWithoutContentLengthGetsOneForTheStream() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test")
                .body("text/plain", "hello")
                .text()
                .replaceFirst("Content-Length: 5\r\n", ""));

        assertThat(bob.awaitRequest("MESSAGE").body()).isEqualTo("hello");
    }

    @Test
    void inDialogRequestCrossesBothConnections() {
        WireClient.Tcp bob = proxy.registeredByTcp("bob");
        WireClient.Tcp carol = proxy.tcp("carol");
        Dialog dialog = call(carol, bob, "bob");
        carol.send(dialog.ack());
        bob.awaitRequest("ACK");

        Request bye = carol.send(dialog.request("BYE"));

        bob.respond(bob.awaitRequest("BYE"), 200);
        carol.awaitResponse(bye, 200);
    }

    private static Dialog call(WireClient from, WireClient to, String user) {
        Request invite = from.send(from.request("INVITE", "sip:" + user + "@sip.test"));
        to.respond(to.awaitRequest("INVITE"), 200);
        return Dialog.ofCaller(from, from.awaitResponse(invite, 200));
    }
}

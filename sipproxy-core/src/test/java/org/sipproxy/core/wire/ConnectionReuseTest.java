package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** Connections that requests and responses are sent on. */
class ConnectionReuseTest extends TransportScene {

    @Test
    void connectionIsReusedForRequestsToItsPeer() {
        WireClient.Tcp bob = proxy.tcp("bob");
        String ephemeral = "127.0.0.1:" + bob.localAddress().getPort();
        Request register = bob.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@" + ephemeral + ";transport=tcp>");
        bob.send(register);
        bob.awaitResponse(register, 200);

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        bob.awaitRequest("MESSAGE");
        assertThat(bob.acceptedConnections()).isZero();
    }

    @Test
    void responseReachesTheSenderWhenItsConnectionIsClosed() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Tcp carol = proxy.tcp("carol");
        Request message = carol.send(carol.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");
        carol.disconnect();
        // bytes written before the proxy has seen the end of the connection are lost, as with any TCP peer
        Awaitility.await().until(() -> proxy.proxy().statistics().connections() == 0);

        bob.respond(received, 200);

        carol.awaitResponse(message, 200);
        assertThat(carol.acceptedConnections()).isEqualTo(1);
    }

    @Test
    void contactThatRefusesItsConnectionIs480() {
        Request register = alice.request("REGISTER", "sip:sip.test")
                .to("<sip:dead@sip.test>")
                .contact("<sip:dead@127.0.0.1:1;transport=tcp>");
        alice.send(register);
        alice.awaitResponse(register, 200);

        Request invite = alice.send(alice.request("INVITE", "sip:dead@sip.test"));

        WireMessage failure = alice.awaitFinal(invite);
        assertThat(failure.status()).isEqualTo(480);
        alice.send(invite.ack(failure).text());
    }

    @Test
    void connectionOfTheRegistrationIsUsedWhenItsContactCannotBeReached() {
        WireClient.Tcp bob = proxy.tcp("bob");
        Request register = bob.request("REGISTER", "sip:sip.test")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@127.0.0.1:1;transport=tcp>");
        bob.send(register);
        bob.awaitResponse(register, 200);

        alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

        bob.awaitRequest("MESSAGE");
    }
}

package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;

/** A stranger cannot make the proxy relay anything, except to its users and in dialogs that went through it. */
class OpenRelayTest {

    private ProxyUnderTest proxy;
    private WireClient.Udp mallory;
    private WireClient.Udp victim;
    private WireClient.Udp bob;

    @BeforeEach
    void start() {
        proxy = ProxyUnderTest.start();
        mallory = proxy.udp("mallory");
        do {
            victim = proxy.udp("victim"); // at the proxy's TCP port, the contact would be the proxy itself
        } while (victim.contact()
                .endsWith(":" + proxy.address(TransportKind.TCP).getPort()));
        bob = proxy.registered("bob");
    }

    @AfterEach
    void stop() {
        proxy.close();
    }

    /** Returns a request that pretends to be an in-dialog request. */
    private Request forged(String method, String... lines) {
        return mallory.request(method, victim.contact())
                .from("<sip:mallory@elsewhere.test>;tag=1")
                .to("<sip:victim@elsewhere.test>;tag=2")
                .with(lines);
    }

    private void assertRelayedNothing(Request request) {
        mallory.send(request);
        assertThat(mallory.awaitFinal(request).status()).isEqualTo(403);
        assertVictimGotNothing();
    }

    /** Asserts that the victim received nothing. The message to bob shows that all earlier requests were handled. */
    private void assertVictimGotNothing() {
        mallory.send(mallory.request("MESSAGE", "sip:bob@sip.test").from("<sip:mallory@elsewhere.test>;tag=1"));
        bob.awaitRequest("MESSAGE");
        assertThat(victim.pending()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"INVITE", "BYE", "MESSAGE", "REFER", "OPTIONS", "INFO"})
    void routeToTheProxyThatItDidNotCreateIsRefused(String method) {
        assertRelayedNothing(forged(method, "Route: <sip:" + proxy.udpHostPort() + ";lr>"));
    }

    @ParameterizedTest
    @ValueSource(strings = {";rs=0000000000000000", ";rs", ";rs=zzzzzzzzzzzzzzzz", ";rs=00000000000000000"})
    void forgedSignatureIsRefused(String signature) {
        assertRelayedNothing(forged("INVITE", "Route: <sip:" + proxy.udpHostPort() + ";lr" + signature + ">"));
        assertRelayedNothing(forged(
                "INVITE",
                "Route: <sip:" + proxy.udpHostPort() + ";r2=on;lr" + signature + ">",
                "Route: <sip:" + proxy.udpHostPort() + ";r2=on;lr" + signature + ">"));
    }

    @Test
    void routeAfterTheProxysOwnIsRefused() {
        assertRelayedNothing(forged(
                "INVITE", "Route: <sip:" + proxy.udpHostPort() + ";lr>", "Route: <" + victim.contact() + ";lr>"));
        assertRelayedNothing(forged("INVITE", "Route: <" + victim.contact() + ";lr>"));
    }

    @Test
    void strictRoutingToAStrangerIsRefused() {
        Request forged = mallory.request("BYE", "sip:" + proxy.udpHostPort() + ";lr")
                .from("<sip:mallory@elsewhere.test>;tag=1")
                .to("<sip:victim@elsewhere.test>;tag=2")
                .with("Route: <" + victim.contact() + ">");

        assertRelayedNothing(forged);
    }

    @Test
    void signatureOfOneDialogIsInvalidForAnother() {
        Request invite = mallory.request("INVITE", "sip:bob@sip.test").from("<sip:mallory@elsewhere.test>;tag=1");
        mallory.send(invite);
        List<String> routes = bob.awaitRequest("INVITE").elements("Record-Route");

        assertRelayedNothing(forged("INVITE", "Route: " + routes.get(0)));
    }

    @Test
    void forgedAckIsNotRelayed() {
        mallory.send(forged("ACK", "Route: <sip:" + proxy.udpHostPort() + ";lr>"));

        assertVictimGotNothing();
    }

    @Test
    void proxiesWithTheSameSecretTakeOverEachOthersDialogs() {
        byte[] secret = "sixteen bytes or more".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        try (ProxyUnderTest first = ProxyUnderTest.start(builder -> builder.secret(secret));
                ProxyUnderTest second = ProxyUnderTest.start(builder -> builder.secret(secret))) {
            WireClient.Udp carol = first.registered("carol");
            WireClient.Udp stranger = first.udp("stranger");
            Request invite = stranger.request("INVITE", "sip:carol@sip.test").from("<sip:x@elsewhere.test>;tag=1");
            stranger.send(invite);
            String route = carol.awaitRequest("INVITE").elements("Record-Route").get(0);

            WireClient.Udp moved = second.udp("moved");
            moved.send(moved.request("BYE", carol.contact())
                    .from("<sip:x@elsewhere.test>;tag=1")
                    .to("<sip:carol@sip.test>;tag=2")
                    .callId(invite.callId())
                    .with("Route: " + route.replace(first.udpHostPort(), second.udpHostPort())));

            carol.awaitRequest("BYE");
        }
    }

    @Test
    void multicastContactIsRefused() {
        Request register = mallory.request("REGISTER", "sip:sip.test")
                .to("<sip:carol@sip.test>")
                .contact("<sip:carol@224.0.1.75>");

        mallory.send(register);

        assertThat(mallory.awaitFinal(register).status()).isEqualTo(403);
    }
}

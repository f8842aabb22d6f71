package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.wire.WireMessage.uriOf;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/**
 * A proxy behind a static address mapping: it listens on a private address, and peers reach it under the advertised
 * one. The clients of this test stand where the mapping has already happened.
 */
class AdvertisedAddressTest {

    private static final String PUBLIC = "203.0.113.9:5070";

    private final ProxyUnderTest proxy = ProxyUnderTest.of(SipProxy.builder()
            .listen(Endpoint.parse("udp:127.0.0.1:0 advertise " + PUBLIC))
            .listen(Endpoint.parse("tcp:127.0.0.1:0 advertise " + PUBLIC))
            .domain("sip.test")
            .noAuthentication());
    private final WireClient.Udp alice = proxy.registered("alice");
    private final WireClient.Udp bob = proxy.registered("bob");

    @AfterEach
    void close() {
        proxy.close();
    }

    @Test
    void viaAndRecordRouteNameTheAdvertisedAddressAndTheDialogFollowsIt() {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.topVia()).startsWith("SIP/2.0/UDP " + PUBLIC + ";");
        assertThat(received.elements("Record-Route"))
                .singleElement()
                .satisfies(route -> assertThat(uriOf(route)).startsWith("sip:" + PUBLIC + ";"));
        WireMessage ok = bob.respond(received, 200);
        Dialog caller = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        Dialog callee = Dialog.ofCallee(bob, received, ok);

        alice.send(caller.ack());
        bob.awaitRequest("ACK");
        Request info = bob.send(callee.request("INFO"));
        alice.respond(alice.awaitRequest("INFO"), 200);
        bob.awaitResponse(info, 200);
        Request bye = alice.send(caller.request("BYE"));
        WireMessage last = bob.awaitRequest("BYE");
        assertThat(last.topVia()).startsWith("SIP/2.0/UDP " + PUBLIC + ";");
        assertThat(last.elements("Route")).isEmpty();
        bob.respond(last, 200);
        alice.awaitResponse(bye, 200);
    }

    @Test
    void changeOfTheTransportNamesTheAdvertisedAddressOfBoth() {
        WireClient.Tcp carol = proxy.registeredByTcp("carol");

        alice.send(alice.request("INVITE", "sip:carol@sip.test"));

        WireMessage received = carol.awaitRequest("INVITE");
        assertThat(received.topVia()).startsWith("SIP/2.0/TCP " + PUBLIC + ";");
        assertThat(received.elements("Record-Route"))
                .extracting(WireMessage::uriOf)
                .satisfiesExactly(
                        toCallee -> assertThat(toCallee).startsWith("sip:" + PUBLIC + ";transport=tcp"),
                        toCaller -> assertThat(toCaller).startsWith("sip:" + PUBLIC + ";"));
    }

    @ParameterizedTest
    @CsvSource({"sip:bob@203.0.113.9:5070", "sip:bob@203.0.113.9:5070;transport=tcp"})
    void requestForTheAdvertisedAddressIsForThisProxy(String uri) {
        Request message = alice.send(alice.request("MESSAGE", uri));

        bob.respond(bob.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(message, 200);
    }

    @ParameterizedTest
    @CsvSource({"sip:203.0.113.9:5070;lr", "sip:203.0.113.9:5070;transport=tcp;lr"})
    void routeWithTheAdvertisedAddressIsRemoved(String route) {
        alice.send(alice.request("MESSAGE", "sip:bob@sip.test").with("Route: <" + route + ">"));

        assertThat(bob.awaitRequest("MESSAGE").elements("Route")).isEmpty();
    }

    @Test
    void anotherPortOfTheAdvertisedHostIsAnotherServer() {
        Request message = alice.send(alice.request("MESSAGE", "sip:bob@203.0.113.9:5071"));

        assertThat(alice.awaitFinal(message).startLine()).doesNotContain("200");
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void optionsForTheAdvertisedAddressGetsAResponse() {
        alice.awaitResponse(alice.send(alice.request("OPTIONS", "sip:" + PUBLIC)), 200);
    }

    @Test
    void ownRequestsNameTheAdvertisedAddress() throws Exception {
        CompletableFuture<SipResponse> result = proxy.proxy()
                .requests()
                .send(OutgoingRequest.builder(Method.OPTIONS, SipUri.of(bob.contact()))
                        .build());

        WireMessage received = bob.awaitRequest("OPTIONS");
        assertThat(received.topVia()).startsWith("SIP/2.0/UDP " + PUBLIC + ";");
        bob.respond(received, 200);
        assertThat(result.get(5, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
    }
}

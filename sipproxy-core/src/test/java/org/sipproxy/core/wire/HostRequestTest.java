package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.core.wire.HostRequestScene.message;
import static org.sipproxy.core.wire.HostRequestScene.options;
import static org.sipproxy.core.wire.HostRequestScene.response;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Requests that the host application sends itself: routing and results. */
class HostRequestTest {

    private final HostRequestScene scene = new HostRequestScene();
    private final ProxyUnderTest proxy = scene.proxy;

    @AfterEach
    void nothingIsLeft() {
        scene.close();
    }

    // ---- to another server

    @Test
    void optionsToAUdpPeerIsARequestOfAClient() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result = scene.send(options("sip:gw@" + gateway.hostPort())
                .header(HeaderName.ACCEPT, "application/sdp")
                .build());
        WireMessage received = gateway.awaitRequest("OPTIONS");
        gateway.respond(received, 200, "Allow: INVITE");

        assertThat(received.uri()).isEqualTo("sip:gw@" + gateway.hostPort());
        assertThat(received.elements("Via")).singleElement().asString().contains(proxy.udpHostPort());
        assertThat(received.header("Max-Forwards")).isEqualTo("70");
        assertThat(received.header("From")).startsWith("<sip:sip.test>;tag=");
        assertThat(received.header("To")).isEqualTo("<sip:gw@" + gateway.hostPort() + ">");
        assertThat(received.header("CSeq")).isEqualTo("1 OPTIONS");
        assertThat(received.header("Accept")).isEqualTo("application/sdp");
        assertThat(response(result).statusCode()).isEqualTo(200);
        assertThat(response(result).header(HeaderName.ALLOW)).hasValue("INVITE");
    }

    @Test
    void proxyIsTheClientAndNotInTheRouteOfADialog() {
        WireClient.Udp bob = proxy.registered("bob");

        CompletableFuture<SipResponse> result =
                scene.send(OutgoingRequest.builder(Method.NOTIFY, SipUri.of("sip:bob@sip.test"))
                        .header(HeaderName.EVENT, "message-summary")
                        .build());
        WireMessage received = bob.awaitRequest("NOTIFY");
        bob.respond(received, 200);

        assertThat(received.has("Record-Route")).isFalse();
        assertThat(received.elements("Via")).hasSize(1);
        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void optionsToATcpPeerUsesAConnection() {
        WireClient.Tcp gateway = proxy.tcp("gateway");

        CompletableFuture<SipResponse> result = scene.send(
                options("sip:" + gateway.hostPort() + ";transport=tcp").build());
        gateway.respond(gateway.awaitRequest("OPTIONS"), 404);

        assertThat(response(result).statusCode()).isEqualTo(404);
        assertThat(gateway.acceptedConnections()).isEqualTo(1);
    }

    @Test
    void overloadOfAPeerIsNotHiddenFromTheHost() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result =
                scene.send(options("sip:" + gateway.hostPort()).build());
        gateway.respond(gateway.awaitRequest("OPTIONS"), 503, "Retry-After: 7");

        assertThat(response(result).statusCode()).isEqualTo(503);
        assertThat(response(result).header(HeaderName.RETRY_AFTER)).hasValue("7");
    }

    @Test
    void targetIsAnotherNextHopThanTheRequestUri() {
        WireClient.Udp gateway = proxy.udp("gateway");
        SipUri hop = SipUri.of("sip:" + gateway.hostPort() + ";lr");

        CompletableFuture<SipResponse> result = scene.send(options("sip:provider.invalid")
                .target(new Target(SipUri.of("sip:provider.invalid"), 1f, List.of(hop), null))
                .build());
        WireMessage received = gateway.awaitRequest("OPTIONS");
        gateway.respond(received, 200);

        assertThat(received.uri()).isEqualTo("sip:provider.invalid");
        assertThat(received.header("Route")).isEqualTo("<" + hop + ">");
        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void requestIsRetransmittedOverUdp() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result =
                scene.send(options("sip:" + gateway.hostPort()).build());
        WireMessage first = gateway.awaitRequest("OPTIONS");
        WireMessage second = gateway.awaitRequest("OPTIONS");
        gateway.respond(second, 200);

        assertThat(second.text()).isEqualTo(first.text());
        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void callIdAndSequenceOfARegistrationAreKept() {
        WireClient.Udp registrar = proxy.udp("registrar");
        OutgoingRequest register = OutgoingRequest.builder(Method.REGISTER, SipUri.of("sip:" + registrar.hostPort()))
                .from(SipUri.of("sip:trunk@provider.test"))
                .to(SipUri.of("sip:trunk@provider.test"))
                .header(HeaderName.CONTACT, "<sip:trunk@" + proxy.udpHostPort() + ">")
                .callId("registration-1")
                .cseq(41)
                .build();

        CompletableFuture<SipResponse> result = scene.send(register);
        registrar.respond(registrar.awaitRequest("REGISTER"), 200);
        SipResponse response = response(result);
        CompletableFuture<SipResponse> next =
                scene.send(register.toBuilder().cseq(41 + 1).build());
        WireMessage refresh = registrar.awaitRequest("REGISTER");
        registrar.respond(refresh, 200);

        assertThat(response.header(HeaderName.CALL_ID)).hasValue("registration-1");
        assertThat(refresh.header("Call-ID")).isEqualTo("registration-1");
        assertThat(refresh.header("CSeq")).isEqualTo("42 REGISTER");
        assertThat(response(next).statusCode()).isEqualTo(200);
    }

    // ---- to a user of this proxy

    @Test
    void messageToAUserBehindANatIsSentToItsSourceAddress() {
        WireClient.Udp bob = proxy.udp("bob");
        Request register = bob.request("REGISTER", "sip:sip.test")
                .from("<sip:bob@sip.test>;tag=1")
                .to("<sip:bob@sip.test>")
                .contact("<sip:bob@192.0.2.77:5060>")
                .with("Expires: 300", "X-Nat: yes");
        bob.send(register);
        bob.awaitResponse(register, 200);

        CompletableFuture<SipResponse> result = scene.send(message("sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");
        bob.respond(received, 200);

        assertThat(received.uri()).isEqualTo("sip:bob@192.0.2.77:5060");
        assertThat(received.header("To")).isEqualTo("<sip:bob@sip.test>");
        assertThat(received.body()).isEqualTo("The door is open.");
        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void messageToAUserOnAStreamUsesItsConnection() {
        WireClient.Tcp bob = proxy.tcp("bob");
        proxy.registerContact(bob, "bob", "<sip:bob@127.0.0.1:9;transport=tcp>");

        CompletableFuture<SipResponse> result = scene.send(message("sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("MESSAGE"), 200);

        assertThat(response(result).statusCode()).isEqualTo(200);
        assertThat(bob.acceptedConnections()).isZero();
    }

    @Test
    void bothContactsOfAUserGetTheRequestAndTheBestResponseIsTheResult() {
        WireClient.Udp desk = proxy.udp("desk");
        WireClient.Udp mobile = proxy.udp("mobile");
        proxy.register(desk, "bob", "");
        proxy.register(mobile, "bob", "");

        CompletableFuture<SipResponse> result = scene.send(message("sip:bob@sip.test"));
        desk.respond(desk.awaitRequest("MESSAGE"), 486);
        WireMessage second = mobile.awaitRequest("MESSAGE");
        assertThat(result).isNotDone();
        mobile.respond(second, 200);

        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void userWithoutABindingIs404() {
        SipResponse response = response(scene.send(message("sip:nobody@sip.test")));

        assertThat(response.statusCode()).isEqualTo(404);
        assertThat(response.hasHeader(HeaderName.VIA)).isFalse();
    }

    /** Refuses everything, and knows the user carol. */
    private static final class RefusesAll implements Authentication {

        @Override
        public Verdict handle(StageContext context) {
            return Verdict.respond(401, "Unauthorized");
        }

        @Override
        public boolean isKnownUser(String user, String domain, UserCase userCase) {
            return user.equals("carol");
        }
    }

    @Test
    void requestNeedsNoAuthenticationAndLearnsThatAKnownUserIsNotRegistered() {
        try (ProxyUnderTest other = ProxyUnderTest.of(SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(new RefusesAll()))) {
            RequestClient client = other.proxy().requests();

            assertThat(response(client.send(message("sip:carol@sip.test"))).statusCode())
                    .isEqualTo(480);
            assertThat(response(client.send(message("sip:nobody@sip.test"))).statusCode())
                    .isEqualTo(404);
        }
    }

    @Test
    void stagesAndListenersDoNotSeeTheRequest() {
        WireClient.Udp bob = proxy.registered("bob");
        CallScene.until(() -> scene.completed.get() == 1); // the REGISTER
        int before = scene.stages.get();

        CompletableFuture<SipResponse> result = scene.send(message("sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("MESSAGE"), 200);
        response(result);

        assertThat(scene.stages).hasValue(before);
        assertThat(scene.completed).hasValue(1);
    }

    @Test
    void registrationAtThisProxyIsRefused() {
        OutgoingRequest register = OutgoingRequest.builder(Method.REGISTER, SipUri.of("sip:sip.test"))
                .build();

        assertThatThrownBy(() -> scene.send(register))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sip:sip.test")
                .hasMessageContaining("locationStore()");
    }

    @Test
    void requestThatIsTooLongIsRefusedAtOnce() {
        OutgoingRequest large = OutgoingRequest.builder(Method.MESSAGE, SipUri.of("sip:bob@sip.test"))
                .body("text/plain", new byte[300_000])
                .build();

        assertThatThrownBy(() -> scene.send(large))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("MESSAGE sip:bob@sip.test");
    }
}

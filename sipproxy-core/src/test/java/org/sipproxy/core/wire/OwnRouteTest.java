package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.transport.TransportKind;

/** Route elements that name this proxy, also in the Request-URI of a strict router (RFC 3261 §16.4). */
class OwnRouteTest {

    private final ProxyUnderTest proxy = ProxyUnderTest.start(builder -> builder.alias("edge.sip.test"));
    private final WireClient.Udp bob = proxy.registered("bob");
    private final WireClient.Tcp carol = proxy.tcp("carol");
    private final WireClient.Udp stranger = proxy.udp("stranger");
    private Dialog dialog;
    private Request invite;

    /** Sets up a call of a stranger over TCP to a phone on UDP, so that Record-Route is doubled. */
    @BeforeEach
    void call() {
        invite = carol.request("INVITE", "sip:bob@sip.test").from("<sip:carol@elsewhere.test>;tag=1");
        carol.send(invite);
        bob.respond(bob.awaitRequest("INVITE"), 200);
        dialog = Dialog.ofCaller(carol, carol.awaitResponse(invite, 200));
        assertThat(dialog.routes()).hasSize(2);
    }

    @AfterEach
    void close() {
        proxy.close();
    }

    private Request bye(String uri, List<String> routes) {
        Request bye = carol.request("BYE", uri)
                .from(invite.from())
                .to("<sip:bob@sip.test>;tag=2")
                .callId(invite.callId())
                .cseq(2);
        routes.forEach(route -> bye.with("Route: " + route));
        return bye;
    }

    private List<String> routes(String... more) {
        List<String> all = new ArrayList<>();
        for (String route : more) {
            if (route.equals("OURS")) {
                all.addAll(dialog.routes());
            } else {
                all.add("<sip:" + route.replace("UDP", proxy.udpHostPort()).replace("TCP", proxy.tcpHostPort()) + ">");
            }
        }
        return all;
    }

    private void assertDelivered(Request bye) {
        carol.send(bye);
        WireMessage received = bob.awaitRequest("BYE");
        assertThat(received.uri()).isEqualTo(bob.contact());
        assertThat(received.has("Route")).isFalse();
        assertThat(received.source()).isEqualTo(proxy.address(TransportKind.UDP));
        bob.respond(received, 200);
        carol.awaitResponse(bye, 200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "OURS",
                "UDP;lr OURS",
                "sip.test;lr UDP;lr OURS",
                "edge.sip.test;lr OURS",
                "OURS sip.test;lr",
                "UDP;lr= OURS",
                "OURS edge.sip.test;lr=on",
                "OURS OURS",
                "UDP;lr TCP;transport=tcp;lr OURS UDP;r2=on;lr",
            })
    void allLeadingElementsOfTheProxyAreRemoved(String elements) {
        assertDelivered(bye(bob.contact(), routes(elements.split(" ", -1))));
    }

    @Test
    void elementBehindAnotherProxysStays() {
        WireClient.Udp next = proxy.udp("next");
        List<String> all = routes("OURS", "NEXT;lr", "sip.test;lr");
        all.set(2, "<sip:" + next.hostPort() + ";lr>");

        carol.send(bye(bob.contact(), all));

        assertThat(next.awaitRequest("BYE").elements("Route")).isEqualTo(all.subList(2, 4));
    }

    @ParameterizedTest
    @ValueSource(strings = {"UDP;lr UDP;lr", "sip.test;lr UDP;lr", "UDP;lr UDP;lr;rs=00000000000000000000f"})
    void elementsWithoutASignatureAreRefused(String elements) {
        Request forged = stranger.request("MESSAGE", bob.contact())
                .from("<sip:stranger@elsewhere.test>;tag=1")
                .to("<sip:x@elsewhere.test>;tag=2")
                .callId(invite.callId());
        routes(elements.split(" ", -1)).forEach(route -> forged.with("Route: " + route));

        stranger.send(forged);

        assertThat(stranger.awaitFinal(forged).status()).isEqualTo(403);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void moreElementsOfTheProxyThanAnyCallHasAreNotAllRemoved() {
        List<String> many = new ArrayList<>(routes("OURS"));
        for (int i = 0; i < 40; i++) {
            many.addAll(routes("UDP;lr"));
        }

        Request bye = carol.send(bye(bob.contact(), many));

        carol.awaitResponse(bye, 403); // it comes back to this proxy without a signature
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }

    @Test
    void outboundProxyAndDomainArePreloaded() {
        proxy.register(stranger, "alice", "");
        stranger.send(stranger.request("MESSAGE", "sip:bob@sip.test")
                .with("Route: <sip:" + proxy.udpHostPort() + ";lr>, <sip:sip.test;lr>"));

        assertThat(bob.awaitRequest("MESSAGE").has("Route")).isFalse();
    }

    // ---- strict routers

    @ParameterizedTest
    @CsvSource({"as it is", "without lr", "without parameters"})
    void requestUriOfAStrictRouterIsRestored(String uri) {
        String ours = WireMessage.uriOf(dialog.routes().get(0));
        String other = dialog.routes().get(1);
        String written = switch (uri) {
            case "without lr" -> ours.replace(";lr", "");
            case "without parameters" -> ours.split(";", -1)[0] + ";transport=tcp";
            default -> ours;
        };

        assertDelivered(bye(written, Arrays.asList(other, "<" + bob.contact() + ">")));
    }

    @Test
    void addressOfTheProxyInTheRequestUriIsRefused() {
        Request forged = stranger.request("BYE", "sip:" + proxy.udpHostPort())
                .from("<sip:stranger@elsewhere.test>;tag=1")
                .to("<sip:x@elsewhere.test>;tag=2")
                .with("Route: <" + bob.contact() + ">");

        stranger.send(forged);

        assertThat(stranger.awaitFinal(forged).status()).isEqualTo(403);
        assertThat(bob.pendingAfterRoundTrip()).isEmpty();
    }
}

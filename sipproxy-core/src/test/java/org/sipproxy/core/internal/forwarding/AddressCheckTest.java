package org.sipproxy.core.internal.forwarding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.target;
import static org.sipproxy.core.internal.forwarding.ForwardingScene.udp;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.pipeline.Outcome;
import org.sipproxy.core.internal.pipeline.RequestContext;
import org.sipproxy.core.internal.transaction.Upstream;
import org.sipproxy.core.internal.transport.Sent;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipUri;

/** Addresses to which a caller at 192.0.2.1 may direct requests, whichever part of the message names them. */
class AddressCheckTest {

    private final ForwardingScene scene = new ForwardingScene();

    private static String request(String method, String uri, String to, String... lines) {
        return ForwardingScene.request(method, lines)
                .replace(method + " sip:bob@example.org", method + " " + uri)
                .replace("To: <sip:bob@example.org>", "To: <sip:bob@example.org>" + to);
    }

    private void assertRefused(String text, String target) {
        scene.relay(text, target(target));

        assertThat(scene.whatUpstream()).containsExactly("403");
        assertThat(scene.transport.sent()).hasSize(1);
        scene.advance(64_000);
        scene.transactions.assertNothingLeft();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "sip:x@127.0.0.1:5999",
                "sip:x@10.77.0.5",
                "sip:x@192.168.1.1:80;transport=tcp",
                "sip:x@169.254.169.254",
                "sip:x@224.0.1.75",
                "sip:x@0.0.0.0",
            })
    void requestUriOfTheSenderIsRefused(String uri) {
        assertRefused(request("MESSAGE", uri, ""), uri);
    }

    @Test
    void listeningAddressOfTheProxyIsRefusedAtAnyPort() {
        scene.addresses.listeningOn(Set.of(new InetSocketAddress("198.51.100.1", 5060)));

        assertRefused(request("MESSAGE", "sip:x@198.51.100.1:22", ""), "sip:x@198.51.100.1:22");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip:10.77.0.5;lr", "sip:127.0.0.1:5999;lr;transport=tcp", "sip:10.77.0.5"})
    void routeOfTheSenderIsRefused(String route) {
        assertRefused(request("MESSAGE", "sip:x@far.example", "", "Route: <" + route + ">"), "sip:x@far.example");
    }

    @Test
    void nameThatLeadsToAnInternalAddressIsRefused() {
        scene.resolver.knows("rebound.example", udp("10.77.0.5"));

        assertRefused(request("MESSAGE", "sip:x@rebound.example", ""), "sip:x@rebound.example");
    }

    @Test
    void otherAddressesOfTheNameAreTried() {
        scene.resolver.knows("mixed.example", udp("127.0.0.1"), udp("203.0.113.9"));

        scene.relay(request("MESSAGE", "sip:x@mixed.example", ""), target("sip:x@mixed.example"));

        assertThat(scene.whatTo("203.0.113.9")).containsExactly("MESSAGE");
        assertThat(scene.whatTo("127.0.0.1")).isEmpty();
    }

    @Test
    void largeRequestIsNotSentThereByTcpEither() {
        assertRefused(request("MESSAGE", "sip:x@127.0.0.1", "", "X-Filler: " + "x".repeat(1400)), "sip:x@127.0.0.1");
    }

    @Test
    void ackIsNotSentThere() throws SipParseException {
        RequestContext context = scene.context(request("ACK", "sip:x@10.77.0.5", ";tag=2"));

        scene.forwarder.relayAck(context, List.of(target("sip:x@10.77.0.5")));

        assertThat(scene.transport.sent()).isEmpty();
    }

    @Test
    void publicAddressIsSentTo() {
        scene.relay(request("MESSAGE", "sip:x@203.0.113.9", ""), target("sip:x@203.0.113.9"));

        assertThat(scene.whatTo("203.0.113.9")).containsExactly("MESSAGE");
    }

    @Test
    void targetOfTheHostApplicationIsSentTo() {
        scene.relay(request("MESSAGE", "sip:x@example.org", ""), target("sip:x@10.77.0.5"));

        assertThat(scene.whatTo("10.77.0.5")).containsExactly("MESSAGE");
    }

    @Test
    void callerOnAnInternalNetworkReachesIt() {
        scene.caller = scene.transport.flow(TransportKind.UDP, "10.9.9.9", 5060);

        scene.relay(request("MESSAGE", "sip:x@10.77.0.5", ""), target("sip:x@10.77.0.5"));

        assertThat(scene.whatTo("10.77.0.5")).containsExactly("MESSAGE");
    }

    // ---- within a dialog

    /** Returns the Record-Route of a call to this callee, as a Route line. */
    private String routeOfCallTo(String callee) {
        scene.relay(request("INVITE", "sip:bob@example.org", ""), target("sip:bob@" + callee));
        Sent invite = scene.last(callee, "INVITE");
        scene.answer(invite, 200);
        return invite.text()
                .lines()
                .filter(line -> line.startsWith("Record-Route: "))
                .findFirst()
                .orElseThrow()
                .replace("Record-Route", "Route");
    }

    private void relayInDialog(String method, String uri, String route) {
        RequestContext context = scene.context(request(method, uri, ";tag=2", route));
        scene.relay(context, scene.open(context), Target.of(SipUri.of(uri)));
    }

    @Test
    void requestWithinADialogReachesItsInternalCallee() {
        String route = routeOfCallTo("10.77.0.5");

        relayInDialog("BYE", "sip:bob@10.77.0.5", route);

        assertThat(scene.whatTo("10.77.0.5")).containsExactly("INVITE", "BYE");
    }

    @ParameterizedTest
    @ValueSource(strings = {"sip:bob@10.78.0.5", "sip:bob@10.77.0.6", "sip:bob@127.0.0.1:5999", "sip:bob@192.168.1.1"})
    void signatureOfADialogOpensNoOtherAddress(String uri) {
        String route = routeOfCallTo("10.77.0.5");

        relayInDialog("MESSAGE", uri, route);

        assertThat(scene.whatUpstream()).containsExactly("200", "403");
    }

    @Test
    void notifyInADialogDoesNotRenewItsSignature() {
        String route = routeOfCallTo("203.0.113.9");
        scene.transactions.clock.advance(Duration.ofHours(20));

        relayInDialog("NOTIFY", "sip:bob@203.0.113.9", route);

        assertThat(scene.last("203.0.113.9", "NOTIFY").text())
                .contains("\n" + route.replace("Route:", "Record-Route:") + "\n");
    }

    @Test
    void dialogBetweenPublicAddressesOpensNoInternalOne() {
        String route = routeOfCallTo("203.0.113.9");

        relayInDialog("MESSAGE", "sip:bob@10.77.0.5", route);

        assertThat(scene.whatUpstream()).containsExactly("200", "403");
    }

    @ParameterizedTest
    @CsvSource({"24, Relay", "26, 481"})
    void signatureExpiresAfterTheLongestDialog(int hours, String outcome) {
        String route = routeOfCallTo("203.0.113.9");
        scene.transactions.clock.advance(Duration.ofHours(hours));

        assertThat(scene.decide(request("BYE", "sip:bob@203.0.113.9", ";tag=2", route))
                        .toString())
                .contains(outcome);
    }

    @Test
    void signatureIsForTheTagThatItWasGivenTo() {
        String route = routeOfCallTo("203.0.113.9");
        String bye = request("BYE", "sip:bob@203.0.113.9", ";tag=2", route);

        assertThat(scene.decide(bye)).isInstanceOf(Outcome.Relay.class);
        assertThat(scene.decide(bye.replace("From: <sip:alice@example.org>;tag=1", "From: <sip:m@else.test>;tag=7"))
                        .toString())
                .contains("403");
    }

    // ---- late responses

    @Test
    void lateSuccessGoesToTheCallerWithAnyVia() {
        scene.relay(request("INVITE", "sip:bob@example.org", ""), target("sip:bob@203.0.113.9"));
        scene.answer("203.0.113.9", 200);

        long branch = ForwardingScene.numberOf(scene.last("203.0.113.9", "INVITE"));

        assertThat(scene.transactions.table.upstreamOfAccepted(branch))
                .isEqualTo(new Upstream(new InetSocketAddress("192.0.2.1", 5060), scene.caller.endpoint()));
    }
}

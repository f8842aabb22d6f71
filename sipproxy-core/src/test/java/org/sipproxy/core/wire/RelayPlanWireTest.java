package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.sipproxy.api.routing.FailureCause.BUSY;
import static org.sipproxy.api.routing.FailureCause.CHALLENGED;
import static org.sipproxy.api.routing.FailureCause.NOT_REGISTERED;
import static org.sipproxy.api.routing.FailureCause.NO_ANSWER;
import static org.sipproxy.api.routing.FailureCause.UNKNOWN_USER;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.FailureContext;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.StrangerPolicy;
import org.sipproxy.message.SipUri;

/** Routing that a program controls, over sockets: voicemail, unavailable users, look-ups of bindings. */
class RelayPlanWireTest {

    private ProxyUnderTest proxy;
    private volatile Target voicemail;
    private final List<String> seen = new CopyOnWriteArrayList<>();

    @AfterEach
    void close() {
        proxy.close();
    }

    /** The phone for one second, then on busy, no answer or not registered the voicemail. */
    private Verdict voicemailOnFailure(StageContext context) {
        return Verdict.relay(RelayPlan.toCallee()
                .ringFor(Duration.ofSeconds(1))
                .onFailure(BUSY, NO_ANSWER, NOT_REGISTERED)
                .relay(RelayPlan.to(voicemail).withHeader("Diversion", "<sip:bob@sip.test>;reason=user-busy")));
    }

    private WireClient.Udp voicemail() {
        WireClient.Udp client = proxy.udp("voicemail");
        voicemail = Target.of(SipUri.of("sip:bob@" + client.hostPort()));
        return client;
    }

    @Test
    void requestGoesThroughANextHopWithAName() {
        proxy = ProxyUnderTest.start(b -> b.beforeRouting(context -> Verdict.relay(Target.through(
                context.request().requestUri(),
                SipUri.of("sip:localhost:" + voicemail.uri().port())))));
        WireClient.Udp hop = voicemail();
        WireClient.Udp alice = proxy.udp("alice");

        Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        WireMessage received = hop.awaitRequest("MESSAGE");
        hop.respond(received, 200);

        alice.awaitResponse(message, 200);
        assertThat(received.startLine()).isEqualTo("MESSAGE sip:bob@sip.test SIP/2.0");
        assertThat(received.lines("Route")).containsExactly("<sip:localhost:" + hop.port() + ";lr>");
    }

    @Test
    void requestGoesThroughANextHopOverTcp() throws Exception {
        try (ServerSocket hop = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            hop.setSoTimeout(10_000);
            SipUri over = SipUri.of("sip:127.0.0.1:" + hop.getLocalPort() + ";transport=tcp");
            proxy = ProxyUnderTest.start(b -> b.beforeRouting(
                    context -> Verdict.relay(Target.through(context.request().requestUri(), over))));
            WireClient.Udp alice = proxy.udp("alice");

            alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            try (Socket connection = hop.accept()) {
                BufferedReader lines =
                        new BufferedReader(new InputStreamReader(connection.getInputStream(), StandardCharsets.UTF_8));
                assertThat(lines.readLine()).isEqualTo("MESSAGE sip:bob@sip.test SIP/2.0");
            }
        }
    }

    @Test
    void busyPhoneAndThenTheVoicemail() {
        proxy = ProxyUnderTest.start(b -> b.beforeRouting(RequestStage.onInvite(this::voicemailOnFailure)));
        WireClient.Udp machine = voicemail();
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        WireMessage diverted = machine.awaitRequest("INVITE");
        machine.respond(diverted, 200);

        assertThat(diverted.lines("Diversion")).containsExactly("<sip:bob@sip.test>;reason=user-busy");
        Dialog dialog = Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
        alice.send(dialog.ack());
        machine.awaitRequest("ACK");
        Request bye = alice.send(dialog.request("BYE"));
        machine.respond(machine.awaitRequest("BYE"), 200);
        alice.awaitResponse(bye, 200);
    }

    @Test
    void phoneThatRingsTooLongIsCancelled() {
        proxy = ProxyUnderTest.start(b -> b.beforeRouting(RequestStage.onInvite(this::voicemailOnFailure)));
        WireClient.Udp machine = voicemail();
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage ringing = bob.awaitRequest("INVITE");
        bob.respond(ringing, 180);
        machine.respond(machine.awaitRequest("INVITE"), 200);

        alice.awaitResponse(invite, 200);
        bob.respond(bob.awaitRequest("CANCEL"), 200);
        bob.respond(ringing, 487);
        bob.awaitRequest("ACK");
    }

    // ---- challenges

    private static final String CHALLENGE = "Proxy-Authenticate: Digest realm=\"carrier.test\", nonce=\"1\"";

    private int statusAfterChallenge(FailureStage stage) {
        proxy = ProxyUnderTest.start(b -> b.beforeRouting(RequestStage.onInvite(context ->
                Verdict.relay(RelayPlan.to(voicemail).onFailure(CHALLENGED).decide(stage)))));
        WireClient.Udp carrier = voicemail();
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:0301@sip.test"));
        carrier.respond(carrier.awaitRequest("INVITE"), 407, CHALLENGE);
        if (stage.name().equals("answers")) {
            carrier.respond(carrier.awaitRequest("INVITE"), 486);
        }
        return alice.awaitFinal(invite).status();
    }

    @Test
    void challengeAfterWhichThePlanContinuesIsNotForwarded() {
        // RFC 3261 §16.7 step 6 alone would prefer the 407 of the first group to the 486 of the second
        assertThat(statusAfterChallenge(new FailureStage() {
                    @Override
                    public Verdict handle(FailureContext context) {
                        return Verdict.relay(voicemail);
                    }

                    @Override
                    public String name() {
                        return "answers";
                    }
                }))
                .isEqualTo(486);
    }

    @Test
    void challengeThatTheStageCannotAnswerIsForwarded() {
        assertThat(statusAfterChallenge(context -> Verdict.proceed())).isEqualTo(407);
    }

    // ---- users that cannot be reached

    /** Knows the users bob and carol; a request with X-Proof is authenticated. */
    private static final class Users implements Authentication {
        @Override
        public Verdict handle(StageContext context) {
            if (context.request().hasHeader(org.sipproxy.message.HeaderName.of("X-Proof"))) {
                context.authenticated("carol", "sip.test", -1);
            }
            return Verdict.proceed();
        }

        @Override
        public boolean isKnownUser(String user, String domain, UserCase userCase) {
            return Set.of("bob", "carol").contains(user);
        }
    }

    private static SipProxyBuilder withUsers() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .listen(Endpoint.tcp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(new Users())
                .strangers(StrangerPolicy.ANY);
    }

    @Test
    void userWithoutBindingHasAVoicemailAndAnUnknownUserHasNone() {
        proxy = ProxyUnderTest.of(withUsers().beforeRouting(RequestStage.onInvite(this::voicemailOnFailure)));
        WireClient.Udp machine = voicemail();
        WireClient.Udp alice = proxy.udp("alice");

        Request known = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        machine.respond(machine.awaitRequest("INVITE"), 486);
        alice.awaitFinal(known);
        Request unknown = alice.send(alice.request("INVITE", "sip:nobody@sip.test"));

        alice.awaitResponse(unknown, 404);
    }

    @Test
    void stageForUnavailableUsersSeesWhy() {
        proxy = ProxyUnderTest.of(withUsers().onUnavailableUser(context -> {
            seen.add(context.request().requestUri().user() + " " + context.unavailability());
            return context.unavailability().orElseThrow() == UNKNOWN_USER
                    ? Verdict.proceed()
                    : Verdict.relay(voicemail);
        }));
        WireClient.Udp machine = voicemail();
        WireClient.Udp alice = proxy.udp("alice");

        Request known = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
        machine.respond(machine.awaitRequest("MESSAGE"), 200);
        alice.awaitResponse(known, 200);
        alice.awaitResponse(alice.send(alice.request("MESSAGE", "sip:nobody@sip.test")), 404);

        assertThat(seen).containsExactly("bob Optional[NOT_REGISTERED]", "nobody Optional[UNKNOWN_USER]");
    }

    @Test
    void strangerDoesNotLearnFromAProceedingStageWhetherTheUserExists() {
        proxy = ProxyUnderTest.of(withUsers().onUnavailableUser(context -> Verdict.proceed()));
        WireClient.Udp eve = proxy.udp("eve");

        Request known = eve.request("MESSAGE", "sip:bob@sip.test").from("<sip:eve@elsewhere.test>;tag=1");
        Request unknown = eve.request("MESSAGE", "sip:nobody@sip.test").from("<sip:eve@elsewhere.test>;tag=2");
        eve.awaitResponse(eve.send(known), 404);
        eve.awaitResponse(eve.send(unknown), 404);
        Request proven = eve.request("MESSAGE", "sip:bob@sip.test").with("X-Proof: 1");
        eve.awaitResponse(eve.send(proven), 480);
    }

    // ---- look-ups

    private Verdict toBindings(StageContext context) {
        List<Binding> bindings =
                context.bindings(context.aorOf(SipUri.of("sip:BOB@127.0.0.1")).orElse(new Aor("bob", "sip.test")));
        seen.add(bindings.size() + " bindings");
        return Verdict.relay(RelayPlan.to(bindings.stream().map(Target::of).toList()));
    }

    @Test
    void stageLooksUpBindings() {
        proxy = ProxyUnderTest.start(b -> b.beforeRouting(RequestStage.onInvite(this::toBindings)));
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:group@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.awaitResponse(invite, 486);

        assertThat(seen).containsExactly("1 bindings");
    }

    @Test
    void lookUpInADatabaseMovesTheStageToAThreadThatMayWait() {
        proxy = ProxyUnderTest.start(b -> b.locationStore(StoreMode.databaseOnly(new HeapBindingRepository()))
                .beforeRouting(RequestStage.onInvite(this::toBindings)));
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:group@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);
        alice.awaitResponse(invite, 486);
    }

    @Test
    void redirectionToAUserInADatabase() {
        proxy = ProxyUnderTest.start(b -> b.locationStore(StoreMode.databaseOnly(new HeapBindingRepository()))
                .beforeRouting(RequestStage.onInvite(
                        context -> Verdict.relay(RelayPlan.toCallee().followRedirects()))));
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp carol = proxy.registered("carol");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 302, "Contact: <sip:carol@sip.test>");
        carol.respond(carol.awaitRequest("INVITE"), 200);

        alice.awaitResponse(invite, 200);
    }

    @Test
    void redirectionThatCannotBeLookedUpIsPassedOn() {
        proxy = ProxyUnderTest.start(b -> b.locationStore(StoreMode.databaseOnly(new HeapBindingRepository()))
                .stageExecutor(task -> {
                    throw new RejectedExecutionException("of the test");
                })
                .beforeRouting(RequestStage.onInvite(
                                context -> Verdict.relay(RelayPlan.toCallee().followRedirects()))
                        .withoutBlocking()));
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 302, "Contact: <sip:carol@sip.test>");

        alice.awaitResponse(invite, 302);
    }

    // ---- responses

    /** Two phones of a user that both forward to a colleague, who is busy. */
    @Test
    void phonesThatForwardToTheSameUserHaveTheResultOfThatUser() {
        proxy = ProxyUnderTest.start(b -> b.beforeRouting(RequestStage.onInvite(context -> Verdict.relay(
                RelayPlan.toCallee().followRedirects().onFailure(BUSY).relay(RelayPlan.to(voicemail))))));
        WireClient.Udp machine = voicemail();
        WireClient.Udp desk = proxy.registered("bob");
        WireClient.Udp mobile = proxy.udp("mobile");
        proxy.register(mobile, "bob", "");
        WireClient.Udp carol = proxy.registered("carol");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        desk.respond(desk.awaitRequest("INVITE"), 302, "Contact: <sip:carol@sip.test>");
        mobile.respond(mobile.awaitRequest("INVITE"), 302, "Contact: <sip:carol@sip.test>");
        carol.respond(carol.awaitRequest("INVITE"), 486);
        machine.respond(machine.awaitRequest("INVITE"), 200);

        alice.awaitResponse(invite, 200);
    }

    @Test
    void responseStageReplacesAFailureByAnother() {
        proxy = ProxyUnderTest.start(b -> b.onResponse(context -> {
            if (context.response().statusCode() == 486) {
                context.replace(context.response().withStatus(480, "Try Later"));
            }
        }));
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);

        alice.awaitResponse(invite, 480);
    }

    @Test
    void responseStageCannotTurnAFailureIntoSuccess() {
        proxy = ProxyUnderTest.start(b -> b.onResponse(context -> {
            if (context.response().statusCode() == 486) {
                context.replace(context.response().withStatus(200, "OK"));
            }
        }));
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");

        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 486);

        alice.awaitResponse(invite, 486);
    }
}

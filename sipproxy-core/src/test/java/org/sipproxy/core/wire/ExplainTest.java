package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.explain.Explanation;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.AsyncRequestStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;

/** Explanations: the decision of a request that is really sent, without its effects. */
class ExplainTest {

    private static final InetSocketAddress PHONE = new InetSocketAddress("127.0.0.1", 40_000);

    private ProxyUnderTest proxy = ProxyUnderTest.start();

    @AfterEach
    void close() {
        proxy.close();
    }

    private void restart(UnaryOperator<SipProxyBuilder> options) {
        proxy.close();
        proxy = ProxyUnderTest.start(options);
    }

    private Explanation explain(String method, String uri) {
        return proxy.proxy()
                .explain(ExplainRequest.of(Method.of(method), SipUri.of(uri))
                        .from(SipUri.of("sip:alice@sip.test"))
                        .sentBy(TransportKind.UDP, PHONE));
    }

    private Explanation explain(WireClient.Udp from, Request request) {
        return proxy.proxy()
                .explain(ExplainRequest.of(request.text())
                        .sentBy(TransportKind.UDP, new InetSocketAddress("127.0.0.1", from.port())));
    }

    private static int status(Explanation explanation) {
        return explanation.result() instanceof Explanation.Response response ? response.statusCode() : 0;
    }

    private static Explanation.Decision decision(Explanation explanation, String stage) {
        return explanation.decisions().stream()
                .filter(decision -> decision.stage().equals(stage))
                .findFirst()
                .orElseThrow(() -> new AssertionError(stage + " is not in " + explanation.decisions()));
    }

    private static Explanation.Branch onlyBranch(Explanation explanation) {
        Explanation.Relay relay = (Explanation.Relay) explanation.result();
        assertThat(relay.groups()).hasSize(1);
        assertThat(relay.groups().get(0).branches()).hasSize(1);
        return relay.groups().get(0).branches().get(0);
    }

    // ---- the outcomes

    @Test
    void callToARegisteredUserIsRelayedToItsContact() {
        WireClient.Udp bob = proxy.registered("bob");

        Explanation explanation = explain("INVITE", "sip:bob@sip.test");

        assertThat(explanation.isAccepted()).isTrue();
        assertThat(explanation.source()).isEqualTo("udp:127.0.0.1:40000");
        Explanation.Decision targets = decision(explanation, "DetermineTargets");
        assertThat(targets.outcome()).isEqualTo("relays to 1 target");
        assertThat(targets.detail("host")).contains("domain sip.test");
        assertThat(targets.detail("address of record")).contains("sip:bob@sip.test");
        assertThat(targets.detail("binding").orElseThrow()).startsWith(bob.contact());
        Explanation.Branch branch = onlyBranch(explanation);
        assertThat(branch.requestUri()).isEqualTo(bob.contact());
        assertThat(branch.hops()).extracting(Explanation.Hop::toString).containsExactly("udp:" + bob.hostPort());
        assertThat(branch.hops().get(0).connection()).isEqualTo(Explanation.Connection.DATAGRAM);
        assertThat(branch.headerLines()).hasSize(2);
        assertThat(branch.headerLines().get(0)).startsWith("Via: SIP/2.0/UDP " + proxy.udpHostPort() + ";");
        assertThat(branch.headerLines().get(1)).startsWith("Record-Route: <sip:" + proxy.udpHostPort() + ";lr");
    }

    @Test
    void addedLinesAreThoseOfTheRequestThatIsReallySent() {
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.request("INVITE", "sip:bob@sip.test");

        Explanation.Branch branch = onlyBranch(explain(alice, invite));
        alice.send(invite);

        WireMessage received = bob.awaitRequest("INVITE");
        assertThat(received.lines("Record-Route")).hasSize(1);
        assertThat(withoutSignature(received.lines("Record-Route").get(0)))
                .isEqualTo(withoutSignature(branch.headerLines().get(1).substring("Record-Route: ".length())));
        WireMessage failure = alice.awaitFinal(reject(bob, received, invite));
        alice.send(invite.ack(failure).text());
    }

    private static Request reject(WireClient.Udp bob, WireMessage received, Request invite) {
        bob.respond(received, 486);
        return invite;
    }

    private static String withoutSignature(String recordRoute) {
        return recordRoute.replaceAll(";sig=[^;>]*", ""); // it has the time
    }

    @Test
    void parallelAndSerialTargetsAreInGroups() {
        WireClient.Udp bob = proxy.udp("bob");
        proxy.registerContact(bob, "bob", "<sip:a@127.0.0.1:9>;q=0.5, <sip:b@127.0.0.1:9>;q=0.5, <sip:c@127.0.0.1:9>");

        Explanation.Relay relay =
                (Explanation.Relay) explain("INVITE", "sip:bob@sip.test").result();

        assertThat(relay.groups()).hasSize(2);
        assertThat(relay.groups().get(0).branches())
                .extracting(Explanation.Branch::requestUri)
                .containsExactly("sip:c@127.0.0.1:9");
        assertThat(relay.groups().get(1).branches())
                .extracting(Explanation.Branch::requestUri)
                .containsExactlyInAnyOrder("sip:a@127.0.0.1:9", "sip:b@127.0.0.1:9");
    }

    @Test
    void unknownUserIsNamed() {
        Explanation explanation = explain("INVITE", "sip:nobody@sip.test");

        assertThat(status(explanation)).isEqualTo(404);
        assertThat(explanation.isAccepted()).isFalse();
        assertThat(decision(explanation, "DetermineTargets").detail("bindings")).contains("none");
        assertThat(decision(explanation, "RejectUnavailableUser").outcome())
                .isEqualTo("responds 404 Not Found: no registered contact can be called");
    }

    @Test
    void hostThatIsNotOfThisProxyIsNamed() {
        Explanation explanation = proxy.proxy()
                .explain(ExplainRequest.of(Method.INVITE, SipUri.of("sip:bob@elsewhere.test"))
                        .from(SipUri.of("sip:mallory@evil.test"))
                        .sentBy(TransportKind.UDP, PHONE));

        assertThat(status(explanation)).isEqualTo(403);
        assertThat(decision(explanation, "DetermineTargets").detail("host"))
                .contains("elsewhere.test is not a name of this proxy");
        assertThat(((Explanation.Response) explanation.result()).reason()).isEqualTo("Relaying Denied");
    }

    @Test
    void streamConnectionIsNotOpened() {
        WireClient.Udp bob = proxy.udp("bob");
        WireClient.Tcp carol = proxy.tcp("carol");
        proxy.registerContact(bob, "bob", "<sip:bob@127.0.0.1:1;transport=tcp>");
        proxy.register(carol, "carol", "");
        long connected = proxy.proxy().statistics().openedConnections();

        Explanation.Hop toBob =
                onlyBranch(explain("INVITE", "sip:bob@sip.test")).hops().get(0);
        Explanation.Hop toCarol =
                onlyBranch(explain("INVITE", "sip:carol@sip.test")).hops().get(0);

        assertThat(toBob).hasToString("tcp:127.0.0.1:1");
        assertThat(toBob.connection()).isEqualTo(Explanation.Connection.NEW);
        assertThat(toCarol.transport()).isEqualTo(TransportKind.TCP);
        assertThat(proxy.proxy().statistics().openedConnections()).isEqualTo(connected);
    }

    @Test
    void nameThatDoesNotExistIsAResponse() {
        WireClient.Udp bob = proxy.udp("bob");
        proxy.registerContact(bob, "bob", "<sip:bob@phone.invalid>");

        Explanation explanation = explain("INVITE", "sip:bob@sip.test");

        assertThat(status(explanation)).isEqualTo(480);
        assertThat(decision(explanation, "forwarding").outcome()).contains("phone.invalid");
    }

    // ---- REGISTER

    @Test
    void registerShowsTheBindingThatItWouldAdd() {
        Explanation explanation = explain("REGISTER", "sip:sip.test");

        assertThat(status(explanation)).isEqualTo(200);
        assertThat(explanation.isAccepted()).isTrue();
        assertThat(decision(explanation, "Register").detail("adds"))
                .contains("sip:alice@127.0.0.1:40000, expires 3600 s");
        assertThat(((Explanation.Response) explanation.result()).headerLines())
                .contains("Contact: <sip:alice@127.0.0.1:40000>;expires=3600");
        assertThat(rows()).isEmpty();
    }

    @Test
    void registerShowsRefreshAndRemoval() {
        WireClient.Udp bob = proxy.registered("bob");
        String before = rows();

        Explanation refresh = explain(
                bob,
                bob.request("REGISTER", "sip:sip.test").to("<sip:bob@sip.test>").contact("<" + bob.contact() + ">"));
        Explanation removal = explain(
                bob,
                bob.request("REGISTER", "sip:sip.test")
                        .to("<sip:bob@sip.test>")
                        .contact("*")
                        .with("Expires: 0"));

        assertThat(decision(refresh, "Register").detail("refreshes").orElseThrow())
                .startsWith(bob.contact());
        assertThat(decision(removal, "Register").detail("removes").orElseThrow())
                .startsWith(bob.contact())
                .endsWith("UNREGISTERED");
        assertThat(rows()).isEqualTo(before);
    }

    @Test
    void registerOfAnotherDomainIsRefusedWithTheReason() {
        Explanation explanation = proxy.proxy()
                .explain(ExplainRequest.of(Method.REGISTER, SipUri.of("sip:sip.test"))
                        .from(SipUri.of("sip:alice@wrong.test"))
                        .sentBy(TransportKind.UDP, PHONE));

        assertThat(status(explanation)).isEqualTo(404);
        assertThat(((Explanation.Response) explanation.result()).headerLines())
                .anyMatch(line -> line.startsWith("P-Registrar-Error: To names a domain"));
    }

    private String rows() {
        List<String> rows = new ArrayList<>();
        proxy.proxy().locationStore().forEach((aor, bindings) -> {
            for (Binding binding : bindings) {
                rows.add(aor + " " + binding + " " + binding.expiresAtMillis() + " " + binding.cseq());
            }
        });
        return rows.stream().sorted().collect(Collectors.joining("\n"));
    }

    // ---- the same decision as for a request that is sent

    @ParameterizedTest
    @ValueSource(
            strings = {
                "OPTIONS sip:sip.test",
                "OPTIONS sip:nobody@sip.test",
                "INVITE sip:nobody@sip.test",
                "INVITE sip:sip.test",
                "INVITE mailto:a@b",
                "INVITE tel:123",
                "MESSAGE sip:dead@sip.test",
                "REGISTER sip:sip.test",
                "REGISTER sip:elsewhere.invalid",
                "SUBSCRIBE sip:nobody@sip.test",
                "FOO sip:nobody@sip.test",
                "MESSAGE sip:a@phone.invalid"
            })
    void explanationIsWhatReallyHappens(String line) {
        WireClient.Udp bob = proxy.udp("bob");
        proxy.registerContact(bob, "dead", "<sip:dead@phone.invalid>");
        WireClient.Udp alice = proxy.udp("alice");
        int blank = line.indexOf(' ');
        Request request = alice.request(line.substring(0, blank), line.substring(blank + 1));
        if (line.startsWith("REGISTER")) {
            request = request.to("<sip:alice@sip.test>").contact("<" + alice.contact() + ">");
        }

        int explained = status(explain(alice, request));
        alice.send(request);
        WireMessage response = alice.awaitFinal(request);

        assertThat(explained).isEqualTo(response.status());
        if (line.startsWith("INVITE")) {
            alice.send(request.ack(response).text());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Max-Forwards: 0",
                "Proxy-Require: nothing-known",
                "Max-Breadth: 0",
                "Content-Length: 99",
                "Route: <sip:127.0.0.1:1;lr>"
            })
    void refusalOfAHeaderIsWhatReallyHappens(String header) {
        proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");
        Request message = alice.request("OPTIONS", "sip:bob@elsewhere.invalid")
                .from("<sip:alice@elsewhere.invalid>;tag=1")
                .with(header);

        Explanation explanation = explain(alice, message);
        alice.send(message);

        assertThat(status(explanation)).isEqualTo(alice.awaitFinal(message).status());
    }

    // ---- malformed text

    @Test
    void malformedRequestIsExplained() {
        Explanation explanation = proxy.proxy().explain(ExplainRequest.of("""
                        INVITE sip:bob@sip.test SIP/2.0
                        Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK1
                        From: <sip:alice@sip.test>;tag=1
                        To: <sip:bob@sip.test>
                        CSeq: 1 INVITE
                        """).sentBy(TransportKind.UDP, PHONE));

        assertThat(status(explanation)).isEqualTo(400);
        assertThat(decision(explanation, "MessageSanity").detail("defect"))
                .contains("mandatory header Call-ID is missing");
    }

    @Test
    void unreadableTextIsDropped() {
        Explanation explanation =
                proxy.proxy().explain(ExplainRequest.of("nonsense\n\n").sentBy(TransportKind.UDP, PHONE));

        assertThat(explanation.result()).isInstanceOf(Explanation.Discard.class);
        assertThat(explanation.isAccepted()).isFalse();
    }

    @Test
    void lineEndsAndLengthAreCompleted() {
        Explanation explanation = proxy.proxy().explain(ExplainRequest.of("""
                        MESSAGE sip:nobody@sip.test SIP/2.0
                        Via: SIP/2.0/UDP 127.0.0.1:40001;branch=z9hG4bK1
                        Max-Forwards: 70
                        From: <sip:alice@sip.test>;tag=1
                        To: <sip:nobody@sip.test>
                        Call-ID: 1@test
                        CSeq: 1 MESSAGE
                        Content-Length: 3

                        Hello
                        there
                        """));

        assertThat(decision(explanation, "MessageSanity").outcome()).isEqualTo("well-formed");
        assertThat(explanation.source()).isEqualTo("udp:127.0.0.1:40001");
        assertThat(status(explanation)).isEqualTo(404);
    }

    @Test
    void oversizedTextIsDroppedLikeAMessageOfThatSize() {
        Explanation explanation = proxy.proxy()
                .explain(ExplainRequest.of("INVITE sip:bob@sip.test SIP/2.0\r\nX: " + "x".repeat(100_000) + "\r\n\r\n")
                        .sentBy(TransportKind.UDP, PHONE));

        assertThat(explanation.result()).isInstanceOf(Explanation.Discard.class);
    }

    @Test
    void incompleteQuestionSaysWhatIsMissing() {
        ExplainRequest withoutFrom = ExplainRequest.of(Method.INVITE, SipUri.of("sip:bob@sip.test"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> proxy.proxy().explain(withoutFrom))
                .withMessageContaining("from: missing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> proxy.proxy().explain(withoutFrom.from(SipUri.of("sip:alice@sip.test"))))
                .withMessageContaining("source: missing");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> proxy.proxy()
                        .explain(withoutFrom
                                .from(SipUri.of("sip:alice@sip.test"))
                                .sentBy(TransportKind.TLS, PHONE)))
                .withMessageContaining("no listening point of this proxy has tls");
    }

    // ---- stages of the host application

    @Test
    void stageOfTheHostIsPassedOverUnlessItIsRehearsable() {
        AtomicInteger called = new AtomicInteger();
        RequestStage counting = context -> {
            called.incrementAndGet();
            return Verdict.respond(488);
        };
        restart(builder -> builder.beforeRouting(counting.named("counting")));

        Explanation passedOver = explain("INVITE", "sip:nobody@sip.test");

        assertThat(called).hasValue(0);
        assertThat(decision(passedOver, "counting").outcome()).startsWith("passed over");
        assertThat(status(passedOver)).isEqualTo(404);

        restart(builder ->
                builder.beforeRouting(counting.named("counting").rehearsable().atMost(5)));

        assertThat(status(explain("INVITE", "sip:nobody@sip.test"))).isEqualTo(488);
        assertThat(called).hasValue(1);
    }

    @Test
    void rehearsalIsSeenByTheStage() {
        List<Boolean> seen = new CopyOnWriteArrayList<>();
        restart(builder -> builder.beforeRouting(((RequestStage) context -> {
                    seen.add(context.isRehearsal());
                    context.note("colour", "green");
                    context.explain("wrong colour");
                    return Verdict.respond(403);
                })
                .named("colours")
                .rehearsable()));

        Explanation explanation = explain("INVITE", "sip:bob@sip.test");
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage failure = alice.awaitFinal(invite);
        alice.send(invite.ack(failure).text());

        assertThat(decision(explanation, "colours").detail("colour")).contains("green");
        assertThat(decision(explanation, "colours").outcome()).isEqualTo("responds 403 Forbidden: wrong colour");
        assertThat(seen).containsExactly(true, false);
    }

    @Test
    void stageThatWaitsForeverEndsWithItsTimeLimit() {
        CountDownLatch never = new CountDownLatch(1);
        restart(builder -> builder.beforeRouting(((RequestStage) context -> {
                    never.await();
                    return Verdict.proceed();
                })
                .named("stuck")
                .within(Duration.ofMillis(100))
                .rehearsable()));

        Explanation explanation = explain("INVITE", "sip:bob@sip.test");

        assertThat(status(explanation)).isEqualTo(503);
        assertThat(decision(explanation, "stuck").outcome()).contains("took longer than");
        assertThat(Thread.currentThread().isInterrupted()).isFalse();
    }

    @Test
    void asynchronousStageIsAwaited() {
        AsyncRequestStage later = new AsyncRequestStage() {
            @Override
            public CompletionStage<Verdict> handleAsync(StageContext context) {
                return CompletableFuture.supplyAsync(
                        () -> Verdict.respond(486), CompletableFuture.delayedExecutor(20, TimeUnit.MILLISECONDS));
            }

            @Override
            public String name() {
                return "later";
            }

            @Override
            public boolean isRehearsable() {
                return true;
            }
        };
        restart(builder -> builder.beforeRouting(later));

        Explanation explanation = explain("INVITE", "sip:bob@sip.test");

        assertThat(status(explanation)).isEqualTo(486);
        assertThat(decision(explanation, "later").outcome()).isEqualTo("responds 486 Busy Here");
    }

    @Test
    void planForAnUnavailableUserIsFollowed() {
        restart(builder -> builder.beforeRouting(((RequestStage) context -> Verdict.relay(
                        RelayPlan.toCallee().onAnyFailure().relay(Target.of(SipUri.of("sip:voicemail@127.0.0.1:9")))))
                .named("voice mail")
                .rehearsable()));

        assertThat(onlyBranch(explain("INVITE", "sip:nobody@sip.test")).requestUri())
                .isEqualTo("sip:voicemail@127.0.0.1:9");
    }

    @Test
    void ruleOfAPlanForAnUnreachableTargetIsFollowed() {
        restart(builder -> builder.beforeRouting(((RequestStage) context ->
                        Verdict.relay(RelayPlan.to(Target.of(SipUri.of("sip:gone@phone.invalid")))
                                .onAnyFailure()
                                .relay(RelayPlan.to(Target.of(SipUri.of("sip:voicemail@127.0.0.1:9")))
                                        .ringFor(Duration.ofSeconds(7)))))
                .named("voice mail")
                .rehearsable()));

        Explanation.Relay relay =
                (Explanation.Relay) explain("INVITE", "sip:nobody@sip.test").result();

        assertThat(relay.groups()).hasSize(2);
        assertThat(relay.groups().get(0).branches().get(0).failure()).contains("phone.invalid");
        assertThat(relay.groups().get(1).ringTime()).contains(Duration.ofSeconds(7));
        assertThat(relay.groups().get(1).branches().get(0).hops()).hasSize(1);
    }

    @Test
    void responseOfAPlanIsTheResult() {
        restart(builder -> builder.beforeRouting(((RequestStage) context ->
                        Verdict.relay(RelayPlan.toCallee().onAnyFailure().respond(603)))
                .named("decline")
                .rehearsable()));

        assertThat(status(explain("INVITE", "sip:nobody@sip.test"))).isEqualTo(603);
    }

    @Test
    void failureStageOfAPlanIsNotCalled() {
        AtomicInteger called = new AtomicInteger();
        restart(builder -> builder.beforeRouting(((RequestStage) context ->
                        Verdict.relay(RelayPlan.toCallee().onAnyFailure().decide(failed -> {
                            called.incrementAndGet();
                            return Verdict.proceed();
                        })))
                .named("decider")
                .rehearsable()));

        Explanation explanation = explain("INVITE", "sip:nobody@sip.test");

        assertThat(status(explanation)).isEqualTo(404);
        assertThat(decision(explanation, "forwarding").detail("failure stage")).isPresent();
        assertThat(called).hasValue(0);
    }

    @Test
    void failingStageIsNamed() {
        restart(builder -> builder.beforeRouting(((RequestStage) context -> {
                    throw new IllegalStateException("of the test");
                })
                .named("broken")
                .rehearsable()));

        Explanation explanation = explain("INVITE", "sip:bob@sip.test");

        assertThat(status(explanation)).isEqualTo(500);
        assertThat(decision(explanation, "broken").outcome()).contains("stage broken failed");
    }

    @Test
    void fullLimitOfConcurrentExplanationsIsAnError() throws Exception {
        CountDownLatch entered = new CountDownLatch(4);
        CountDownLatch leave = new CountDownLatch(1);
        restart(builder -> builder.beforeRouting(((RequestStage) context -> {
                    entered.countDown();
                    leave.await();
                    return Verdict.respond(486);
                })
                .named("slow")
                .rehearsable()));
        List<CompletableFuture<Explanation>> running = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            running.add(CompletableFuture.supplyAsync(
                    () -> explain("INVITE", "sip:bob@sip.test"), task -> new Thread(task).start()));
        }
        assertThat(entered.await(10, TimeUnit.SECONDS)).isTrue();

        assertThatIllegalStateException()
                .isThrownBy(() -> explain("INVITE", "sip:bob@sip.test"))
                .withMessageContaining("4 explanations are in progress");
        leave.countDown();

        for (CompletableFuture<Explanation> each : running) {
            assertThat(status(each.get(10, TimeUnit.SECONDS))).isEqualTo(486);
        }
        assertThat(status(explain("INVITE", "sip:bob@sip.test"))).isEqualTo(486);
    }

    // ---- no effects

    @Test
    void nothingChanges() {
        List<String> wire = new CopyOnWriteArrayList<>();
        List<SecurityEvent> events = new CopyOnWriteArrayList<>();
        AtomicInteger completed = new AtomicInteger();
        AtomicInteger refused = new AtomicInteger();
        restart(builder -> builder.calls(CallSettings.DEFAULT)
                .wireListener(message -> wire.add(message.toString()))
                .component(new org.sipproxy.api.component.ProxyComponent() {
                    @Override
                    public void install(ComponentHooks hooks) {
                        hooks.onEvent(events::add);
                        hooks.onRequestCompleted(done -> completed.incrementAndGet());
                        hooks.onRefusal(refusal -> refused.incrementAndGet());
                        hooks.atEntrance(((RequestStage) context -> {
                                    context.publish(new SecurityEvent.LimitHit(
                                            SecurityEvent.Origin.of(context.flow()), "test"));
                                    return Verdict.proceed();
                                })
                                .withoutBlocking()
                                .rehearsable());
                    }
                }));
        proxy.registered("bob");
        Awaitility.await()
                .until(() -> proxy.proxy().statistics().serverTransactions() == 0
                        && completed.get() == 1
                        && wire.size() == 2);
        events.clear();
        String statistics = proxy.proxy().statistics().toString();
        String calls = proxy.proxy().calls().statistics().toString();
        String rows = rows();

        for (String method : List.of("INVITE", "REGISTER", "OPTIONS", "MESSAGE", "BYE", "CANCEL", "ACK")) {
            explain(method, "sip:bob@sip.test");
            explain(method, "sip:nobody@sip.test");
            explain(method, "sip:sip.test");
            proxy.proxy().explain(ExplainRequest.of(method + " sip:bob\n\n").sentBy(TransportKind.UDP, PHONE));
        }

        assertThat(proxy.proxy().statistics().toString()).isEqualTo(statistics);
        assertThat(proxy.proxy().calls().statistics().toString()).isEqualTo(calls);
        assertThat(rows()).isEqualTo(rows);
        assertThat(wire).hasSize(2);
        assertThat(events).isEmpty();
        assertThat(completed).hasValue(1);
        assertThat(refused).hasValue(0);
    }

    @Test
    void limitOfCallsIsShownAndNotCounted() {
        restart(builder ->
                builder.calls(CallSettings.builder().maxCallsPerUser(1).build()));
        WireClient.Udp bob = proxy.registered("bob");

        Explanation before = explain("INVITE", "sip:bob@sip.test");
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 180);
        alice.awaitResponse(invite, 180);
        Explanation during = explain("INVITE", "sip:bob@sip.test");

        assertThat(before.isAccepted()).isTrue();
        assertThat(status(during)).isIn(403, 486);
        assertThat(decision(during, "calls").details())
                .anyMatch(detail -> detail.value().equals("1 of 1"));
        assertThat(proxy.proxy().calls().statistics().started()).isEqualTo(1);
    }

    // ---- other cases

    @Test
    void explanationOfAClosedProxyIsAnError() {
        SipProxy closed = proxy.proxy();
        closed.close();

        assertThatIllegalStateException()
                .isThrownBy(() -> closed.explain(ExplainRequest.of("")))
                .withMessageContaining("not running");
    }

    @Test
    void drainingProxyRefusesNewCalls() {
        proxy.registered("bob");
        proxy.proxy().drain();

        Explanation explanation = explain("INVITE", "sip:bob@sip.test");

        assertThat(status(explanation)).isEqualTo(503);
        assertThat(decision(explanation, "drain").outcome()).contains("drains");
    }

    @Test
    void cancelAndAckEndAtThisProxy() {
        assertThat(status(explain("CANCEL", "sip:bob@sip.test"))).isEqualTo(481);
        assertThat(explain("ACK", "sip:bob@sip.test").result()).isInstanceOf(Explanation.Discard.class);
    }
}

package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.CompletedRequest;
import org.sipproxy.api.routing.NeedsWorkerException;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;
import org.sipproxy.message.wire.Splice;

/** Hooks of components, each at its place. */
class ComponentTest {

    /** Component that adds the hooks given by the test. */
    private record Part(java.util.function.Consumer<ComponentHooks> hooks) implements ProxyComponent {

        @Override
        public void install(ComponentHooks all) {
            hooks.accept(all);
        }
    }

    /** Component that records its lifecycle and its runtime. */
    private static final class Running implements ProxyComponent {

        final AtomicReference<ProxyRuntime> runtime = new AtomicReference<>();
        final List<String> life = new CopyOnWriteArrayList<>();

        @Override
        public void install(ComponentHooks hooks) {
            life.add("installed");
        }

        @Override
        public void start(ProxyRuntime proxy) {
            runtime.set(proxy);
            life.add("started");
        }

        @Override
        public void close() {
            life.add("closed");
        }
    }

    /** Component that listens to events, as an audit log with a timer does. */
    private static final class Listening implements ProxyComponent, ProxyListener {

        final List<String> life = new CopyOnWriteArrayList<>();

        @Override
        public void install(ComponentHooks hooks) {
            hooks.onEvent(this);
        }

        @Override
        public void start(ProxyRuntime proxy) {
            life.add("started");
            proxy.publish(new SecurityEvent.LimitHit(
                    new SecurityEvent.Origin(new InetSocketAddress("192.0.2.66", 5060), TransportKind.UDP, ""),
                    "test"));
        }

        @Override
        public void onEvent(SecurityEvent event) {
            life.add("event");
        }

        @Override
        public void close() {
            life.add("closed");
        }
    }

    @Test
    void listenerThatIsAComponentIsStartedAndClosedAndGetsEachEventOnce() {
        Listening asListener = new Listening();
        Listening asComponent = new Listening();
        Listening asBoth = new Listening();
        ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.listener(asListener));
        try {
            assertThat(asListener.life).containsExactly("started", "event");
        } finally {
            proxy.close();
        }
        ProxyUnderTest.start(b -> b.component(asComponent)).close();
        ProxyUnderTest.start(b -> b.component(asBoth).listener(asBoth)).close();

        Awaitility.await()
                .untilAsserted(() -> assertThat(List.of(asListener.life, asComponent.life, asBoth.life))
                        .allSatisfy(life -> assertThat(life).containsExactly("started", "event", "closed")));
    }

    private static ProxyUnderTest with(java.util.function.Consumer<ComponentHooks> hooks) {
        return ProxyUnderTest.start(b -> b.component(new Part(hooks)));
    }

    private static RequestStage repeatable(java.util.function.Function<StageContext, Verdict> decision) {
        return new RequestStage() {
            @Override
            public Verdict handle(StageContext context) {
                return decision.apply(context);
            }

            @Override
            public boolean mayBlock() {
                return false;
            }

            @Override
            public boolean isRepeatable() {
                return true;
            }
        };
    }

    /** Sets up a call that bob has accepted and returns alice's dialog. The ACK is not sent yet. */
    private static Dialog call(WireClient alice, WireClient bob) {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        return Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
    }

    @Test
    void componentResolvesNextHopsLikeARequest() {
        Running part = new Running();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(part))) {
            ProxyRuntime runtime = part.runtime.get();

            WireClient bob = proxy.udp("bob");
            assertThat(runtime.resolve(SipUri.of("sip:bob@" + bob.hostPort())).join())
                    .singleElement()
                    .asString()
                    .endsWith(bob.hostPort());
            assertThat(runtime.resolve(SipUri.of("sip:127.0.0.9")).join())
                    .containsExactly(new InetSocketAddress("127.0.0.9", 5060));
            assertThat(runtime.resolve(SipUri.of("sip:localhost:5071")).join())
                    .contains(new InetSocketAddress("127.0.0.1", 5071));
            assertThatThrownBy(() ->
                            runtime.resolve(SipUri.of("sip:gateway.invalid")).join())
                    .hasCauseInstanceOf(UnknownHostException.class)
                    .hasMessageContaining("gateway.invalid");
            assertThatThrownBy(() -> runtime.resolve(SipUri.of("tel:+4930")).join())
                    .hasCauseInstanceOf(UnknownHostException.class);
        }
    }

    @Test
    void componentLivesAsLongAsItsProxy() {
        Running part = new Running();
        try (SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .component(part)
                .build()) {
            assertThat(part.life).containsExactly("installed");
            proxy.start();
            assertThat(part.life).containsExactly("installed", "started");
            assertThat(part.runtime.get().boundEndpoints()).isEqualTo(proxy.boundEndpoints());
            assertThat(part.runtime.get().domains()).containsExactly("sip.test");
        }
        assertThat(part.life).containsExactly("installed", "started", "closed");
    }

    @Test
    void problemsOfAComponentAreReportedWithAllOthers() {
        SipProxyBuilder builder = SipProxy.builder()
                .domain("sip.test")
                .noAuthentication()
                .component(new Part(hooks -> {
                    throw new IllegalArgumentException("interval: 0 (expected 1 to 9)");
                }));

        assertThatThrownBy(builder::build)
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Part: interval: 0")
                .hasMessageContaining("listen: no endpoint");
    }

    @Test
    void proxyWhoseComponentCannotStartIsClosed() {
        SipProxy proxy = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .component(new ProxyComponent() {
                    @Override
                    public void install(ComponentHooks hooks) {}

                    @Override
                    public void start(ProxyRuntime runtime) {
                        throw new IllegalStateException("no database");
                    }
                })
                .build();

        assertThatThrownBy(proxy::start).hasMessage("no database");

        assertThatThrownBy(proxy::start).hasMessageContaining("closed");
    }

    @Test
    void messagesThatTheArrivalFilterRefusesAreDropped() {
        AtomicReference<Integer> refusedPort = new AtomicReference<>(0);
        ArrivalFilter filter = new ArrivalFilter() {
            @Override
            public boolean accepts(Flow flow, int length) {
                return flow.remoteAddress().getPort() != refusedPort.get();
            }

            @Override
            public boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
                return false;
            }
        };
        try (ProxyUnderTest proxy = with(hooks -> hooks.onArrival(filter))) {
            WireClient.Udp bad = proxy.udp("bad");
            WireClient.Udp good = proxy.udp("good");
            refusedPort.set(bad.port());

            bad.send(bad.request("OPTIONS", "sip:sip.test"));
            good.awaitFinal(good.send(good.request("OPTIONS", "sip:sip.test")));

            Awaitility.await().until(() -> proxy.proxy().statistics().filtered() == 1);
            assertThat(bad.pending()).isEmpty();
            proxy.tcp("connects").awaitEnd();
        }
    }

    @Test
    void filterThatFailsRefuses() {
        try (ProxyUnderTest proxy = with(hooks -> hooks.onArrival((flow, length) -> {
            throw new IllegalStateException("on purpose");
        }))) {
            WireClient.Udp alice = proxy.udp("alice");
            alice.send(alice.request("OPTIONS", "sip:sip.test"));

            Awaitility.await().until(() -> proxy.proxy().statistics().filtered() == 1);
            assertThat(alice.pending()).isEmpty();
        }
    }

    @Test
    void keepalivesAndStunAreGivenToTheHandler() {
        List<byte[]> shown = new CopyOnWriteArrayList<>();
        try (ProxyUnderTest proxy = with(hooks -> hooks.onNonSip((flow, bytes) -> shown.add(bytes)))) {
            WireClient.Udp alice = proxy.udp("alice");
            byte[] stun = new byte[20];
            stun[1] = 1;
            stun[4] = 0x21;
            stun[5] = 0x12;
            stun[6] = (byte) 0xa4;
            stun[7] = 0x42;

            alice.sendBytes("\r\n\r\n".getBytes(US_ASCII));
            alice.sendBytes(new byte[4]);
            alice.sendBytes(stun);

            Awaitility.await().until(() -> shown.size() == 3);
            assertThat(shown).usingElementComparator(java.util.Arrays::compare).contains(new byte[4], stun);
        }
    }

    @Test
    void responseToAComponentsRequestReachesIt() {
        List<Integer> answers = new CopyOnWriteArrayList<>();
        try (ProxyUnderTest proxy = with(hooks -> hooks.onStrayResponse((response, flow) -> {
            answers.add(response.statusCode());
            return true;
        }))) {
            WireClient.Udp alice = proxy.udp("alice");
            alice.send("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP " + proxy.udpHostPort()
                    + ";branch=z9hG4bKping\r\nFrom: <sip:ping@sip.test>;tag=1\r\nTo: <sip:alice@sip.test>;tag=2\r\n"
                    + "Call-ID: ping\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");

            Awaitility.await().until(() -> answers.equals(List.of(200)));
            assertThat(proxy.proxy().statistics().strayResponses()).isZero();
        }
    }

    @Test
    void stageAtTheEntranceComesBeforeAllOthers() {
        RequestStage closed = repeatable(context -> Verdict.respond(403));
        try (ProxyUnderTest proxy = with(hooks -> hooks.atEntrance(closed))) {
            WireClient.Udp alice = proxy.udp("alice");

            Request tooFar = alice.send(alice.request("OPTIONS", "sip:sip.test").maxForwards(0));

            assertThat(alice.awaitFinal(tooFar).status()).isEqualTo(403);
        }
    }

    @Test
    void requestsThatAreOnlyInspectedNeedNoTransaction() {
        try (ProxyUnderTest proxy = with(hooks -> hooks.atEntrance(repeatable(context -> Verdict.proceed())))) {
            WireClient.Udp alice = proxy.udp("alice");

            alice.awaitFinal(alice.send(alice.request("OPTIONS", "sip:sip.test")));

            assertThat(proxy.proxy().statistics().serverTransactions()).isZero();
            assertThat(proxy.proxy().statistics().lingeringTransactions()).isZero();
        }
    }

    @Test
    void trustedPeerMayRelay() {
        RequestStage trunk = repeatable(context -> {
            context.trust();
            return Verdict.proceed();
        });
        try (ProxyUnderTest proxy = with(hooks -> hooks.beforeAuthentication(trunk))) {
            WireClient.Udp elsewhere = proxy.udp("elsewhere");
            WireClient.Udp peer = proxy.udp("peer");

            peer.send(peer.request("MESSAGE", "sip:x@" + elsewhere.hostPort()).from("<sip:peer@far.test>;tag=1"));

            elsewhere.awaitRequest("MESSAGE");
        }
    }

    @Test
    void bindingOfAClientBehindANatLeadsToItsSourceAddress() {
        RequestStage nat = repeatable(context -> {
            context.behindNat();
            return Verdict.proceed();
        });
        try (ProxyUnderTest proxy = with(hooks -> hooks.beforeAuthentication(nat))) {
            WireClient.Udp bob = proxy.udp("bob");
            Request register = bob.request("REGISTER", "sip:sip.test")
                    .to("<sip:bob@sip.test>")
                    .contact("<sip:bob@192.168.77.1:5099>");
            bob.awaitResponse(bob.send(register), 200);

            Binding binding = proxy.proxy()
                    .locationStore()
                    .lookup(new Aor("bob", "sip.test"))
                    .get(0);
            assertThat(binding.received()).contains(SipUri.of("sip:" + bob.hostPort()));
            WireClient.Udp alice = proxy.udp("alice");
            Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("INVITE");
            assertThat(received.uri()).isEqualTo("sip:bob@192.168.77.1:5099");
            bob.respond(received, 200);
            alice.awaitResponse(invite, 200);
        }
    }

    @Test
    void connectionOfAClientBehindANatIsUsed() {
        RequestStage nat = repeatable(context -> {
            context.behindNat();
            return Verdict.proceed();
        });
        try (ProxyUnderTest proxy = with(hooks -> hooks.beforeAuthentication(nat))) {
            WireClient.Tcp bob = proxy.tcp("bob");
            Request register = bob.request("REGISTER", "sip:sip.test")
                    .to("<sip:bob@sip.test>")
                    .contact("<sip:bob@192.168.77.1:5099;transport=tcp>");
            bob.awaitResponse(bob.send(register), 200);
            WireClient.Udp alice = proxy.udp("alice");

            alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            bob.awaitRequest("MESSAGE");
        }
    }

    @Test
    void stageBeforeForwardingMayRedirectTheAckToo() {
        AtomicReference<SipUri> way = new AtomicReference<>();
        RequestStage alias = repeatable(context -> {
            SipUri received = way.get();
            return received == null || context.request().method() == Method.REGISTER
                    ? Verdict.proceed()
                    : Verdict.relay(Target.behindNat(context.targets().get(0).uri(), received));
        });
        try (ProxyUnderTest proxy = with(hooks -> hooks.beforeForwarding(alias))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Dialog dialog = call(alice, bob);
            WireClient.Udp other = proxy.udp("other");
            way.set(SipUri.of("sip:" + other.hostPort()));

            alice.send(dialog.ack());
            alice.send(dialog.request("BYE"));

            other.awaitRequest("ACK");
            other.awaitRequest("BYE");
        }
    }

    @Test
    void responseStageSeesTheSourceAndEditsTheBytes() {
        List<InetSocketAddress> sources = new CopyOnWriteArrayList<>();
        try (ProxyUnderTest proxy = with(hooks -> hooks.onResponse(context -> {
            sources.add(context.flow().remoteAddress());
            SipResponse response = context.response();
            context.replace(response.with(new Splice().insert(response.index().headersEnd(), "X-Seen: yes\r\n")));
        }))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));

            bob.respond(bob.awaitRequest("MESSAGE"), 200);

            assertThat(alice.awaitResponse(message, 200).header("X-Seen")).isEqualTo("yes");
            assertThat(sources).extracting(InetSocketAddress::getPort).containsExactly(bob.port());
        }
    }

    @Test
    void everyFinalResponseIsReportedOnce() {
        List<CompletedRequest> completed = new CopyOnWriteArrayList<>();
        try (ProxyUnderTest proxy = with(hooks -> hooks.onRequestCompleted(completed::add))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");

            Dialog dialog = call(alice, bob);
            alice.send(dialog.ack());
            bob.awaitRequest("ACK");
            Request bye = alice.send(dialog.request("BYE"));
            bob.respond(bob.awaitRequest("BYE"), 200);
            alice.awaitResponse(bye, 200);
            Request nobody = alice.send(alice.request("INVITE", "sip:nobody@sip.test"));
            alice.awaitResponse(nobody, 404);

            // the listener is notified after the response was sent, by the thread that sent it
            Awaitility.await().until(() -> completed.size() == 4);
            assertThat(completed)
                    .extracting(c -> c.request().method() + " " + c.statusCode() + " " + c.isRelayed())
                    .containsExactlyInAnyOrder(
                            "REGISTER 200 false", "INVITE 200 true", "BYE 200 true", "INVITE 404 false");
            assertThat(completed.stream()
                            .filter(CompletedRequest::isRelayed)
                            .map(CompletedRequest::toTag)
                            .distinct())
                    .singleElement()
                    .asString()
                    .isNotEmpty();
        }
    }

    @Test
    void eventOfAStageReachesTheHost() {
        List<SecurityEvent> events = new CopyOnWriteArrayList<>();
        RequestStage reports = repeatable(context -> {
            context.publish(new SecurityEvent.LimitHit(SecurityEvent.Origin.of(context.flow()), "test"));
            return Verdict.respond(503);
        });
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                b -> b.component(new Part(hooks -> hooks.atEntrance(reports))).listener(events::add))) {
            WireClient.Udp alice = proxy.udp("alice");

            alice.awaitFinal(alice.send(alice.request("MESSAGE", "sip:bob@sip.test")));

            assertThat(events)
                    .containsExactly(new SecurityEvent.LimitHit(
                            new SecurityEvent.Origin(
                                    new InetSocketAddress("127.0.0.1", alice.port()), TransportKind.UDP, ""),
                            "test"));
        }
    }

    @Test
    void componentSendsAndSchedules() {
        Running part = new Running();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(part))) {
            WireClient.Udp bob = proxy.udp("bob");
            ProxyRuntime runtime = part.runtime.get();
            Flow flow = runtime.flow(
                            SipUri.of("sip:" + bob.hostPort()),
                            Endpoint.parse("udp:" + proxy.udpHostPort()),
                            runtime.now())
                    .orElseThrow();

            runtime.schedule(
                    Duration.ofMillis(10),
                    () -> runtime.send(flow, "NOTIFY sip:bob@x SIP/2.0\r\n\r\n".getBytes(US_ASCII)));

            WireMessage received = bob.awaitRequest("NOTIFY");
            assertThat(received.source().getPort())
                    .isEqualTo(proxy.address(org.sipproxy.api.transport.TransportKind.UDP)
                            .getPort());
            assertThat(runtime.sentBy(flow)).isEqualTo(proxy.udpHostPort());
            assertThat(runtime.flow(SipUri.of("sip:127.0.0.1:9;transport=tcp"), null, runtime.now()))
                    .isEmpty();
        }
    }

    @Test
    void onlyARequestWhoseStageHasToWaitLeavesTheReceiverThread() {
        List<String> threads = new CopyOnWriteArrayList<>();
        RequestStage sometimes = new RequestStage() {
            @Override
            public Verdict handle(StageContext context) {
                threads.add(Thread.currentThread().getName().replaceAll("-[0-9-]+$", ""));
                return Verdict.respond(486);
            }

            @Override
            public Verdict handleAtOnce(StageContext context) {
                if (context.request().method() == Method.MESSAGE) {
                    throw new NeedsWorkerException();
                }
                return handle(context);
            }
        };
        try (ProxyUnderTest proxy = with(hooks -> hooks.beforeRouting(sometimes))) {
            WireClient.Udp alice = proxy.udp("alice");

            alice.awaitFinal(alice.send(alice.request("MESSAGE", "sip:bob@sip.test")));
            alice.awaitFinal(alice.send(alice.request("INFO", "sip:bob@sip.test")));

            assertThat(threads).containsExactly("sipproxy-stage", "sipproxy-udp");
        }
    }
}

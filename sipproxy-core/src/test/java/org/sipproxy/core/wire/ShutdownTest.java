package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.client.DigestLogin;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxy.State;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Shutdown: every request gets its final response, calls can be ended, and nothing stays open. */
class ShutdownTest {

    private static final Duration SHORT = Duration.ofMillis(300);

    /** Holds every request but REGISTER on its worker until it is released or interrupted. */
    private static final class Holding implements RequestStage {

        final CountDownLatch release = new CountDownLatch(1);
        final List<Thread> held = new CopyOnWriteArrayList<>();

        @Override
        public Verdict handle(org.sipproxy.api.routing.StageContext context) throws InterruptedException {
            if (context.request().method() != Method.REGISTER) {
                held.add(Thread.currentThread());
                release.await();
            }
            return Verdict.proceed();
        }
    }

    private static SipProxyBuilder minimal() {
        return SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication();
    }

    // ---- close

    /** Sends a last request when the proxy begins to close. */
    private static final class Farewell implements ProxyComponent {

        final AtomicReference<ProxyRuntime> runtime = new AtomicReference<>();
        final AtomicReference<SipUri> server = new AtomicReference<>();
        final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public void install(ComponentHooks hooks) {}

        @Override
        public void start(ProxyRuntime proxy) {
            runtime.set(proxy);
        }

        @Override
        public void stopping() {
            CompletableFuture<SipResponse> unused = runtime.get()
                    .requests()
                    .send(OutgoingRequest.builder(Method.OPTIONS, server.get())
                            .login(DigestLogin.ofPassword("user", "secret"))
                            .build())
                    .whenComplete((response, failure) ->
                            events.add(response == null ? String.valueOf(failure) : "" + response.statusCode()));
        }

        @Override
        public void close() {
            events.add("closed");
        }
    }

    @Test
    void lastRequestOfAComponentIsDeliveredWithCredentialsBeforeItIsClosed() {
        Farewell component = new Farewell();
        ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(component));
        WireClient.Udp server = proxy.udp("server");
        component.server.set(SipUri.of("sip:" + server.hostPort()));

        CompletableFuture<Void> closed =
                CompletableFuture.runAsync(() -> proxy.proxy().close());
        server.respond(server.awaitRequest("OPTIONS"), 401, "WWW-Authenticate: Digest realm=\"a.test\", nonce=\"1\"");
        WireMessage authorized = server.awaitRequest("OPTIONS");
        server.respond(authorized, 200);

        closed.orTimeout(10, TimeUnit.SECONDS).join();
        assertThat(authorized.header("Authorization")).contains("username=\"user\"");
        assertThat(component.events).containsExactly("200", "closed");
        proxy.close();
    }

    @Test
    void componentThatFailsToStopDoesNotKeepTheProxyOpen() {
        Farewell component = new Farewell(); // has no server
        ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.component(component));

        proxy.close();

        Awaitility.await().untilAsserted(() -> assertThat(component.events).containsExactly("closed"));
    }

    @Test
    void requestsThatWaitForAStageGet503WithinOneDeadline() {
        Holding holding = new Holding();
        List<Integer> completed = new CopyOnWriteArrayList<>();
        try (ProxyUnderTest proxy = ProxyUnderTest.start(
                b -> b.beforeRouting(holding).drainTime(SHORT).requestListener(c -> completed.add(c.statusCode())))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            List<Request> waiting = new ArrayList<>();
            for (int i = 0; i < 12; i++) {
                waiting.add(alice.send(alice.request(i % 2 == 0 ? "INVITE" : "MESSAGE", "sip:bob@sip.test")));
            }
            Awaitility.await().until(() -> holding.held.size() == 12);

            long begin = System.nanoTime();
            proxy.proxy().close();
            long millis = (System.nanoTime() - begin) / 1_000_000;

            for (Request request : waiting) {
                WireMessage answer = alice.awaitFinal(request);
                assertThat(answer.status()).isEqualTo(503);
                assertThat(answer.header("Retry-After")).isEqualTo("5");
            }
            assertThat(completed)
                    .containsOnlyOnce(200)
                    .filteredOn(status -> status == 503)
                    .hasSize(waiting.size());
            // one limit for all stages together; one after the other would take twelve
            assertThat(millis).isLessThan(3_500);
            Awaitility.await().until(() -> holding.held.stream().noneMatch(Thread::isAlive));
            assertThat(bob.pending()).isEmpty(); // no request was forwarded after its 503
        }
    }

    @Test
    void requestsThatWaitForAuthenticationGet503WithinOneDeadline() {
        Holding holding = new Holding();
        Authentication authentication = holding::handle;
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(authentication)
                .workerThreads(12)
                .drainTime(SHORT);
        try (ProxyUnderTest proxy = ProxyUnderTest.of(builder)) {
            WireClient.Udp alice = proxy.udp("alice");
            List<Request> waiting = new ArrayList<>();
            for (int i = 0; i < 60; i++) { // more than there are workers, so that some wait in the queues
                waiting.add(alice.send(alice.request(i % 2 == 0 ? "INVITE" : "MESSAGE", "sip:bob@sip.test")));
            }
            Awaitility.await().until(() -> holding.held.size() >= 8);

            long begin = System.nanoTime();
            proxy.proxy().close();
            long millis = (System.nanoTime() - begin) / 1_000_000;

            for (Request request : waiting) {
                assertThat(alice.awaitFinal(request).status()).isEqualTo(503);
            }
            assertThat(millis).isLessThan(3_500); // one after the other, the workers would take eight seconds
            Awaitility.await().until(() -> holding.held.stream().noneMatch(Thread::isAlive));
        }
    }

    @Test
    void requestWhoseStageReturnsAfterTheCloseIsNotForwarded() throws Exception {
        Holding holding = new Holding();
        ProxyUnderTest proxy =
                ProxyUnderTest.start(b -> b.beforeRouting(holding).drainTime(SHORT));
        WireClient.Udp bob = proxy.registered("bob");
        WireClient.Udp alice = proxy.udp("alice");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        Awaitility.await().until(() -> holding.held.size() == 1);
        Thread closing = new Thread(proxy.proxy()::close);
        closing.start();
        alice.awaitResponse(invite, 503);

        holding.release.countDown();

        closing.join(10_000);
        assertThat(closing.isAlive()).isFalse();
        assertThat(bob.pending()).isEmpty();
        proxy.close();
    }

    @Test
    void callCanBeEndedWhileTheProxyCloses() throws Exception {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Dialog dialog = call(alice, bob);
            alice.send(dialog.ack());
            bob.awaitRequest("ACK");
            Request held = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            WireMessage received = bob.awaitRequest("MESSAGE");
            Thread closing = new Thread(proxy.proxy()::close);
            closing.start();
            awaitRefusal(alice);

            Request bye = alice.send(dialog.request("BYE"));

            bob.respond(bob.awaitRequest("BYE"), 200);
            alice.awaitResponse(bye, 200);
            bob.respond(received, 200);
            alice.awaitResponse(held, 200);
            closing.join(10_000);
            assertThat(closing.isAlive()).isFalse();
        }
    }

    private static Dialog call(WireClient alice, WireClient bob) {
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        bob.respond(bob.awaitRequest("INVITE"), 200);
        return Dialog.ofCaller(alice, alice.awaitResponse(invite, 200));
    }

    private static void awaitRefusal(WireClient client) {
        Awaitility.await()
                .until(() -> client.awaitFinal(client.send(client.request("OPTIONS", "sip:sip.test")))
                                .status()
                        == 503);
    }

    // ---- drain

    @Test
    void drainRefusesNewCallsAndServesExistingOnes() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Dialog dialog = call(alice, bob);
            alice.send(dialog.ack());
            bob.awaitRequest("ACK");
            Request ringing = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
            WireMessage atBob = bob.awaitRequest("INVITE");
            bob.respond(atBob, 180);
            alice.awaitResponse(ringing, 180);

            proxy.proxy().drain();
            proxy.proxy().drain();

            assertThat(proxy.proxy().state()).isEqualTo(State.DRAINING);
            for (String method : List.of("INVITE", "MESSAGE", "SUBSCRIBE", "PUBLISH", "REFER")) {
                WireMessage refusal = alice.awaitFinal(alice.send(alice.request(method, "sip:bob@sip.test")));
                assertThat(refusal.status()).as(method).isEqualTo(503);
                assertThat(refusal.header("Retry-After")).isEqualTo("5");
            }
            bob.respond(atBob, 200);
            alice.awaitResponse(ringing, 200);
            proxy.register(bob, "bob", ""); // stays reachable for existing calls
            Request bye = alice.send(dialog.request("BYE"));
            bob.respond(bob.awaitRequest("BYE"), 200);
            alice.awaitResponse(bye, 200);
            Awaitility.await().until(() -> proxy.proxy().statistics().unanswered() == 0);
            proxy.proxy().close();
            assertThat(proxy.proxy().state()).isEqualTo(State.CLOSED);
        }
    }

    @Test
    void cancelEndsACallThatRingsWhileTheProxyDrains() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start()) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Request ringing = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
            WireMessage atBob = bob.awaitRequest("INVITE");
            bob.respond(atBob, 180);
            alice.awaitResponse(ringing, 180);
            proxy.proxy().drain();

            alice.send(ringing.cancel());

            WireMessage cancel = bob.awaitRequest("CANCEL");
            bob.respond(cancel, 200);
            bob.respond(atBob, 487);
            alice.awaitResponse(ringing, 487);
        }
    }

    // ---- state, endpoints and statistics

    @Test
    void stateEndpointsAndStatisticsAreTrueBeforeAndAfter() {
        SipProxy proxy = minimal().listen(Endpoint.tcp("127.0.0.1", 0)).build();
        assertThat(proxy.state()).isEqualTo(State.NEW);
        assertThat(proxy.boundEndpoints()).isEmpty();
        proxy.drain(); // has no effect before the start
        assertThat(proxy.state()).isEqualTo(State.NEW);
        proxy.start();
        assertThat(proxy.state()).isEqualTo(State.RUNNING);
        InetSocketAddress udp = new InetSocketAddress(
                InetAddress.getLoopbackAddress(), proxy.boundEndpoints().get(0).port());
        try (WireClient.Udp client = WireClient.udp("client", udp, new ArrayList<>())) {
            client.awaitFinal(client.send(client.request("OPTIONS", "sip:sip.test")));
        }

        proxy.close();

        assertThat(proxy.state()).isEqualTo(State.CLOSED);
        assertThat(proxy.boundEndpoints()).isEmpty();
        ProxyStatistics after = proxy.statistics();
        assertThat(after.requests()).isOne();
        assertThat(List.of(
                        after.unanswered(),
                        after.serverTransactions(),
                        after.clientTransactions(),
                        after.connections(),
                        after.transactionBytes()))
                .containsOnly(0L);
        proxy.drain();
        proxy.close();
        assertThat(proxy.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void statisticsMayBeReadWhileTheProxyStartsAndCloses() throws Exception {
        for (int i = 0; i < 5; i++) {
            SipProxy proxy = minimal().listen(Endpoint.tcp("127.0.0.1", 0)).build();
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread reading = new Thread(() -> {
                try {
                    do {
                        proxy.statistics();
                        proxy.boundEndpoints().forEach(Endpoint::port);
                    } while (proxy.state() != State.CLOSED);
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            reading.start();
            proxy.start();
            proxy.close();
            reading.join(10_000);
            assertThat(failure.get()).isNull();
            assertThat(reading.isAlive()).isFalse();
        }
    }

    // ---- failed and aborted starts

    /** Component whose start is given by the test. */
    private record Starting(java.util.function.Consumer<ProxyRuntime> body) implements ProxyComponent {

        @Override
        public void install(ComponentHooks hooks) {}

        @Override
        public void start(ProxyRuntime proxy) {
            body.accept(proxy);
        }
    }

    @Test
    void startThatEndsWithAnErrorReleasesItsPortsAndThreads() throws Exception {
        AtomicReference<Endpoint> udp = new AtomicReference<>();
        LinkageError thrown = new LinkageError("of the test");
        SipProxy proxy = minimal()
                .listen(Endpoint.tcp("127.0.0.1", 0))
                .component(new Starting(runtime -> {
                    udp.set(runtime.boundEndpoints().get(0));
                    throw thrown;
                }))
                .build();

        assertThatThrownBy(proxy::start).isSameAs(thrown);

        assertThat(proxy.state()).isEqualTo(State.CLOSED);
        assertThat(proxy.boundEndpoints()).isEmpty();
        try (DatagramSocket again = new DatagramSocket(new InetSocketAddress(
                InetAddress.getLoopbackAddress(), udp.get().port()))) {
            assertThat(again.isBound()).isTrue();
        }
        Awaitility.await()
                .until(() -> Thread.getAllStackTraces().keySet().stream()
                        .noneMatch(t -> t.getName()
                                .startsWith("sipproxy-udp-" + udp.get().port() + "-")));
        assertThatThrownBy(proxy::start)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("start: the proxy is closed; build another one");
    }

    @Test
    void closeAbortsAStartThatTakesLong() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        AtomicReference<Throwable> thrown = new AtomicReference<>();
        SipProxy proxy = minimal()
                .component(new Starting(runtime -> {
                    started.countDown();
                    try {
                        new CountDownLatch(1).await();
                    } catch (InterruptedException e) {
                        throw new IllegalStateException("interrupted", e);
                    }
                }))
                .build();
        Thread starting = new Thread(() -> {
            try {
                proxy.start();
            } catch (Throwable e) {
                thrown.set(e);
            }
        });
        starting.start();
        started.await();
        assertThat(proxy.state()).isEqualTo(State.STARTING);

        proxy.close();

        assertThat(proxy.state()).isEqualTo(State.CLOSED);
        starting.join(10_000);
        assertThat(thrown.get())
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("start: the proxy was closed while it started")
                .hasRootCauseInstanceOf(InterruptedException.class);
    }

    @Test
    void componentThatClosesItsProxyWhileItStartsDoesNotHang() {
        AtomicReference<SipProxy> itself = new AtomicReference<>();
        SipProxy proxy = minimal()
                .component(new Starting(runtime -> itself.get().close()))
                .build();
        itself.set(proxy);

        assertThatThrownBy(proxy::start).hasMessage("start: the proxy was closed while it started");

        assertThat(proxy.state()).isEqualTo(State.CLOSED);
    }

    @Test
    void drainTimeIsChecked() {
        assertThatThrownBy(() -> minimal().drainTime(Duration.ofHours(2)).build())
                .hasMessage("drainTime: 2h (expected 0s to 1h)");
    }

    @Test
    void withoutDrainTimeThePortIsFreeAtOnce() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.drainTime(Duration.ZERO))) {
            WireClient.Udp bob = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Request message = alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
            bob.awaitRequest("MESSAGE");
            int port = proxy.address(TransportKind.UDP).getPort();

            proxy.proxy().close();

            alice.awaitResponse(message, 503);
            assertThat(port).isPositive();
            assertThat(proxy.proxy().boundEndpoints()).isEmpty();
        }
    }
}

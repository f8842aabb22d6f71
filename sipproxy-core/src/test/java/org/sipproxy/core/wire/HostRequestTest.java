package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.BooleanSupplier;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.client.OutgoingRequest;
import org.sipproxy.api.client.RequestClient;
import org.sipproxy.api.client.RequestFailedException;
import org.sipproxy.api.client.RequestFailedException.Reason;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.options.ProxyClock;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Requests that the host application sends itself: routing, results, limits, end. */
class HostRequestTest {

    private final Ahead clock = new Ahead();
    private final AtomicInteger stages = new AtomicInteger();
    private final AtomicInteger completed = new AtomicInteger();
    private final ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.clock(clock)
            .pendingRequests(3)
            .beforeAuthentication(context -> {
                stages.incrementAndGet();
                if (context.request().hasHeader(HeaderName.of("X-Nat"))) {
                    context.behindNat();
                }
                return Verdict.proceed();
            })
            .requestListener(request -> completed.incrementAndGet()));

    /** Clock that a test advances. */
    private static final class Ahead implements ProxyClock {

        private final AtomicLong nanos = new AtomicLong();

        @Override
        public long nanoTime() {
            return System.nanoTime() + nanos.get();
        }

        @Override
        public long currentTimeMillis() {
            return System.currentTimeMillis() + nanos.get() / 1_000_000;
        }

        void advance(Duration by) {
            nanos.addAndGet(by.toNanos());
        }
    }

    @AfterEach
    void nothingIsLeft() {
        until(() -> {
            ProxyStatistics now = proxy.proxy().statistics();
            return now.hostRequests() == 0 && now.serverTransactions() == 0 && now.clientTransactions() == 0;
        });
        until(() -> proxy.proxy().statistics().transactionBytes() == 0);
        proxy.close();
    }

    private static void until(BooleanSupplier condition) {
        Awaitility.await()
                .atMost(Duration.ofSeconds(5))
                .pollInterval(Duration.ofMillis(5))
                .until(condition::getAsBoolean);
    }

    private CompletableFuture<SipResponse> send(OutgoingRequest request) {
        return proxy.proxy().requests().send(request);
    }

    private static OutgoingRequest.Builder options(String uri) {
        return OutgoingRequest.builder(Method.OPTIONS, SipUri.of(uri));
    }

    private static OutgoingRequest message(String uri) {
        return OutgoingRequest.builder(Method.MESSAGE, SipUri.of(uri))
                .from(SipUri.of("sip:door@sip.test"))
                .body("text/plain", "The door is open.")
                .build();
    }

    private static SipResponse response(CompletableFuture<SipResponse> future) {
        return future.orTimeout(5, TimeUnit.SECONDS).join();
    }

    private static RequestFailedException failure(CompletableFuture<SipResponse> future) {
        Throwable thrown = catchThrowable(() -> response(future));
        assertThat(thrown).isInstanceOf(CompletionException.class).hasCauseInstanceOf(RequestFailedException.class);
        return (RequestFailedException) thrown.getCause();
    }

    // ---- to another server

    @Test
    void optionsToAUdpPeerIsARequestOfAClient() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result = send(options("sip:gw@" + gateway.hostPort())
                .header(HeaderName.ACCEPT, "application/sdp")
                .build());
        WireMessage received = gateway.awaitRequest("OPTIONS");
        gateway.reply(received, 200, "Allow: INVITE");

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
                send(OutgoingRequest.builder(Method.NOTIFY, SipUri.of("sip:bob@sip.test"))
                        .header(HeaderName.EVENT, "message-summary")
                        .build());
        WireMessage received = bob.awaitRequest("NOTIFY");
        bob.reply(received, 200);

        assertThat(received.has("Record-Route")).isFalse();
        assertThat(received.elements("Via")).hasSize(1);
        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void optionsToATcpPeerUsesAConnection() {
        WireClient.Tcp gateway = proxy.tcp("gateway");

        CompletableFuture<SipResponse> result =
                send(options("sip:" + gateway.hostPort() + ";transport=tcp").build());
        gateway.reply(gateway.awaitRequest("OPTIONS"), 404);

        assertThat(response(result).statusCode()).isEqualTo(404);
        assertThat(gateway.acceptedConnections()).isEqualTo(1);
    }

    @Test
    void overloadOfAPeerIsNotHiddenFromTheHost() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result =
                send(options("sip:" + gateway.hostPort()).build());
        gateway.reply(gateway.awaitRequest("OPTIONS"), 503, "Retry-After: 7");

        assertThat(response(result).statusCode()).isEqualTo(503);
        assertThat(response(result).header(HeaderName.RETRY_AFTER)).hasValue("7");
    }

    @Test
    void targetIsAnotherNextHopThanTheRequestUri() {
        WireClient.Udp gateway = proxy.udp("gateway");
        SipUri hop = SipUri.of("sip:" + gateway.hostPort() + ";lr");

        CompletableFuture<SipResponse> result = send(options("sip:provider.invalid")
                .target(new Target(SipUri.of("sip:provider.invalid"), 1f, List.of(hop), null))
                .build());
        WireMessage received = gateway.awaitRequest("OPTIONS");
        gateway.reply(received, 200);

        assertThat(received.uri()).isEqualTo("sip:provider.invalid");
        assertThat(received.header("Route")).isEqualTo("<" + hop + ">");
        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void requestIsRetransmittedOverUdp() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result =
                send(options("sip:" + gateway.hostPort()).build());
        WireMessage first = gateway.awaitRequest("OPTIONS");
        WireMessage second = gateway.awaitRequest("OPTIONS");
        gateway.reply(second, 200);

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

        CompletableFuture<SipResponse> result = send(register);
        registrar.reply(registrar.awaitRequest("REGISTER"), 200);
        SipResponse response = response(result);
        CompletableFuture<SipResponse> next =
                send(register.toBuilder().cseq(41 + 1).build());
        WireMessage refresh = registrar.awaitRequest("REGISTER");
        registrar.reply(refresh, 200);

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

        CompletableFuture<SipResponse> result = send(message("sip:bob@sip.test"));
        WireMessage received = bob.awaitRequest("MESSAGE");
        bob.reply(received, 200);

        assertThat(received.uri()).isEqualTo("sip:bob@192.0.2.77:5060");
        assertThat(received.header("To")).isEqualTo("<sip:bob@sip.test>");
        assertThat(received.body()).isEqualTo("The door is open.");
        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void messageToAUserOnAStreamUsesItsConnection() {
        WireClient.Tcp bob = proxy.tcp("bob");
        proxy.registerContact(bob, "bob", "<sip:bob@127.0.0.1:9;transport=tcp>");

        CompletableFuture<SipResponse> result = send(message("sip:bob@sip.test"));
        bob.reply(bob.awaitRequest("MESSAGE"), 200);

        assertThat(response(result).statusCode()).isEqualTo(200);
        assertThat(bob.acceptedConnections()).isZero();
    }

    @Test
    void bothContactsOfAUserGetTheRequestAndTheBestResponseIsTheResult() {
        WireClient.Udp desk = proxy.udp("desk");
        WireClient.Udp mobile = proxy.udp("mobile");
        proxy.register(desk, "bob", "");
        proxy.register(mobile, "bob", "");

        CompletableFuture<SipResponse> result = send(message("sip:bob@sip.test"));
        desk.reply(desk.awaitRequest("MESSAGE"), 486);
        WireMessage second = mobile.awaitRequest("MESSAGE");
        assertThat(result).isNotDone();
        mobile.reply(second, 200);

        assertThat(response(result).statusCode()).isEqualTo(200);
    }

    @Test
    void userWithoutABindingIs404() {
        SipResponse response = response(send(message("sip:nobody@sip.test")));

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
        until(() -> completed.get() == 1); // the REGISTER
        int before = stages.get();

        CompletableFuture<SipResponse> result = send(message("sip:bob@sip.test"));
        bob.reply(bob.awaitRequest("MESSAGE"), 200);
        response(result);

        assertThat(stages).hasValue(before);
        assertThat(completed).hasValue(1);
    }

    @Test
    void registrationAtThisProxyIsRefused() {
        OutgoingRequest register = OutgoingRequest.builder(Method.REGISTER, SipUri.of("sip:sip.test"))
                .build();

        assertThatThrownBy(() -> send(register))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sip:sip.test")
                .hasMessageContaining("locationStore()");
    }

    @Test
    void requestThatIsTooLongIsRefusedAtOnce() {
        OutgoingRequest large = OutgoingRequest.builder(Method.MESSAGE, SipUri.of("sip:bob@sip.test"))
                .body("text/plain", new byte[300_000])
                .build();

        assertThatThrownBy(() -> send(large))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("MESSAGE sip:bob@sip.test");
    }

    // ---- failures

    @Test
    void silentPeerIsATimeout() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result =
                send(options("sip:" + gateway.hostPort()).build());
        gateway.awaitRequest("OPTIONS");
        clock.advance(Duration.ofSeconds(33));

        RequestFailedException failure = failure(result);
        assertThat(failure.reason()).isEqualTo(Reason.TIMED_OUT);
        assertThat(failure)
                .hasMessageContaining("OPTIONS sip:" + gateway.hostPort())
                .hasMessageContaining("udp:" + gateway.hostPort());
    }

    @Test
    void timeLimitEndsTheRetransmissions() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result = send(options("sip:" + gateway.hostPort())
                .timeLimit(Duration.ofSeconds(2))
                .build());
        gateway.awaitRequest("OPTIONS");
        clock.advance(Duration.ofSeconds(2));

        assertThat(failure(result).reason()).isEqualTo(Reason.TIMED_OUT);
        until(() -> proxy.proxy().statistics().clientTransactions() == 0);
    }

    @Test
    void refusedConnectionOfATargetIsUnreachable() throws IOException {
        SipUri closed = SipUri.of("sip:127.0.0.1:" + closedPort() + ";transport=tcp");

        RequestFailedException failure = failure(
                send(options("sip:provider.invalid").target(Target.of(closed)).build()));

        assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
    }

    private static int closedPort() throws IOException {
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return closed.getLocalPort();
        }
    }

    @Test
    void registeredContactThatRefusesTheConnectionIsUnreachable() throws IOException {
        WireClient.Udp bob = proxy.udp("bob");
        proxy.registerContact(bob, "bob", "<sip:bob@127.0.0.1:" + closedPort() + ";transport=tcp>");

        assertThat(failure(send(message("sip:bob@sip.test"))).reason()).isEqualTo(Reason.UNREACHABLE);
    }

    @Test
    void refusedConnectionIsUnreachable() throws IOException {
        int port = closedPort();

        RequestFailedException failure =
                failure(send(options("sip:127.0.0.1:" + port + ";transport=tcp").build()));

        assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(failure).hasMessageContaining("tcp:127.0.0.1:" + port);
    }

    @Test
    void transportWithoutAListeningPointIsUnreachable() {
        RequestFailedException failure =
                failure(send(options("sip:127.0.0.1:5061;transport=tls").build()));

        assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(failure.getMessage()).startsWith("OPTIONS sip:127.0.0.1:5061;transport=tls: ");
    }

    @Test
    void cancelledFutureEndsTheRequest() {
        WireClient.Udp gateway = proxy.udp("gateway");
        CompletableFuture<SipResponse> result =
                send(options("sip:" + gateway.hostPort()).build());
        gateway.awaitRequest("OPTIONS");

        result.cancel(false);

        assertThat(proxy.proxy().statistics().hostRequests()).isZero();
        assertThat(proxy.proxy().statistics().clientTransactions()).isZero();
    }

    @Test
    void requestsBeyondTheLimitFailAndAreCounted() {
        WireClient.Udp gateway = proxy.udp("gateway");
        OutgoingRequest probe = options("sip:" + gateway.hostPort()).build();
        List<CompletableFuture<SipResponse>> pending = List.of(send(probe), send(probe), send(probe));

        assertThat(failure(send(probe)).reason()).isEqualTo(Reason.TOO_MANY_PENDING);
        assertThat(proxy.proxy().statistics().hostRequests()).isEqualTo(3);
        assertThat(proxy.proxy().statistics().hostRequestsRefused()).isEqualTo(1);

        pending.get(0).cancel(false);
        CompletableFuture<SipResponse> next = send(probe);
        assertThat(next).isNotDone();
        next.cancel(false);
        pending.forEach(one -> one.cancel(false));
    }

    // ---- threads

    @Test
    void callbackThatBlocksDoesNotStallTheProxy() throws InterruptedException {
        WireClient.Udp gateway = proxy.udp("gateway");
        CountDownLatch entered = new CountDownLatch(1);
        CountDownLatch release = new CountDownLatch(1);
        AtomicReference<String> thread = new AtomicReference<>("");
        CompletableFuture<SipResponse> result =
                send(options("sip:" + gateway.hostPort()).build());
        CompletableFuture<Void> callback = result.thenAccept(response -> {
            thread.set(Thread.currentThread().getName());
            entered.countDown();
            awaitQuietly(release);
        });
        gateway.reply(gateway.awaitRequest("OPTIONS"), 200);
        assertThat(entered.await(5, TimeUnit.SECONDS)).isTrue();

        CompletableFuture<SipResponse> other =
                send(options("sip:" + gateway.hostPort()).build());
        gateway.reply(gateway.awaitRequest("OPTIONS"), 200);
        gateway.pendingAfterRoundTrip();

        assertThat(response(other).statusCode()).isEqualTo(200);
        assertThat(thread.get()).contains("-requests-");
        release.countDown();
        callback.orTimeout(5, TimeUnit.SECONDS).join();
        assertThat(proxy.proxy().statistics().stalledReceivers()).isZero();
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            assertThat(latch.await(5, TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    // ---- life cycle

    @Test
    void clientIsNotAvailableBeforeTheStart() {
        try (SipProxy other = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .noAuthentication()
                .build()) {
            assertThatThrownBy(other::requests)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("NEW")
                    .hasMessageContaining("start()");
        }
    }

    @Test
    void closingFailsPendingAndLaterRequests() {
        try (ProxyUnderTest other = ProxyUnderTest.start(b -> b.drainTime(Duration.ZERO))) {
            WireClient.Udp gateway = other.udp("gateway");
            RequestClient client = other.proxy().requests();
            OutgoingRequest probe = options("sip:" + gateway.hostPort()).build();
            CompletableFuture<SipResponse> result = client.send(probe);
            gateway.awaitRequest("OPTIONS");

            other.proxy().close();

            assertThat(result).isCompletedExceptionally();
            assertThat(failure(result).reason()).isEqualTo(Reason.PROXY_CLOSED);
            assertThat(failure(client.send(probe)).reason()).isEqualTo(Reason.PROXY_CLOSED);
            assertThat(other.proxy().statistics().hostRequests()).isZero();
            assertThatThrownBy(other.proxy()::requests).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void closingWaitsForTheResponsesInTheDrainTime() {
        try (ProxyUnderTest other = ProxyUnderTest.start(b -> b.drainTime(Duration.ofSeconds(30)))) {
            WireClient.Udp gateway = other.udp("gateway");
            CompletableFuture<SipResponse> result = other.proxy()
                    .requests()
                    .send(options("sip:" + gateway.hostPort()).build());
            WireMessage received = gateway.awaitRequest("OPTIONS");
            CompletableFuture<Void> closing = CompletableFuture.runAsync(other.proxy()::close);
            until(() -> other.proxy().state() == SipProxy.State.CLOSING);

            gateway.reply(received, 200);

            assertThat(response(result).statusCode()).isEqualTo(200);
            closing.orTimeout(5, TimeUnit.SECONDS).join();
        }
    }

    @Test
    void drainingProxySendsRequestsOfTheHost() {
        try (ProxyUnderTest other = ProxyUnderTest.start()) {
            WireClient.Udp gateway = other.udp("gateway");
            other.proxy().drain();

            CompletableFuture<SipResponse> result = other.proxy()
                    .requests()
                    .send(options("sip:" + gateway.hostPort()).build());
            gateway.reply(gateway.awaitRequest("OPTIONS"), 200);

            assertThat(response(result).statusCode()).isEqualTo(200);
        }
    }

    @Test
    void componentSendsWhileTheProxyStarts() {
        CompletableFuture<CompletableFuture<SipResponse>> sent = new CompletableFuture<>();
        try (ProxyUnderTest home = ProxyUnderTest.start();
                ProxyUnderTest other = ProxyUnderTest.start(b -> b.component(new ProxyComponent() {
                    @Override
                    public void install(ComponentHooks hooks) {}

                    @Override
                    public void start(ProxyRuntime runtime) {
                        sent.complete(runtime.requests()
                                .send(options("sip:" + home.udpHostPort()).build()));
                    }
                }))) {
            assertThat(other.proxy().state()).isEqualTo(SipProxy.State.RUNNING);
            assertThat(response(sent.join()).statusCode()).isEqualTo(200);
        }
    }

    // ---- a store that blocks

    /** Store whose look-ups wait until the test lets them go on. */
    private static class SlowStore implements LocationStore {

        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch gate = new CountDownLatch(1);

        @Override
        public List<Binding> lookup(Aor aor) {
            entered.countDown();
            awaitQuietly(gate);
            return List.of();
        }

        @Override
        public List<Binding> update(Aor aor, BindingChange change) {
            return List.of();
        }

        @Override
        public void forEach(BiConsumer<Aor, List<Binding>> visitor) {}

        @Override
        public void close() {}

        @Override
        public void addListener(LocationListener listener) {}

        @Override
        public Blocking blocking() {
            return Blocking.ALWAYS;
        }
    }

    @Test
    void lookUpThatBlocksDoesNotBlockTheCaller() throws InterruptedException {
        SlowStore store = new SlowStore();
        try (ProxyUnderTest other = ProxyUnderTest.start(b -> b.locationStore(store))) {
            CompletableFuture<SipResponse> result = other.proxy().requests().send(message("sip:bob@sip.test"));
            assertThat(store.entered.await(5, TimeUnit.SECONDS)).isTrue();
            assertThat(result).isNotDone();
            store.gate.countDown();

            assertThat(response(result).statusCode()).isEqualTo(404);
        }
    }

    @Test
    void closingFailsARequestWhoseLookUpBlocks() throws InterruptedException {
        SlowStore store = new SlowStore();
        try (ProxyUnderTest other =
                ProxyUnderTest.start(b -> b.locationStore(store).drainTime(Duration.ZERO))) {
            CompletableFuture<SipResponse> result = other.proxy().requests().send(message("sip:bob@sip.test"));
            assertThat(store.entered.await(5, TimeUnit.SECONDS)).isTrue();

            other.proxy().close();
            store.gate.countDown();

            assertThat(failure(result).reason()).isEqualTo(Reason.PROXY_CLOSED);
        }
    }

    @Test
    void failureOfTheStoreIsAResponse() {
        LocationStore broken = new SlowStore() {
            @Override
            public List<Binding> lookup(Aor aor) {
                throw new IllegalStateException("store is broken");
            }
        };
        try (ProxyUnderTest other = ProxyUnderTest.start(b -> b.locationStore(broken))) {
            assertThat(response(other.proxy().requests().send(message("sip:bob@sip.test"))))
                    .extracting(SipResponse::statusCode, InstanceOfAssertFactories.INTEGER)
                    .isGreaterThanOrEqualTo(500);
        }
    }
}

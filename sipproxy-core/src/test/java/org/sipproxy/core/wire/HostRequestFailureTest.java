package org.sipproxy.core.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sipproxy.core.wire.HostRequestScene.failure;
import static org.sipproxy.core.wire.HostRequestScene.message;
import static org.sipproxy.core.wire.HostRequestScene.options;
import static org.sipproxy.core.wire.HostRequestScene.response;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
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
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.SipUri;

/** Requests of the host application that fail, wait, or outlive the proxy. */
class HostRequestFailureTest {

    private final HostRequestScene scene = new HostRequestScene();
    private final ProxyUnderTest proxy = scene.proxy;

    @AfterEach
    void nothingIsLeft() {
        scene.close();
    }

    // ---- failures

    @Test
    void silentPeerIsATimeout() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result =
                scene.send(options("sip:" + gateway.hostPort()).build());
        gateway.awaitRequest("OPTIONS");
        scene.clock.advance(Duration.ofSeconds(33));

        RequestFailedException failure = failure(result);
        assertThat(failure.reason()).isEqualTo(Reason.TIMED_OUT);
        assertThat(failure)
                .hasMessageContaining("OPTIONS sip:" + gateway.hostPort())
                .hasMessageContaining("udp:" + gateway.hostPort());
    }

    @Test
    void timeLimitEndsTheRetransmissions() {
        WireClient.Udp gateway = proxy.udp("gateway");

        CompletableFuture<SipResponse> result = scene.send(options("sip:" + gateway.hostPort())
                .timeLimit(Duration.ofSeconds(2))
                .build());
        gateway.awaitRequest("OPTIONS");
        scene.clock.advance(Duration.ofSeconds(2));

        assertThat(failure(result).reason()).isEqualTo(Reason.TIMED_OUT);
        CallScene.until(() -> proxy.proxy().statistics().clientTransactions() == 0);
    }

    @Test
    void refusedConnectionOfATargetIsUnreachable() throws IOException {
        SipUri closed = SipUri.of("sip:127.0.0.1:" + closedPort() + ";transport=tcp");

        RequestFailedException failure = failure(scene.send(
                options("sip:provider.invalid").target(Target.of(closed)).build()));

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

        assertThat(failure(scene.send(message("sip:bob@sip.test"))).reason()).isEqualTo(Reason.UNREACHABLE);
    }

    @Test
    void refusedConnectionIsUnreachable() throws IOException {
        int port = closedPort();

        RequestFailedException failure = failure(
                scene.send(options("sip:127.0.0.1:" + port + ";transport=tcp").build()));

        assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(failure).hasMessageContaining("tcp:127.0.0.1:" + port);
    }

    @Test
    void transportWithoutAListeningPointIsUnreachable() {
        RequestFailedException failure =
                failure(scene.send(options("sip:127.0.0.1:5061;transport=tls").build()));

        assertThat(failure.reason()).isEqualTo(Reason.UNREACHABLE);
        assertThat(failure.getMessage()).startsWith("OPTIONS sip:127.0.0.1:5061;transport=tls: ");
    }

    @Test
    void cancelledFutureEndsTheRequest() {
        WireClient.Udp gateway = proxy.udp("gateway");
        CompletableFuture<SipResponse> result =
                scene.send(options("sip:" + gateway.hostPort()).build());
        gateway.awaitRequest("OPTIONS");

        result.cancel(false);

        assertThat(proxy.proxy().statistics().hostRequests()).isZero();
        assertThat(proxy.proxy().statistics().clientTransactions()).isZero();
    }

    @Test
    void requestsBeyondTheLimitFailAndAreCounted() {
        WireClient.Udp gateway = proxy.udp("gateway");
        OutgoingRequest probe = options("sip:" + gateway.hostPort()).build();
        List<CompletableFuture<SipResponse>> pending = List.of(scene.send(probe), scene.send(probe), scene.send(probe));

        assertThat(failure(scene.send(probe)).reason()).isEqualTo(Reason.TOO_MANY_PENDING);
        assertThat(proxy.proxy().statistics().hostRequests()).isEqualTo(3);
        assertThat(proxy.proxy().statistics().hostRequestsRefused()).isEqualTo(1);

        pending.get(0).cancel(false);
        CompletableFuture<SipResponse> next = scene.send(probe);
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
                scene.send(options("sip:" + gateway.hostPort()).build());
        CompletableFuture<Void> callback = result.thenAccept(response -> {
            thread.set(Thread.currentThread().getName());
            entered.countDown();
            awaitQuietly(release);
        });
        gateway.respond(gateway.awaitRequest("OPTIONS"), 200);
        assertThat(entered.await(5, TimeUnit.SECONDS)).isTrue();

        CompletableFuture<SipResponse> other =
                scene.send(options("sip:" + gateway.hostPort()).build());
        gateway.respond(gateway.awaitRequest("OPTIONS"), 200);
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
            CallScene.until(() -> other.proxy().state() == SipProxy.State.CLOSING);

            gateway.respond(received, 200);

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
            gateway.respond(gateway.awaitRequest("OPTIONS"), 200);

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

    /** Store whose look-ups wait until the test lets them continue. */
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

package org.sipproxy.core.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.sipproxy.api.auth.Authentication;
import org.sipproxy.api.call.CallListener;
import org.sipproxy.api.call.CallRepository;
import org.sipproxy.api.call.StoredCall;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.event.DatabaseListener;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.RefusalListener;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.event.WireListener;
import org.sipproxy.api.explain.ExplainRequest;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.location.UserCase;
import org.sipproxy.api.routing.AsyncRequestStage;
import org.sipproxy.api.routing.BranchEdit;
import org.sipproxy.api.routing.DomainSource;
import org.sipproxy.api.routing.FailureStage;
import org.sipproxy.api.routing.RelayPlan;
import org.sipproxy.api.routing.RequestListener;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.ResponseStage;
import org.sipproxy.api.routing.StageContext;
import org.sipproxy.api.routing.TemporarilyUnavailableException;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.transport.ArrivalFilter;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.NonSipHandler;
import org.sipproxy.api.transport.StrayResponseHandler;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.HostInterfaces;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.core.options.StrangerPolicy;

/**
 * Makes each method that the proxy calls on an object of the host application throw an Error, over real sockets. The
 * proxy continues to serve. The methods are found by reflection, so that a new method of the API is tried too; the test
 * fails if nothing calls it.
 */
class HostFailureTest {

    /**
     * Methods called while the proxy is built or started, where their exceptions propagate to the host application;
     * methods called only by the host application; and methods called by another storage mode, within {@code write}.
     */
    private static final Set<String> NOT_WHILE_SERVING = Set.of(
            "ArrivalFilter.name",
            "RequestStage.name",
            "RequestStage.mayBlock",
            "RequestStage.isRepeatable",
            "RequestStage.isRehearsable",
            "RequestStage.rehearsable",
            "RequestStage.methods",
            "RequestStage.timeLimit",
            "RequestStage.concurrencyLimit",
            "RequestStage.named",
            "RequestStage.within",
            "RequestStage.atMost",
            "RequestStage.withoutBlocking",
            "AsyncRequestStage.handle",
            "AsyncRequestStage.mayBlock",
            "FailureStage.name",
            "FailureStage.named",
            "ResponseStage.name",
            "Authentication.fixedRealms",
            "Authentication.components",
            "Authentication.problems",
            "Authentication.start",
            "ProxyComponent.identity",
            "ProxyComponent.phase",
            "ProxyComponent.name",
            "ProxyComponent.install",
            "ProxyComponent.problems",
            "ProxyComponent.start",
            "LocationListener.wants",
            "ProxyListener.keepsRecord",
            "LocationStore.blocking",
            "LocationStore.addListener",
            "LocationStore.forEach",
            "LocationStore.close",
            "CallRepository.findAll",
            "BindingRepository.forEach",
            "BindingRepository.find",
            "BindingRepository.timeout",
            "BindingRepository.update",
            "BindingRepository.check",
            "BindingRepository.deleteExpired"); // called by the flush, once a minute

    // ---- a working object of each interface

    /** Authenticates every request and knows no user. */
    private static final class Lenient implements Authentication {

        @Override
        public Verdict handle(StageContext context) {
            context.authenticated("anybody", "sip.test", -1);
            return Verdict.proceed();
        }
    }

    private static final class NoCalls implements CallRepository {

        @Override
        public List<StoredCall> findAll() {
            return List.of();
        }

        @Override
        public void write(Collection<StoredCall> changed, Collection<StoredCall.Key> ended) {}
    }

    private static final class Empty implements BindingRepository {

        @Override
        public List<Binding> find(Aor aor, java.time.Instant now) {
            return List.of();
        }

        @Override
        public void forEach(java.time.Instant now, BiConsumer<Aor, Binding> visitor) {}

        @Override
        public void write(List<BindingWrite> writes) {}

        @Override
        public List<Binding> update(Aor aor, BindingChange change, java.time.Instant now) {
            return change.apply(List.of());
        }

        @Override
        public void deleteExpired(
                java.time.Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {}
    }

    /** Keeps one list of bindings for each AOR. */
    private static final class OnlyMemory implements LocationStore {

        private final Map<Aor, List<Binding>> all = new java.util.concurrent.ConcurrentHashMap<>();

        @Override
        public List<Binding> lookup(Aor aor) {
            return all.getOrDefault(aor, List.of());
        }

        @Override
        public List<Binding> update(Aor aor, BindingChange change) {
            return all.compute(aor, (a, old) -> change.apply(old == null ? List.of() : old));
        }

        @Override
        public void forEach(BiConsumer<Aor, List<Binding>> visitor) {
            all.forEach(visitor);
        }

        @Override
        public void addListener(LocationListener listener) {}

        @Override
        public Blocking blocking() {
            return Blocking.NEVER;
        }

        @Override
        public void close() {}
    }

    private static <T> T failing(Class<T> type, T good, String method, AtomicReference<Error> error) {
        InvocationHandler handler = (proxy, called, arguments) -> {
            Error thrown = error.get();
            if (thrown != null && called.getName().equals(method)) {
                throw thrown;
            }
            try {
                return called.invoke(good, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        };
        return type.cast(Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, handler));
    }

    private static ProxyComponent component(java.util.function.Consumer<ComponentHooks> hooks) {
        return hooks::accept;
    }

    /** Adds an object of the interface, one of whose methods fails, to a proxy. */
    private static final Map<Class<?>, Function<Failing, SipProxyBuilder>> PLACES = Map.ofEntries(
            Map.entry(
                    ArrivalFilter.class,
                    f -> f.with(hooks -> hooks.onArrival(f.of(ArrivalFilter.class, (flow, length) -> true)))),
            Map.entry(
                    NonSipHandler.class,
                    f -> f.with(hooks -> hooks.onNonSip(f.of(NonSipHandler.class, (flow, bytes) -> {})))),
            Map.entry(
                    StrayResponseHandler.class,
                    f -> f.with(hooks ->
                            hooks.onStrayResponse(f.of(StrayResponseHandler.class, (response, flow) -> false)))),
            Map.entry(
                    RequestStage.class,
                    f -> f.with(hooks -> hooks.atEntrance(f.of(RequestStage.class, context -> Verdict.proceed())))),
            Map.entry(
                    AsyncRequestStage.class,
                    f -> f.with(hooks -> hooks.atEntrance(f.of(
                            AsyncRequestStage.class,
                            context -> CompletableFuture.completedFuture(Verdict.proceed()))))),
            Map.entry(
                    BranchEdit.class,
                    f -> f.with(hooks -> hooks.beforeRouting(RequestStage.on(
                            Set.of(org.sipproxy.message.Method.MESSAGE),
                            context -> Verdict.relay(RelayPlan.toCallee()
                                    .edit(f.of(BranchEdit.class, (request, target) -> request))))))),
            Map.entry(
                    CallListener.class,
                    f -> f.with(hooks -> hooks.onCall(f.of(CallListener.class, event -> {})))
                            .calls(CallSettings.DEFAULT)),
            Map.entry(
                    CallRepository.class,
                    f -> f.builder
                            .secret(new byte[32])
                            .calls(CallSettings.DEFAULT)
                            .callRepository(f.of(CallRepository.class, new NoCalls()))),
            Map.entry(
                    FailureStage.class,
                    f -> f.with(hooks -> hooks.beforeRouting(RequestStage.on(
                            Set.of(org.sipproxy.message.Method.OPTIONS),
                            context -> Verdict.relay(RelayPlan.toCallee()
                                    .onAnyFailure()
                                    .decide(f.of(FailureStage.class, failed -> Verdict.proceed()))))))),
            Map.entry(
                    ResponseStage.class,
                    f -> f.with(hooks -> hooks.onResponse(f.of(ResponseStage.class, context -> {})))),
            Map.entry(DomainSource.class, f -> f.with(hooks -> hooks.serveDomains(f.of(DomainSource.class, Set::of)))),
            Map.entry(
                    LocationListener.class,
                    f -> f.with(hooks -> hooks.onLocationChange(f.of(LocationListener.class, event -> {})))),
            Map.entry(
                    RequestListener.class,
                    f -> f.with(hooks -> hooks.onRequestCompleted(f.of(RequestListener.class, request -> {})))),
            Map.entry(
                    DatabaseListener.class,
                    f -> f.with(hooks -> hooks.onDatabaseCall(f.of(DatabaseListener.class, call -> {})))),
            Map.entry(
                    RefusalListener.class,
                    f -> f.with(hooks -> hooks.onRefusal(f.of(RefusalListener.class, refusal -> {})))),
            Map.entry(ProxyListener.class, f -> f.with(hooks -> hooks.onEvent(f.of(ProxyListener.class, event -> {})))),
            Map.entry(WireListener.class, f -> f.builder.wireListener(f.of(WireListener.class, message -> {}))),
            Map.entry(ProxyComponent.class, f -> f.builder.component(f.of(ProxyComponent.class, hooks -> {}))),
            Map.entry(Authentication.class, f -> f.builder),
            Map.entry(LocationStore.class, f -> f.builder.locationStore(f.of(LocationStore.class, new OnlyMemory()))),
            Map.entry(
                    BindingRepository.class,
                    f -> f.builder.locationStore(
                            StoreMode.writeBack(f.of(BindingRepository.class, new Empty()), Duration.ofMillis(200)))));

    /** One method that fails while {@link #error} is set. */
    private static final class Failing {

        final String method;
        final AtomicReference<Error> error = new AtomicReference<>();
        final AtomicReference<ProxyRuntime> runtime = new AtomicReference<>();
        final SipProxyBuilder builder;

        Failing(Class<?> type, String method) {
            this.method = method;
            this.builder = SipProxy.builder()
                    .listen(Endpoint.udp("127.0.0.1", 0))
                    .listen(Endpoint.tcp("127.0.0.1", 0))
                    .domain("sip.test")
                    .strangers(StrangerPolicy.ANY)
                    .drainTime(Duration.ofMillis(100))
                    .udpReceivers(1)
                    .authentication(
                            type == Authentication.class ? of(Authentication.class, new Lenient()) : new Lenient())
                    .component(new ProxyComponent() {
                        @Override
                        public void install(ComponentHooks hooks) {}

                        @Override
                        public void start(ProxyRuntime proxy) {
                            runtime.set(proxy);
                        }
                    });
        }

        <T> T of(Class<T> type, T good) {
            return failing(type, good, method, error);
        }

        SipProxyBuilder with(java.util.function.Consumer<ComponentHooks> hooks) {
            return builder.component(component(hooks));
        }
    }

    private static Stream<Method> called(Class<?> type) {
        return Arrays.stream(type.getDeclaredMethods())
                .filter(method -> !method.isSynthetic() && !Modifier.isStatic(method.getModifiers()))
                .filter(method -> !NOT_WHILE_SERVING.contains(type.getSimpleName() + "." + method.getName()))
                .sorted(Comparator.comparing(Method::getName));
    }

    @Test
    void thereIsAPlaceForEveryInterfaceThatTheCoreCalls() {
        assertThat(PLACES.keySet()).isEqualTo(HostInterfaces.CALLED);
    }

    @TestFactory
    List<DynamicTest> proxyOutlivesAnErrorOfEveryMethodOfTheHost() {
        List<DynamicTest> tests = new ArrayList<>();
        PLACES.keySet().stream()
                .sorted(Comparator.comparing(Class::getSimpleName))
                .forEach(type -> called(type).map(Method::getName).distinct().forEach(method -> {
                    Error error = List.of(
                                    new LinkageError("of the test"),
                                    new AssertionError("of the test"),
                                    new StackOverflowError("of the test"))
                            .get(tests.size() % 3);
                    tests.add(DynamicTest.dynamicTest(
                            type.getSimpleName() + "." + method, () -> outlives(type, method, error)));
                }));
        return tests;
    }

    private static void outlives(Class<?> type, String method, Error error) throws Exception {
        Failing failing = new Failing(type, method);
        try (ProxyUnderTest proxy = ProxyUnderTest.of(PLACES.get(type).apply(failing))) {
            WireClient.Udp desk = proxy.registered("bob");
            WireClient.Udp mobile = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            proxy.register(alice, "carol", ""); // otherwise a MESSAGE may be routed before the REGISTER sent with it
            long before = proxy.proxy().statistics().hostFailures();
            failing.error.set(error);

            if (method.equals("close") || method.equals("stopping")) {
                proxy.proxy().close();
                assertThat(proxy.proxy().statistics().hostFailures()).isGreaterThan(before);
                assertThat(proxy.proxy().state()).isEqualTo(SipProxy.State.CLOSED);
                return;
            }
            touchEverything(proxy, failing, alice);
            if (type == ResponseStage.class) {
                alice.send(alice.request("MESSAGE", "sip:bob@sip.test"));
                desk.respond(desk.awaitRequest("MESSAGE"), 200);
            }
            if (type == CallListener.class) {
                alice.send(alice.request("INVITE", "sip:carol@sip.test"));
            }
            if (type == CallRepository.class) {
                alice.send(alice.request("INVITE", "sip:carol@sip.test"));
                alice.respond(alice.awaitRequest("INVITE"), 200);
            }
            Awaitility.await(type.getSimpleName() + "." + method + " is called")
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> proxy.proxy().statistics().hostFailures() > before);
            failing.error.set(null);

            serves(proxy, failing, alice, desk, mobile);
        }
    }

    /** Makes the proxy call every method. The responses are not checked here. */
    private static void touchEverything(ProxyUnderTest proxy, Failing failing, WireClient.Udp alice) {
        alice.sendBytes("\r\n\r\n".getBytes(US_ASCII));
        alice.send(alice.request("REGISTER", "sip:sip.test")
                .to("<sip:carol@sip.test>")
                .contact("<" + alice.contact() + ">"));
        alice.send(alice.request("MESSAGE", "sip:carol@sip.test"));
        alice.send("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP " + proxy.udpHostPort()
                + ";branch=z9hG4bKping\r\nFrom: <sip:ping@sip.test>;tag=1\r\nTo: <sip:alice@sip.test>;tag=2\r\n"
                + "Call-ID: ping\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
        alice.send(alice.request("OPTIONS", "sip:nobody@sip.test"));
        alice.send(alice.request("OPTIONS", "sip:nobody@127.0.0.2:9"));
        proxy.tcp("connects");
        assertThat(proxy.proxy().health()).isNotNull();
        proxy.proxy()
                .explain(ExplainRequest.of(
                                alice.request("INVITE", "sip:carol@sip.test").text())
                        .sentBy(TransportKind.UDP, new InetSocketAddress("127.0.0.1", alice.port())));
        Flow flow = failing.runtime
                .get()
                .flow(org.sipproxy.message.SipUri.of("sip:" + alice.hostPort()), null, Instant.now())
                .orElseThrow();
        failing.runtime.get().publish(new SecurityEvent.LimitHit(SecurityEvent.Origin.of(flow), "test"));
        failing.runtime.get().publish(new DatabaseCall("test", Duration.ZERO, true));
    }

    private static void serves(
            ProxyUnderTest proxy, Failing failing, WireClient.Udp alice, WireClient.Udp desk, WireClient.Udp mobile)
            throws Exception {
        CountDownLatch timer = new CountDownLatch(1);
        failing.runtime.get().schedule(Duration.ofMillis(10), timer::countDown);
        assertThat(timer.await(20, TimeUnit.SECONDS))
                .as("the timer thread runs")
                .isTrue();
        WireClient.Tcp tcp = proxy.tcp("tcp");
        assertThat(tcp.awaitFinal(tcp.send(tcp.request("OPTIONS", "sip:sip.test")))
                        .status())
                .isEqualTo(200);
        proxy.register(desk, "bob", "");
        Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
        WireMessage first = desk.awaitRequest("INVITE");
        mobile.respond(mobile.awaitRequest("INVITE"), 180);
        alice.awaitResponse(invite, 180);
        desk.respond(first, 200);
        alice.awaitResponse(invite, 200);
        mobile.awaitRequest("CANCEL");
    }

    // ---- outcomes

    @Test
    void secondPhoneOfAForkIsCancelledWhenTheListenerOfTheAcceptedInviteFails() {
        try (ProxyUnderTest proxy = ProxyUnderTest.start(b -> b.requestListener(request -> {
            throw new LinkageError("of the test");
        }))) {
            WireClient.Udp desk = proxy.registered("bob");
            WireClient.Udp mobile = proxy.registered("bob");
            WireClient.Udp alice = proxy.udp("alice");
            Request invite = alice.send(alice.request("INVITE", "sip:bob@sip.test"));
            WireMessage first = desk.awaitRequest("INVITE");
            mobile.respond(mobile.awaitRequest("INVITE"), 180);
            desk.respond(first, 200);

            alice.awaitResponse(invite, 200);
            mobile.awaitRequest("CANCEL");
        }
    }

    /** Returns the response to a request for an unregistered user whose look-up throws {@code thrown}. */
    private static WireMessage answerIfLookUpThrows(Throwable thrown) {
        Authentication users = new Authentication() {
            @Override
            public Verdict handle(StageContext context) {
                return Verdict.proceed();
            }

            @Override
            public boolean isKnownUser(String user, String domain, UserCase userCase) {
                if (thrown instanceof Error error) {
                    throw error;
                }
                throw (RuntimeException) thrown;
            }
        };
        SipProxyBuilder builder = SipProxy.builder()
                .listen(Endpoint.udp("127.0.0.1", 0))
                .domain("sip.test")
                .authentication(users)
                .strangers(StrangerPolicy.ANY)
                .revealUsers(true);
        try (ProxyUnderTest proxy = ProxyUnderTest.of(builder)) {
            WireClient.Udp bob = proxy.udp("bob");
            return bob.awaitFinal(
                    bob.send(bob.request("MESSAGE", "sip:1001@sip.test").from("<sip:bob@other.example>;tag=1")));
        }
    }

    @Test
    void userWhoCannotBeLookedUpNowIs503WithRetryAfter() {
        WireMessage answer = answerIfLookUpThrows(new TemporarilyUnavailableException("database is down", 9, null));

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.header("Retry-After")).isEqualTo("9");
    }

    @Test
    void userWhoseLookUpFailsIs500() {
        assertThat(answerIfLookUpThrows(new IllegalStateException("of the test"))
                        .status())
                .isEqualTo(500);
        assertThat(answerIfLookUpThrows(new LinkageError("of the test")).status())
                .isEqualTo(500);
    }

    @Test
    void storeStatusShowsARepositoryThatFailsAndTheFlushContinues() {
        AtomicReference<Error> error = new AtomicReference<>(new LinkageError("driver of the test"));
        BindingRepository repository = failing(BindingRepository.class, new Empty(), "write", error);
        try (ProxyUnderTest proxy =
                ProxyUnderTest.start(b -> b.locationStore(StoreMode.writeBack(repository, Duration.ofMillis(200))))) {
            proxy.registered("bob");
            Awaitility.await()
                    .until(() -> proxy.proxy().storeStatus().lastError().isPresent());
            assertThat(proxy.proxy().storeStatus().lastError().orElse("")).contains("driver of the test");

            error.set(null);

            Awaitility.await()
                    .atMost(Duration.ofSeconds(20))
                    .until(() -> proxy.proxy().storeStatus().lastWrite().isPresent());
        }
    }
}

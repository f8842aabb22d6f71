package org.sipproxy.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.search.MeterNotFoundException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.gateway.GatewayFigures;
import org.sipproxy.api.gateway.GatewayMonitor;
import org.sipproxy.api.gateway.TrunkFigures;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.RequestStage;
import org.sipproxy.api.routing.Verdict;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.SipProxy;
import org.sipproxy.core.SipProxyBuilder;
import org.sipproxy.core.options.CallSettings;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipUri;
import org.sipproxy.testkit.IncomingCall;
import org.sipproxy.testkit.OutgoingCall;
import org.sipproxy.testkit.Phone;

@Timeout(60)
class SipProxyMetricsTest {

    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final SipProxyMetrics metrics = SipProxyMetrics.of(registry, "proxy", "edge");
    private final Database database = new Database();
    private SipProxy proxy;
    private Phone alice;
    private Phone bob;

    private void start(UnaryOperator<SipProxyBuilder> options) {
        proxy = options.apply(SipProxy.builder()
                        .listen(Endpoint.udp("127.0.0.1", 0))
                        .domain("sip.test")
                        .noAuthentication()
                        .drainTime(Duration.ZERO)
                        .component(metrics))
                .build();
        proxy.start();
        alice = phone("alice");
        bob = phone("bob");
    }

    private Phone phone(String user) {
        return Phone.builder(user)
                .domain("sip.test")
                .proxy(new InetSocketAddress(
                        "127.0.0.1", proxy.boundEndpoints().get(0).port()))
                .open();
    }

    @AfterEach
    void close() {
        if (alice != null) {
            alice.close();
            bob.close();
        }
        if (proxy != null) {
            proxy.close();
        }
    }

    /** Component that reports operations on a database. */
    private static final class Database implements ProxyComponent {

        private ProxyRuntime runtime;

        @Override
        public void install(ComponentHooks hooks) {}

        @Override
        public void start(ProxyRuntime proxy) {
            runtime = proxy;
        }

        void publish(DatabaseCall call) {
            runtime.publish(call);
        }
    }

    private double gauge(String name, String... tags) {
        return registry.get(name).tags(tags).tags("proxy", "edge").gauge().value();
    }

    private double counted(String name, String... tags) {
        return registry.get(name).tags(tags).functionCounter().count();
    }

    private Timer requests(String method, String status, boolean relayed) {
        return registry.get("sip.proxy.requests")
                .tags("method", method, "status", status, "relayed", Boolean.toString(relayed), "transport", "udp")
                .timer();
    }

    /** Requests are counted after the response is sent: a caller that has it may be earlier than the meter. */
    private void awaitRequests(long count, String method, String status, boolean relayed) {
        await().ignoreExceptionsInstanceOf(MeterNotFoundException.class)
                .until(() -> requests(method, status, relayed).count() == count);
    }

    private void call() {
        OutgoingCall call = alice.call("bob");
        IncomingCall incoming = bob.awaitCall();
        incoming.ring();
        incoming.answer();
        call.awaitAnswer();
        assertThat(gauge("sip.proxy.calls", "state", "answered")).isEqualTo(1);
        call.hangUp();
    }

    @Test
    void trafficIsTimedCountedAndShown() {
        start(builder -> builder.calls(CallSettings.DEFAULT));
        alice.register();
        bob.register();
        assertThat(gauge("sip.proxy.bindings")).isEqualTo(2);
        call();

        awaitRequests(2, "REGISTER", "2xx", false);
        awaitRequests(1, "INVITE", "2xx", true);
        assertThat(requests("INVITE", "2xx", true).totalTime(TimeUnit.SECONDS)).isBetween(0.0, 30.0);
        awaitRequests(1, "BYE", "2xx", true);
        await().until(() -> registry.find("sip.proxy.calls.ended")
                        .tags("reason", "bye", "side", "caller")
                        .counter()
                != null);
        assertThat(registry.get("sip.proxy.calls.setup").timer().count()).isEqualTo(1);
        assertThat(registry.get("sip.proxy.calls.duration").timer().count()).isEqualTo(1);
        assertThat(gauge("sip.proxy.calls", "state", "answered")).isZero();
        assertThat(counted("sip.proxy.messages", "kind", "request")).isGreaterThanOrEqualTo(5);
        assertThat(gauge("sip.proxy.ready")).isEqualTo(1);
        assertThat(gauge("sip.proxy.store.up")).isEqualTo(1);

        bob.unregister();
        assertThat(gauge("sip.proxy.bindings")).isEqualTo(1);
        assertThat(registry.get("sip.proxy.bindings.removed").counters())
                .singleElement()
                .satisfies(counter -> assertThat(counter.count()).isEqualTo(1));
    }

    @Test
    void textFromTheNetworkMakesNoMeter() {
        start(builder -> builder);
        alice.options("sip:sip.test");
        awaitRequests(1, "OPTIONS", "2xx", false);
        int before = registry.getMeters().size();
        for (int i = 0; i < 50; i++) {
            alice.send("ATTACK" + i, "sip:nobody" + i + "@sip.test");
        }
        awaitRequests(50, "OTHER", "4xx", false);
        assertThat(registry.getMeters()).hasSizeLessThanOrEqualTo(before + 2);
    }

    @Test
    void nothingIsLeftInTheRegistryAfterTheProxy() {
        start(builder -> builder.calls(CallSettings.DEFAULT));
        alice.register();
        bob.register();
        call();
        assertThat(registry.getMeters()).isNotEmpty();

        proxy.close();

        assertThat(registry.getMeters()).isEmpty();
    }

    @Test
    void bindingsReadAtStartCount() {
        HeapBindingRepository rows = new HeapBindingRepository();
        rows.update(
                new Aor("carol", "sip.test"),
                current -> List.of(Binding.builder("1", SipUri.of("sip:carol@192.0.2.1"))
                        .granted(System.currentTimeMillis(), Duration.ofHours(1))
                        .build()),
                Instant.now());
        start(builder -> builder.locationStore(StoreMode.writeThrough(rows)));

        assertThat(gauge("sip.proxy.bindings")).isEqualTo(1);
    }

    @Test
    void databaseOperationsOfComponentsAreTimed() {
        start(builder -> builder.component(database));

        database.publish(new DatabaseCall("bindings.write", Duration.ofMillis(3), true));
        database.publish(new DatabaseCall("bindings.write", Duration.ofMillis(5), true));
        database.publish(new DatabaseCall("bindings.write", Duration.ofSeconds(2), false));

        assertThat(database("success").count()).isEqualTo(2);
        assertThat(database("success").totalTime(TimeUnit.MILLISECONDS)).isEqualTo(8);
        assertThat(database("error").count()).isEqualTo(1);
    }

    private Timer database(String outcome) {
        return registry.get("sip.proxy.database")
                .tags("operation", "bindings.write", "outcome", outcome)
                .timer();
    }

    @Test
    void refusalsAreCountedByReason() {
        start(builder -> builder);
        alice.send("MESSAGE", "sip:nobody@sip.test");
        alice.send("MESSAGE", "sip:noone@sip.test");

        await().ignoreExceptionsInstanceOf(MeterNotFoundException.class)
                .untilAsserted(() -> assertThat(registry.get("sip.proxy.refusals")
                                .tags("status", "404", "transport", "udp")
                                .counters())
                        .singleElement()
                        .satisfies(counter -> {
                            assertThat(counter.count()).isEqualTo(2);
                            assertThat(counter.getId().getTag("reason")).isNotEmpty();
                        }));
    }

    /** A stage of the host application may refuse with any text. */
    @Test
    void reasonsOfTheHostApplicationMakeABoundedNumberOfMeters() {
        AtomicInteger number = new AtomicInteger();
        start(builder -> builder.beforeRouting(RequestStage.on(
                Set.of(Method.MESSAGE),
                context -> Verdict.respond(403, "reason " + letters(number.getAndIncrement())))));
        int requests = BoundedCounters.MOST + 50;
        for (int i = 0; i < requests; i++) {
            alice.send("MESSAGE", "sip:bob@sip.test");
        }

        await().ignoreExceptionsInstanceOf(MeterNotFoundException.class)
                .untilAsserted(() -> assertThat(registry.get("sip.proxy.refusals").counters().stream()
                                .mapToDouble(Counter::count)
                                .sum())
                        .isEqualTo(requests));
        assertThat(registry.get("sip.proxy.refusals").counters()).hasSize(BoundedCounters.MOST + 1);
        assertThat(registry.get("sip.proxy.refusals")
                        .tags("reason", "other")
                        .counter()
                        .count())
                .isEqualTo(50);
    }

    /** Returns a word that stands for the number, because digits are not part of a reason. */
    private static String letters(int number) {
        return number == 0 ? "a" : letters(number / 10) + (char) ('a' + number % 10);
    }

    /** Each component of the record has another value, and each value is the sum of its meters. */
    @Test
    void everyStatisticOfTheProxyHasAMeter() throws ReflectiveOperationException {
        RecordComponent[] components = ProxyStatistics.class.getRecordComponents();
        Object[] values = new Object[components.length];
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < components.length; i++) {
            values[i] = 1L << i;
            types[i] = components[i].getType();
        }
        ProxyStatistics distinct =
                ProxyStatistics.class.getDeclaredConstructor(types).newInstance(values);

        double sum = 0;
        for (StateMeters.Meter<ProxyStatistics> meter : StateMeters.OF_PROXY) {
            sum += meter.value().applyAsDouble(distinct);
        }
        // errors are shown without those of memory, which have a meter of their own
        assertThat((long) sum).isEqualTo((1L << components.length) - 1 - distinct.outOfMemoryErrors());
    }

    /** A component with a gateway and a trunk. */
    private static final class Gateways implements ProxyComponent, GatewayMonitor {

        @Override
        public void install(ComponentHooks hooks) {
            // it only has figures
        }

        @Override
        public List<GatewayFigures> gatewayFigures() {
            return List.of(new GatewayFigures("pstn", "one", "active", true, 2, 3, 4));
        }

        @Override
        public List<TrunkFigures> trunkFigures() {
            return List.of(new TrunkFigures("carrier", true, true, 5));
        }
    }

    /** Name, tags and unit of each meter are in docs/metrics.md, and no other. */
    @Test
    void thePageListsTheMeters() throws IOException {
        start(builder ->
                builder.calls(CallSettings.DEFAULT).component(new Gateways()).component(database));
        database.publish(new DatabaseCall("bindings.read", Duration.ofMillis(1), true));
        alice.register();
        bob.register();
        call();
        bob.unregister();
        alice.send("MESSAGE", "sip:nobody@sip.test");
        await().until(() -> registry.find("sip.proxy.calls.ended").counter() != null);
        await().until(() -> registry.find("sip.proxy.refusals").counter() != null);
        Set<String> present = new TreeSet<>();
        for (Meter meter : registry.getMeters()) {
            present.add(meter.getId().getName());
        }
        present.add("sip.proxy.security.events"); // without authentication there are none

        Set<String> listed = new TreeSet<>();
        Matcher row = Pattern.compile("(?m)^\\| `(sip\\.proxy\\.[a-z.]+)`")
                .matcher(Files.readString(Path.of("../docs/metrics.md")));
        while (row.find()) {
            listed.add(row.group(1));
        }
        assertThat(listed).isEqualTo(present);
    }
}

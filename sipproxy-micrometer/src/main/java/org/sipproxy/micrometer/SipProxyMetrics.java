package org.sipproxy.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.call.Call;
import org.sipproxy.api.call.CallEnd;
import org.sipproxy.api.call.CallEvent;
import org.sipproxy.api.call.CallStatistics;
import org.sipproxy.api.call.Calls;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.event.DatabaseCall;
import org.sipproxy.api.event.ProxyListener;
import org.sipproxy.api.event.Refusal;
import org.sipproxy.api.event.SecurityEvent;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.status.ProxyStatistics;
import org.sipproxy.api.status.StoreStatus;

/**
 * Metrics of a proxy in a Micrometer registry.
 *
 * <pre>{@code
 * SipProxy.builder().component(SipProxyMetrics.of(registry))…
 * }</pre>
 *
 * <p>Requests are timed by method, class of the status and transport; refusals are counted by reason; call set-up and
 * database operations are timed. Gauges show calls, bindings, transactions, queues and connections.
 * {@code docs/metrics.md} lists all meters; their number is bounded, and no text from a message is a tag. Two proxies
 * with one registry need different {@linkplain #of(MeterRegistry, String...) tags}. Calls have meters if the proxy
 * tracks them ({@code SipProxyBuilder.calls}). The meters are removed from the registry when the proxy closes.
 *
 * <p>A component of the proxy that implements Micrometer's {@code MeterBinder} is bound to the registry when the proxy
 * starts. It removes its meters itself.
 */
public final class SipProxyMetrics implements ProxyComponent {

    private final Meters meters;
    private final RequestTimers requests;
    private final BoundedCounters securityEvents;
    private final BoundedCounters refusals;
    private final ConcurrentHashMap<String, Counter> endedCalls = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<RemovalReason, Counter> removals = new ConcurrentHashMap<>();
    private final AtomicLong bindings = new AtomicLong();
    /** Null before the start. */
    private @Nullable GatewayMeters gateways;

    private SipProxyMetrics(Meters meters) {
        this.meters = meters;
        this.requests = new RequestTimers(meters);
        this.securityEvents = new BoundedCounters(meters, "sip.proxy.security.events", "Security events", "event");
        this.refusals = new BoundedCounters(
                meters, "sip.proxy.refusals", "What the proxy refused or dropped", "status", "transport");
    }

    /**
     * Returns the metrics of one proxy.
     *
     * @param tags names and values of tags that all meters have, such as {@code "proxy", "edge"}
     * @throws IllegalArgumentException if the number of tags is odd
     */
    public static SipProxyMetrics of(MeterRegistry registry, String... tags) {
        Objects.requireNonNull(registry, "registry");
        return new SipProxyMetrics(new Meters(registry, Tags.of(tags)));
    }

    @Override
    public String name() {
        return "metrics";
    }

    @Override
    public void install(ComponentHooks hooks) {
        hooks.onRequestCompleted(requests::completed);
        hooks.onRefusal(this::refused);
        hooks.onDatabaseCall(this::called);
        hooks.onEvent(new ProxyListener() {
            @Override
            public void onEvent(SecurityEvent event) {
                count(event);
            }

            @Override
            public boolean keepsRecord() {
                return false;
            }
        });
        hooks.onCall(this::onCall);
        hooks.onLocationChange(new LocationListener() {
            @Override
            public void onChange(LocationEvent event) {
                changed(event);
            }

            @Override
            public boolean wants(LocationEvent.Kind kind) {
                return kind != LocationEvent.Kind.REFRESHED; // counted as REGISTER
            }
        });
    }

    /** Adds the meters that read the proxy's counters, and those of other components. */
    @Override
    public void start(ProxyRuntime runtime) {
        for (StateMeters.Meter<ProxyStatistics> meter : StateMeters.OF_PROXY) {
            add(meter, runtime, now -> meter.value().applyAsDouble(now.statistics()));
        }
        Calls calls = runtime.calls().orElse(null);
        if (calls != null) {
            for (StateMeters.Meter<CallStatistics> meter : StateMeters.OF_CALLS) {
                add(meter, calls, now -> meter.value().applyAsDouble(now.statistics()));
            }
        }
        LocationStore store = runtime.locationStore();
        if (store.blocking() != LocationStore.Blocking.ALWAYS) { // otherwise only the database knows
            store.forEach((aor, found) -> bindings.addAndGet(found.size()));
            meters.gauge("sip.proxy.bindings", "bindings", "Registered contacts", bindings, AtomicLong::get);
        }
        gateways = new GatewayMeters(meters, runtime);
        runtime.components().stream()
                .filter(MeterBinder.class::isInstance)
                .map(MeterBinder.class::cast)
                .forEach(meters::bind);
        meters.gauge(
                "sip.proxy.ready",
                "",
                "1 if the proxy serves new calls, otherwise 0",
                runtime,
                now -> now.health().isReady() ? 1 : 0);
        meters.gauge(
                "sip.proxy.store.up",
                "",
                "1 if the database of the location store responds, otherwise 0",
                runtime,
                now -> now.storeStatus().databaseAnswers() ? 1 : 0);
        meters.gauge(
                "sip.proxy.store.waiting",
                "users",
                "Users whose changes wait to be written",
                runtime,
                now -> now.storeStatus().waiting());
        meters.gauge(
                "sip.proxy.store.waiting.age",
                "seconds",
                "How long the oldest of these changes has waited",
                runtime,
                now -> seconds(now.storeStatus()));
    }

    private static double seconds(StoreStatus status) {
        return status.oldestWaiting().toMillis() / 1000.0;
    }

    private <T, S> void add(StateMeters.Meter<T> meter, S of, ToDoubleFunction<S> value) {
        if (meter.isCounter()) {
            meters.functionCounter(meter.name(), meter.unit(), meter.description(), of, value, meter.tag());
        } else {
            meters.gauge(meter.name(), meter.unit(), meter.description(), of, value, meter.tag());
        }
    }

    /** Removes the meters. */
    @Override
    public void close() {
        GatewayMeters ofGateways = gateways;
        if (ofGateways != null) {
            ofGateways.close();
        }
        meters.removeAll();
    }

    private void count(SecurityEvent event) {
        if (event instanceof SecurityEvent.AuthenticationFailed failed) {
            securityEvents.increment(failed.reason(), "authentication_failed");
        } else if (event instanceof SecurityEvent.AuthenticationLocked) {
            securityEvents.increment("", "authentication_locked");
        } else if (event instanceof SecurityEvent.AccessDenied) {
            securityEvents.increment("", "access_denied");
        } else if (event instanceof SecurityEvent.LimitHit hit) {
            securityEvents.increment(hit.limit(), "limit_hit");
        } else if (event instanceof SecurityEvent.ScannerSeen) {
            securityEvents.increment("", "scanner_seen");
        }
    }

    private void refused(Refusal refusal) {
        String status = refusal.statusCode() == 0 ? "none" : Integer.toString(refusal.statusCode());
        refusals.increment(refusal.reason(), status, refusal.transport().lowerCase());
    }

    private void called(DatabaseCall call) {
        meters.timer(
                        "sip.proxy.database",
                        "Operations on the database",
                        "operation",
                        call.operation(),
                        "outcome",
                        call.succeeded() ? "success" : "error")
                .record(call.duration());
    }

    private void onCall(CallEvent event) {
        Call call = event.call();
        if (event.kind() == CallEvent.Kind.ANSWERED) {
            long millis = call.answeredAt().orElseThrow().toEpochMilli()
                    - call.startedAt().toEpochMilli();
            meters.timer("sip.proxy.calls.setup", "Time from the INVITE to its 2xx")
                    .record(Math.max(0, millis), TimeUnit.MILLISECONDS);
        } else if (event.kind() == CallEvent.Kind.ENDED) {
            CallEnd end = call.end().orElseThrow();
            if (call.answeredAt().isPresent()) {
                meters.timer("sip.proxy.calls.duration", "Time from the 2xx to the end")
                        .record(call.duration());
            }
            String reason = end.reason().name().toLowerCase(Locale.ROOT);
            String side = end.side().name().toLowerCase(Locale.ROOT);
            endedCalls
                    .computeIfAbsent(
                            reason + ' ' + side,
                            key -> meters.counter(
                                    "sip.proxy.calls.ended", "Calls that have ended", "reason", reason, "side", side))
                    .increment();
        }
    }

    private void changed(LocationEvent event) {
        if (event.kind() == LocationEvent.Kind.ADDED) {
            bindings.incrementAndGet();
        } else {
            bindings.decrementAndGet();
            removals.computeIfAbsent(
                            event.removal().orElse(RemovalReason.ADMIN),
                            reason -> meters.counter(
                                    "sip.proxy.bindings.removed",
                                    "Contacts that were removed",
                                    "reason",
                                    reason.name().toLowerCase(Locale.ROOT)))
                    .increment();
        }
    }
}

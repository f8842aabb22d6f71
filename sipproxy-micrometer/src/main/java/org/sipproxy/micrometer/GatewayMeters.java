package org.sipproxy.micrometer;

import io.micrometer.core.instrument.Meter;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.gateway.GatewayFigures;
import org.sipproxy.api.gateway.GatewayMonitor;
import org.sipproxy.api.gateway.TrunkFigures;

/**
 * Meters of gateways and trunks, which may be added and removed while the proxy runs. Their figures are read every five
 * seconds on the timer thread, so that a registry with many gateways reads them once.
 */
final class GatewayMeters {

    private static final Duration INTERVAL = Duration.ofSeconds(5);
    /** Beyond this number gateways, trunks and states of sets have no meters. */
    private static final int MOST = 500;

    /** Latest figures of one subject, which its meters show. */
    private static final class Latest<F> {
        volatile F figures;
        final List<Meter> meters;

        Latest(F figures, Function<Latest<F>, List<Meter>> meters) {
            this.figures = figures;
            this.meters = meters.apply(this);
        }
    }

    /** A state of the gateways of a set. */
    private record SetState(String set, String state) {}

    private final Meters meters;
    private final List<GatewayMonitor> monitors;
    private final Map<List<String>, Latest<GatewayFigures>> gateways = new HashMap<>();
    private final Map<String, Latest<TrunkFigures>> trunks = new HashMap<>();
    private final Map<SetState, Latest<Long>> states = new HashMap<>();
    /** Meters are removed when the proxy closes, maybe during a reading. */
    private boolean closed;

    GatewayMeters(Meters meters, ProxyRuntime proxy) {
        this.meters = meters;
        this.monitors = proxy.components().stream()
                .filter(GatewayMonitor.class::isInstance)
                .map(GatewayMonitor.class::cast)
                .toList();
        if (!monitors.isEmpty()) {
            read(proxy);
        }
    }

    private void read(ProxyRuntime proxy) {
        proxy.schedule(INTERVAL, () -> read(proxy)); // before the rest, which may throw
        read();
    }

    private synchronized void read() {
        if (closed) {
            return;
        }
        List<GatewayFigures> all =
                monitors.stream().flatMap(m -> m.gatewayFigures().stream()).toList();
        update(gateways, byKey(all, figures -> List.of(figures.set(), figures.id())), this::metersOfGateway);
        update(
                trunks,
                byKey(
                        monitors.stream()
                                .flatMap(m -> m.trunkFigures().stream())
                                .filter(TrunkFigures::registers)
                                .toList(),
                        TrunkFigures::name),
                this::metersOfTrunk);
        Map<SetState, Long> counts = all.stream()
                .collect(Collectors.groupingBy(
                        figures -> new SetState(figures.set(), figures.state()), Collectors.counting()));
        Set<String> sets = all.stream().map(GatewayFigures::set).collect(Collectors.toSet());
        states.keySet().stream() // a state that no gateway is in any more is 0
                .filter(key -> sets.contains(key.set()))
                .forEach(key -> counts.putIfAbsent(key, 0L));
        for (Map.Entry<SetState, Long> count : counts.entrySet()) {
            SetState key = count.getKey();
            put(states, key, count.getValue(), latest -> metersOfState(key, latest));
        }
        retain(states, counts.keySet());
    }

    private static <K, F> Map<K, F> byKey(List<F> all, Function<F, K> key) {
        return all.stream().collect(Collectors.toMap(key, figures -> figures, (first, second) -> first));
    }

    private <K, F> void update(Map<K, Latest<F>> known, Map<K, F> present, Function<Latest<F>, List<Meter>> create) {
        present.forEach((key, figures) -> put(known, key, figures, create));
        retain(known, present.keySet());
    }

    private static <K, F> void put(Map<K, Latest<F>> known, K key, F figures, Function<Latest<F>, List<Meter>> create) {
        Latest<F> latest = known.get(key);
        if (latest != null) {
            latest.figures = figures;
        } else if (known.size() < MOST) {
            known.put(key, new Latest<>(figures, create));
        }
    }

    private <K, F> void retain(Map<K, Latest<F>> known, Set<K> present) {
        known.entrySet().removeIf(entry -> {
            boolean gone = !present.contains(entry.getKey());
            if (gone) {
                entry.getValue().meters.forEach(meters::remove);
            }
            return gone;
        });
    }

    private List<Meter> metersOfGateway(Latest<GatewayFigures> latest) {
        String[] tags = {"set", latest.figures.set(), "gateway", latest.figures.id()};
        return List.of(
                meters.gauge(
                        "sip.proxy.gateway.up",
                        "",
                        "1 if the gateway gets new requests, otherwise 0",
                        latest,
                        now -> now.figures.isUsable() ? 1 : 0,
                        tags),
                meters.gauge(
                        "sip.proxy.gateway.calls",
                        "calls",
                        "Calls at the gateway",
                        latest,
                        now -> now.figures.calls(),
                        tags),
                failures(latest, "probe", now -> now.figures.failedProbes()),
                failures(latest, "request", now -> now.figures.failedRequests()));
    }

    private Meter failures(Latest<GatewayFigures> latest, String kind, Function<Latest<GatewayFigures>, Long> value) {
        return meters.functionCounter(
                "sip.proxy.gateway.failures",
                "",
                "Probes and requests that failed at the gateway",
                latest,
                value::apply,
                "set",
                latest.figures.set(),
                "gateway",
                latest.figures.id(),
                "kind",
                kind);
    }

    private List<Meter> metersOfState(SetState key, Latest<Long> latest) {
        return List.of(meters.gauge(
                "sip.proxy.gateways",
                "gateways",
                "Gateways",
                latest,
                now -> now.figures,
                "set",
                key.set(),
                "state",
                key.state()));
    }

    private List<Meter> metersOfTrunk(Latest<TrunkFigures> latest) {
        String[] tag = {"trunk", latest.figures.name()};
        return List.of(
                meters.gauge(
                        "sip.proxy.trunk.registered",
                        "",
                        "1 if the trunk is registered at its provider, otherwise 0",
                        latest,
                        now -> now.figures.isRegistered() ? 1 : 0,
                        tag),
                meters.functionCounter(
                        "sip.proxy.trunk.failures",
                        "",
                        "Registrations of the trunk that failed",
                        latest,
                        now -> now.figures.failedRegistrations(),
                        tag));
    }

    /** Ends the readings. */
    synchronized void close() {
        closed = true;
    }
}

package org.sipproxy.micrometer;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.ToDoubleFunction;

/** The meters of one proxy in its registry, which are removed when the proxy closes. Thread-safe. */
final class Meters {

    private final MeterRegistry registry;
    private final Tags common;
    private final Set<Meter> created = ConcurrentHashMap.newKeySet();

    Meters(MeterRegistry registry, Tags common) {
        this.registry = registry;
        this.common = common;
    }

    <T> Meter gauge(String name, String unit, String description, T of, ToDoubleFunction<T> value, String... tags) {
        return added(Gauge.builder(name, of, value)
                .tags(common.and(tags))
                .baseUnit(unit.isEmpty() ? null : unit)
                .description(description)
                .register(registry));
    }

    <T> Meter functionCounter(
            String name, String unit, String description, T of, ToDoubleFunction<T> value, String... tags) {
        return added(FunctionCounter.builder(name, of, value)
                .tags(common.and(tags))
                .baseUnit(unit.isEmpty() ? null : unit)
                .description(description)
                .register(registry));
    }

    private Meter added(Meter meter) {
        created.add(meter);
        return meter;
    }

    /** Returns the counter, which the registry finds if it exists. */
    Counter counter(String name, String description, String... tags) {
        Counter counter = Counter.builder(name)
                .tags(common.and(tags))
                .description(description)
                .register(registry);
        created.add(counter);
        return counter;
    }

    /** Begins a measurement on the registry's clock. */
    Timer.Sample start() {
        return Timer.start(registry);
    }

    /** Returns the timer, which the registry finds if it exists. */
    Timer timer(String name, String description, String... tags) {
        Timer timer = Timer.builder(name)
                .tags(common.and(tags))
                .description(description)
                .register(registry);
        created.add(timer);
        return timer;
    }

    /** Lets another component add its meters, which it removes itself. */
    void bind(MeterBinder component) {
        component.bindTo(registry);
    }

    void remove(Meter meter) {
        created.remove(meter);
        registry.remove(meter);
    }

    void removeAll() {
        created.forEach(registry::remove);
        created.clear();
    }
}

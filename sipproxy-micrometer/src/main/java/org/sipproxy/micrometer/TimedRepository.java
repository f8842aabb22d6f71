package org.sipproxy.micrometer;

import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.component.ComponentHooks;
import org.sipproxy.api.component.ProxyComponent;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.component.ProxySetup;
import org.sipproxy.api.config.ConfigurationProblem;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingRepository;
import org.sipproxy.api.location.BindingWrite;

/** Repository that times each operation of another one. It is the same component as that one. */
final class TimedRepository implements BindingRepository, ProxyComponent {

    private final BindingRepository timed;
    private final @Nullable ProxyComponent component;
    private final Meters meters;

    TimedRepository(BindingRepository timed, Meters meters) {
        this.timed = timed;
        this.component = timed instanceof ProxyComponent c ? c : null;
        this.meters = meters;
    }

    private <T> T time(String operation, Supplier<T> work) {
        Timer.Sample sample = meters.start();
        boolean succeeded = false;
        try {
            T result = work.get();
            succeeded = true;
            return result;
        } finally {
            sample.stop(timer(operation, succeeded));
        }
    }

    private Timer timer(String operation, boolean succeeded) {
        return meters.timer(
                "sip.proxy.database",
                "Operations on the database of the location store",
                "operation",
                operation,
                "outcome",
                succeeded ? "success" : "error");
    }

    @Override
    public Duration timeout() {
        return timed.timeout();
    }

    @Override
    public List<Binding> find(Aor aor, Instant now) {
        return time("find", () -> timed.find(aor, now));
    }

    @Override
    public void forEach(Instant now, BiConsumer<Aor, Binding> visitor) {
        time("read_all", () -> {
            timed.forEach(now, visitor);
            return true;
        });
    }

    @Override
    public void check(Aor aor, Binding binding) {
        timed.check(aor, binding);
    }

    @Override
    public void write(List<BindingWrite> writes) {
        time("write", () -> {
            timed.write(writes);
            return true;
        });
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change, Instant now) {
        return time("update", () -> timed.update(aor, change, now));
    }

    @Override
    public void deleteExpired(Instant endedAt, boolean ofThisServerOnly, BiConsumer<Aor, Binding> removed) {
        time("delete_expired", () -> {
            timed.deleteExpired(endedAt, ofThisServerOnly, removed);
            return true;
        });
    }

    // ---- the component

    @Override
    public String name() {
        return component == null ? ProxyComponent.super.name() : component.name();
    }

    @Override
    public Object identity() {
        return component == null ? ProxyComponent.super.identity() : component.identity();
    }

    @Override
    public Phase phase() {
        return component == null ? ProxyComponent.super.phase() : component.phase();
    }

    @Override
    public void install(ComponentHooks hooks) {
        if (component != null) {
            component.install(hooks);
        }
    }

    @Override
    public List<ConfigurationProblem> problems(ProxySetup proxy) {
        return component == null ? List.of() : component.problems(proxy);
    }

    @Override
    public void start(ProxyRuntime proxy) {
        if (component != null) {
            component.start(proxy);
        }
    }

    @Override
    public void stopping() {
        if (component != null) {
            component.stopping();
        }
    }

    @Override
    public void close() {
        if (component != null) {
            component.close();
        }
    }
}

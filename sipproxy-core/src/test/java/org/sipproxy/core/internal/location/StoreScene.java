package org.sipproxy.core.internal.location;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.HeapBindingRepository;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.core.internal.time.FakeClock;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.message.SipUri;

/** A repository on the heap and a clock that does not advance, for tests of the stores that use them. */
final class StoreScene {

    final FakeClock clock = new FakeClock();
    final ProxyTime time = new ProxyTime(clock);
    final TimerWheel wheel = new TimerWheel(clock.nanoTime());
    final HeapBindingRepository repository = new HeapBindingRepository();

    void advance(Duration by) {
        clock.advance(by);
        wheel.advance(clock.nanoTime());
    }

    Binding binding(String id, Duration lifetime) {
        return Binding.builder(id, SipUri.of("sip:" + id + "@192.0.2.1"))
                .granted(clock.currentTimeMillis(), lifetime)
                .build();
    }

    Binding binding(String id) {
        return binding(id, Duration.ofHours(1));
    }

    void add(LocationStore store, Aor aor, String id) {
        add(store, aor, binding(id));
    }

    /** Adds the binding, or replaces the one with its id. */
    void add(LocationStore store, Aor aor, Binding binding) {
        store.update(aor, current -> {
            List<Binding> all = new ArrayList<>(current);
            all.removeIf(b -> b.id().equals(binding.id()));
            all.add(binding);
            return all;
        });
    }

    void removeAll(LocationStore store, Aor aor) {
        store.update(aor, current -> List.of());
    }

    static List<String> ids(List<Binding> bindings) {
        return bindings.stream().map(Binding::id).toList();
    }

    static void await(CountDownLatch latch) {
        try {
            if (!latch.await(10, TimeUnit.SECONDS)) {
                throw new AssertionError("not fulfilled within 10 s");
            }
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}

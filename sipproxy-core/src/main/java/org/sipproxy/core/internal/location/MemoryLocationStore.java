package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationEvent.Kind;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.core.ProxyClock;
import org.sipproxy.core.internal.codec.SharedText;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.time.TimerWheel;

/**
 * Bindings in the heap, gone when the process ends. Lookups take no lock, an update only that of its address.
 *
 * <p>Expiry: every read compares with the clock, so an ended binding is never seen. Its removal and the event are the work
 * of one timer an address, set to the earliest end of its bindings. A refresh leaves the timer where it is; when it fires
 * it looks when it is really needed and goes there.
 */
public final class MemoryLocationStore implements LocationStore {

    private static final long NEVER = Long.MAX_VALUE;

    /** The wall clock may be set while a timer runs on the monotonic one, so none trusts it for longer. */
    private static final long LONGEST_WAIT_MILLIS = 60 * 60 * 1000L;

    private static final BindingChange NO_CHANGE = current -> current;

    private final ConcurrentHashMap<Aor, Address> addresses = new ConcurrentHashMap<>();
    private final LocationEvents events = new LocationEvents();
    private final SharedText domains = new SharedText(1024);
    private final ProxyClock clock;
    private final TimerWheel wheel;
    private volatile boolean closed;

    /** The wheel is advanced, and in the end stopped, by its owner. */
    public MemoryLocationStore(ProxyClock clock, TimerWheel wheel) {
        this.clock = clock;
        this.wheel = wheel;
    }

    @Override
    public List<Binding> lookup(Aor aor) {
        Address address = addresses.get(aor);
        List<Binding> held = address == null ? null : address.bindings;
        return held == null ? List.of() : unexpired(held, clock.currentTimeMillis());
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        try {
            while (true) {
                List<Binding> after = updateIfHeld(addressOf(aor), change);
                if (after != null) {
                    return after;
                }
            }
        } finally {
            events.tell(aor);
        }
    }

    private Address addressOf(Aor aor) {
        if (closed) {
            throw new IllegalStateException(
                    "location store is closed; it takes no registrations after its proxy has stopped");
        }
        Address known = addresses.get(aor);
        if (known != null) {
            return known;
        }
        Aor key = new Aor(aor.user(), domains.of(aor.domain()));
        Address added = new Address(key);
        Address other = addresses.putIfAbsent(key, added);
        return other == null ? added : other;
    }

    /** Null if the address has left the map since it was found there. */
    private @Nullable List<Binding> updateIfHeld(Address address, BindingChange change) {
        synchronized (address) {
            List<Binding> held = address.bindings;
            if (held == null) {
                return null;
            }
            long now = clock.currentTimeMillis();
            List<Binding> current = unexpired(held, now);
            List<Binding> after = current;
            try {
                List<Binding> wanted = change.apply(current);
                if (wanted != current) {
                    after = unexpired(List.copyOf(wanted), now);
                }
            } finally {
                keep(
                        address, held, after, change,
                        now); // also when the change fails: the address may have been made for it
            }
            return after;
        }
    }

    /** Called under the address's lock. */
    private void keep(Address address, List<Binding> before, List<Binding> after, BindingChange change, long now) {
        if (after != before && events.wantsAny()) {
            queueEvents(address.aor, before, after, change, now);
        }
        if (after.isEmpty()) {
            address.bindings = null;
            addresses.remove(address.aor, address);
            wheel.cancel(address);
            return;
        }
        address.bindings = after;
        wakeAtFirstEnd(address, after, now);
    }

    private void queueEvents(Aor aor, List<Binding> before, List<Binding> after, BindingChange change, long now) {
        if (events.wants(Kind.REMOVED)) {
            for (Binding old : before) {
                if (withId(after, old.id()) == null) {
                    RemovalReason reason = old.expiresAtMillis() <= now ? RemovalReason.EXPIRED : change.reasonOf(old);
                    events.queue(LocationEvent.removed(aor, old, reason));
                }
            }
        }
        if (events.wants(Kind.ADDED) || events.wants(Kind.REFRESHED)) {
            for (Binding binding : after) {
                Binding old = withId(before, binding.id());
                if (old != binding) {
                    events.queue(LocationEvent.of(old == null ? Kind.ADDED : Kind.REFRESHED, aor, binding));
                }
            }
        }
    }

    private static @Nullable Binding withId(List<Binding> bindings, String id) {
        for (Binding binding : bindings) {
            if (binding.id().equals(id)) {
                return binding;
            }
        }
        return null;
    }

    private void wakeAtFirstEnd(Address address, List<Binding> bindings, long now) {
        long first = now + LONGEST_WAIT_MILLIS;
        for (Binding binding : bindings) {
            first = Math.min(first, binding.expiresAtMillis());
        }
        if (first < address.wakeAtMillis) {
            address.wakeAtMillis = first;
            wheel.schedule(address, clock.nanoTime(), (first - now) * 1_000_000);
        }
    }

    private void removeExpired(Address address) {
        synchronized (address) {
            List<Binding> held = address.bindings;
            if (held == null) {
                return;
            }
            address.wakeAtMillis = NEVER;
            long now = clock.currentTimeMillis();
            keep(address, held, unexpired(held, now), NO_CHANGE, now);
        }
        events.tell(address.aor);
    }

    /** The list itself if all of it is valid, as nearly always. */
    private static List<Binding> unexpired(List<Binding> bindings, long now) {
        for (Binding binding : bindings) {
            if (binding.expiresAtMillis() <= now) {
                List<Binding> valid = new ArrayList<>(bindings);
                valid.removeIf(b -> b.expiresAtMillis() <= now);
                return List.copyOf(valid);
            }
        }
        return bindings;
    }

    @Override
    public void forEach(BiConsumer<Aor, List<Binding>> visitor) {
        for (Address address : addresses.values()) {
            List<Binding> held = address.bindings;
            List<Binding> valid = held == null ? List.of() : unexpired(held, clock.currentTimeMillis());
            if (!valid.isEmpty()) {
                visitor.accept(address.aor, valid);
            }
        }
    }

    /** How many addresses are held; each has a binding, be it one that has just ended. */
    public long addressCount() {
        return addresses.mappingCount();
    }

    @Override
    public void addListener(LocationListener listener) {
        events.addListener(Objects.requireNonNull(listener, "listener"));
    }

    @Override
    public Blocking blocking() {
        return Blocking.NEVER;
    }

    /** Forgets everything, without events. */
    @Override
    public void close() {
        closed = true;
        events.removeListeners();
        for (Address address : addresses.values()) {
            synchronized (address) {
                address.bindings = null;
                addresses.remove(address.aor, address);
                wheel.cancel(address);
            }
        }
    }

    /**
     * The bindings of one address, and the timer that wakes when the first of them ends. Its monitor guards its fields;
     * {@link #bindings} is also read without it.
     */
    private final class Address extends Timer {

        final Aor aor;
        /** Unmodifiable; null once the address has left the map for good. */
        volatile @Nullable List<Binding> bindings = List.of();
        /** When the timer is set to fire; {@link #NEVER} while it is not set. */
        long wakeAtMillis = NEVER;

        Address(Aor aor) {
            this.aor = aor;
        }

        @Override
        protected void fire() {
            removeExpired(this);
        }
    }
}

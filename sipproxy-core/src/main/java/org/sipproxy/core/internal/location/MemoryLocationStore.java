package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.ObjIntConsumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.BindingWrite;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.core.internal.codec.SharedText;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;

/**
 * Location store on the heap, whose bindings are lost when the process ends. Look-ups do not lock; an update locks only
 * its AOR.
 *
 * <p>Every read compares with the clock, so an expired binding is never returned. One timer per AOR, set to the
 * earliest expiry of its bindings, removes them and publishes the event. A refresh does not move the timer; when the
 * timer fires, it reschedules itself to the time when it is needed.
 */
public final class MemoryLocationStore implements ManagedLocationStore {

    /** Bounds the delay of a timer, whatever the expiry of the binding. */
    private static final long LONGEST_WAIT_MILLIS = 60 * 60 * 1000L;

    private static final BindingChange NO_CHANGE = current -> current;

    private final ConcurrentHashMap<Aor, AorEntry> addresses = new ConcurrentHashMap<>();
    private final LocationEvents events = new LocationEvents();
    private final SharedText domains = new SharedText(1024);
    private final ProxyTime time;
    private final TimerWheel wheel;
    private final @Nullable Consumer<AorEntry> journal;
    private volatile boolean closed;

    /** Creates a store. The owner of the wheel advances it and stops it in the end. */
    public MemoryLocationStore(ProxyTime time, TimerWheel wheel) {
        this(time, wheel, null);
    }

    /**
     * Creates a store whose changes are written back.
     *
     * @param journal receives each AOR whose bindings have changed, under its monitor; null if there is no write-back
     */
    MemoryLocationStore(ProxyTime time, TimerWheel wheel, @Nullable Consumer<AorEntry> journal) {
        this.time = time;
        this.wheel = wheel;
        this.journal = journal;
    }

    @Override
    public void open() {
        // starts empty
    }

    @Override
    public StoreStatus status() {
        return StoreStatus.WITHOUT_DATABASE;
    }

    @Override
    public List<Binding> lookup(Aor aor) {
        AorEntry address = addresses.get(aor);
        List<Binding> held = address == null ? null : address.bindings;
        return held == null ? List.of() : unexpired(held, time.millis());
    }

    @Override
    public List<Binding> update(Aor aor, BindingChange change) {
        try {
            return updateQuietly(aor, change);
        } finally {
            deliverEvents(aor);
        }
    }

    /** Updates without events. The caller calls {@link #deliverEvents} after it has released its own locks. */
    List<Binding> updateQuietly(Aor aor, BindingChange change) {
        while (true) {
            List<Binding> after = updateIfHeld(addressOf(aor), change);
            if (after != null) {
                return after;
            }
        }
    }

    void deliverEvents(Aor aor) {
        events.deliver(aor);
    }

    /** Adds a binding loaded from a database, without an event. */
    void restore(Aor aor, Binding binding) {
        AorEntry address = addressOf(aor);
        synchronized (address) {
            List<Binding> held = address.bindings;
            if (held == null) {
                restore(aor, binding);
                return;
            }
            List<Binding> more = new ArrayList<>(held.size() + 1);
            more.addAll(held);
            more.add(binding);
            List<Binding> after = List.copyOf(more);
            address.bindings = after;
            if (journal != null) {
                address.inDatabase = after;
            }
            wakeAtFirstEnd(address, after, time.millis());
        }
    }

    /**
     * Passes every AOR with such a binding to the journal as if it had changed, because its rows have to be written
     * again.
     */
    void rewrite(Predicate<Binding> which) {
        for (AorEntry address : addresses.values()) {
            synchronized (address) {
                List<Binding> held = address.bindings;
                if (journal != null && held != null && held.stream().anyMatch(which)) {
                    address.inDatabase = address.inDatabase.stream()
                            .map(row -> which.test(row) ? row.toBuilder().build() : row)
                            .toList();
                    journal.accept(address);
                }
            }
        }
    }

    /** Removes an AOR that has no bindings and no changes left to be written. Called under its monitor. */
    void leaveIfDone(AorEntry address) {
        List<Binding> held = address.bindings;
        if (held != null && held.isEmpty() && !address.isQueued && address.inDatabase.isEmpty()) {
            address.bindings = null;
            addresses.remove(address.aor, address);
        }
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException(
                    "location store is closed; it does not accept registrations after its proxy has stopped");
        }
    }

    private AorEntry addressOf(Aor aor) {
        requireOpen();
        AorEntry known = addresses.get(aor);
        if (known != null) {
            return known;
        }
        Aor key = new Aor(aor.user(), domains.of(aor.domain()));
        AorEntry added = new AorEntry(this, key);
        AorEntry other = addresses.putIfAbsent(key, added);
        return other == null ? added : other;
    }

    /** Returns null if the AOR has been removed from the map since it was found there. */
    private @Nullable List<Binding> updateIfHeld(AorEntry address, BindingChange change) {
        synchronized (address) {
            List<Binding> held = address.bindings;
            if (held == null) {
                return null;
            }
            long now = time.millis();
            List<Binding> current = unexpired(held, now);
            List<Binding> after = current;
            try {
                List<Binding> wanted = change.apply(current);
                if (wanted != current) {
                    after = unexpired(wanted.size() == 1 ? List.of(wanted.get(0)) : List.copyOf(wanted), now);
                }
            } finally {
                keep(
                        address, held, after, change,
                        now); // also if the change fails: the entry may have been created for it
            }
            return after;
        }
    }

    /** Stores the new bindings and queues their events. Called under the AOR's lock. */
    private void keep(AorEntry address, List<Binding> before, List<Binding> after, BindingChange change, long now) {
        address.bindings = after;
        if (after != before) {
            if (events.wantsAny()) {
                events.queueChange(address.aor, before, after, change, now);
            }
            if (journal != null) {
                journal.accept(address);
            }
        }
        if (after.isEmpty()) {
            wheel.cancel(address);
            address.wakeAtMillis = AorEntry.NEVER;
            leaveIfDone(address);
        } else {
            wakeAtFirstEnd(address, after, now);
        }
    }

    private void wakeAtFirstEnd(AorEntry address, List<Binding> bindings, long now) {
        long first = now + LONGEST_WAIT_MILLIS;
        for (int i = 0; i < bindings.size(); i++) {
            first = Math.min(first, bindings.get(i).expiresAtMillis());
        }
        if (first < address.wakeAtMillis) {
            address.wakeAtMillis = first;
            wheel.schedule(address, time.nanoTime(), (first - now) * 1_000_000);
        }
    }

    /** Removes the expired bindings. Called by the timer of the AOR. */
    void removeExpired(AorEntry address) {
        synchronized (address) {
            List<Binding> held = address.bindings;
            if (held == null) {
                return;
            }
            address.wakeAtMillis = AorEntry.NEVER;
            long now = time.millis();
            keep(address, held, unexpired(held, now), NO_CHANGE, now);
        }
        events.deliver(address.aor);
    }

    /** Returns the list itself if all bindings are valid, which is nearly always so. */
    private static List<Binding> unexpired(List<Binding> bindings, long now) {
        for (int i = 0; i < bindings.size(); i++) { // without an iterator, because every request gets here
            if (bindings.get(i).expiresAtMillis() <= now) {
                List<Binding> valid = new ArrayList<>(bindings);
                valid.removeIf(b -> b.expiresAtMillis() <= now);
                return List.copyOf(valid);
            }
        }
        return bindings;
    }

    @Override
    public void forEach(BiConsumer<Aor, List<Binding>> visitor) {
        for (AorEntry address : addresses.values()) {
            List<Binding> held = address.bindings;
            List<Binding> valid = held == null ? List.of() : unexpired(held, time.millis());
            if (!valid.isEmpty()) {
                visitor.accept(address.aor, valid);
            }
        }
    }

    /** Visits each AOR whose rows differ from memory, with the number of rows to write. */
    void forEachUnwritten(ObjIntConsumer<Aor> visitor) {
        List<BindingWrite> writes = new ArrayList<>();
        for (AorEntry address : addresses.values()) {
            synchronized (address) {
                List<Binding> held = address.bindings;
                if (held != null) {
                    Differences.add(writes, address.aor, address.inDatabase, held, time.millis());
                }
            }
            if (!writes.isEmpty()) {
                visitor.accept(address.aor, writes.size());
                writes.clear();
            }
        }
    }

    /**
     * Returns the number of AORs held. Each has a binding, which may just have expired, or a row that a database still
     * holds.
     */
    long addressCount() {
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

    /** Removes everything, without events. */
    @Override
    public void close() {
        closed = true;
        events.removeListeners();
        for (AorEntry address : addresses.values()) {
            synchronized (address) {
                address.bindings = null;
                addresses.remove(address.aor, address);
                wheel.cancel(address);
            }
        }
    }
}

package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
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
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;

/**
 * Location store on the heap, whose bindings are lost when the process ends. Look-ups do not lock; an update locks only
 * its AOR.
 *
 * <p>Every read compares with the clock, so an expired binding is never returned. Each AOR has a time in the
 * {@link AddressTable}, the earliest expiry of its bindings, at which they are removed and the event is published; with
 * many AORs up to a second later. A refresh does not move that time; when it has come, it is set anew.
 */
public final class MemoryLocationStore implements ManagedLocationStore {

    /** Limits the distance of the time at which an AOR is looked at, whatever the expiry of its bindings. */
    private static final long LONGEST_WAIT_MILLIS = 60 * 60 * 1000L;

    private static final BindingChange NO_CHANGE = current -> current;

    private final LocationEvents events = new LocationEvents();
    private final ProxyTime time;
    private final EntryForm form;
    private final AddressTable addresses;
    private final @Nullable Consumer<AorEntry> journal;
    private volatile boolean closed;

    /** Creates a store that packs bindings. The owner of the wheel advances it and stops it in the end. */
    public MemoryLocationStore(ProxyTime time, TimerWheel wheel) {
        this(time, wheel, new EntryForm(true), null);
    }

    /** Returns a store from which an unchanged binding is always the same object. */
    static MemoryLocationStore ofObjects(ProxyTime time, TimerWheel wheel) {
        return new MemoryLocationStore(time, wheel, new EntryForm(false), null);
    }

    /**
     * Returns a store of objects whose changes are written back.
     *
     * @param journal receives each AOR whose bindings have changed, under its monitor
     */
    static MemoryLocationStore withJournal(ProxyTime time, TimerWheel wheel, Consumer<AorEntry> journal) {
        return new MemoryLocationStore(time, wheel, new EntryForm(false), journal);
    }

    private MemoryLocationStore(
            ProxyTime time, TimerWheel wheel, EntryForm form, @Nullable Consumer<AorEntry> journal) {
        this.time = time;
        this.form = form;
        this.journal = journal;
        this.addresses = new AddressTable(form, time, wheel, this::removeExpired);
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
        int hash = addresses.hash(aor);
        while (true) {
            Object entry = addresses.get(aor, hash);
            if (entry == null) {
                return List.of();
            }
            List<Binding> held = form.bindings(entry);
            if (held != null) {
                return unexpired(held, time.millis());
            }
            if (addresses.get(aor, hash) == entry) { // it is being removed; otherwise another one has taken its place
                return List.of();
            }
        }
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
        int hash = addresses.hash(aor);
        while (true) {
            List<Binding> after = updateIfHeld(entryOf(aor, hash), aor, hash, change);
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
        int hash = addresses.hash(aor);
        while (!restoreIfHeld(entryOf(aor, hash), hash, binding)) {
            // the AOR has got another entry
        }
    }

    private boolean restoreIfHeld(Object entry, int hash, Binding binding) {
        synchronized (entry) {
            List<Binding> held = form.bindings(entry);
            if (held == null) {
                return false;
            }
            List<Binding> more = new ArrayList<>(held.size() + 1);
            more.addAll(held);
            more.add(binding);
            List<Binding> after = List.copyOf(more);
            Object kept = form.with(entry, held, after);
            if (journal != null) {
                ((AorEntry) kept).inDatabase = after;
            }
            if (kept != entry) {
                addresses.replace(hash, entry, kept);
                EntryForm.release(entry);
            }
            wakeAtFirstEnd(kept, hash, after, time.millis());
            return true;
        }
    }

    /**
     * Passes every AOR with such a binding to the journal as if it had changed, because its rows have to be written
     * again.
     */
    void rewrite(Predicate<Binding> which) {
        forEachObject(address -> {
            List<Binding> held = address.bindings;
            if (journal != null && held != null && held.stream().anyMatch(which)) {
                address.inDatabase = address.inDatabase.stream()
                        .map(row -> which.test(row) ? row.toBuilder().build() : row)
                        .toList();
                journal.accept(address);
            }
        });
    }

    /** Passes each AOR that is held as objects to the visitor, under its monitor. */
    private void forEachObject(Consumer<AorEntry> visitor) {
        addresses.forEach(entry -> {
            if (entry instanceof AorEntry address) {
                synchronized (address) {
                    visitor.accept(address);
                }
            }
        });
    }

    /** Removes an AOR that has no bindings and no changes left to be written. Called under its monitor. */
    void leaveIfDone(AorEntry address) {
        List<Binding> held = address.bindings;
        if (held != null && held.isEmpty() && !address.isQueued && address.inDatabase.isEmpty()) {
            leave(address, addresses.hash(address.aor));
        }
    }

    private void leave(Object entry, int hash) {
        EntryForm.release(entry);
        addresses.remove(hash, entry);
    }

    void requireOpen() {
        if (closed) {
            throw new IllegalStateException(
                    "location store is closed; it does not accept registrations after its proxy has stopped");
        }
    }

    private Object entryOf(Aor aor, int hash) {
        requireOpen();
        Object known = addresses.get(aor, hash);
        return known != null ? known : addresses.putIfAbsent(aor, hash, form.create(aor));
    }

    /** Returns null if the entry is not in use any more. */
    private @Nullable List<Binding> updateIfHeld(Object entry, Aor aor, int hash, BindingChange change) {
        synchronized (entry) {
            List<Binding> held = form.bindings(entry);
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
                // also if the change fails: the entry may have been created for it
                keep(entry, aor, hash, held, after, change, now);
            }
            return after;
        }
    }

    /** Stores the new bindings and queues their events. Called under the entry's monitor. */
    private void keep(
            Object entry,
            Aor aor,
            int hash,
            List<Binding> before,
            List<Binding> after,
            BindingChange change,
            long now) {
        if (after.isEmpty() && journal == null) {
            EntryForm.release(entry);
            try {
                changed(entry, aor, before, after, change, now);
            } finally {
                addresses.remove(hash, entry); // last, because the next entry of the AOR queues its own events
            }
            return;
        }
        Object kept = after == before ? entry : form.with(entry, before, after);
        if (kept == entry) {
            kept(entry, aor, hash, before, after, change, now);
            return;
        }
        synchronized (kept) { // no other thread can have it yet, and none gets it before the events are queued
            addresses.replace(hash, entry, kept);
            EntryForm.release(entry);
            kept(kept, aor, hash, before, after, change, now);
        }
    }

    private void kept(
            Object entry,
            Aor aor,
            int hash,
            List<Binding> before,
            List<Binding> after,
            BindingChange change,
            long now) {
        if (!after.isEmpty()) {
            wakeAtFirstEnd(entry, hash, after, now);
        }
        changed(entry, aor, before, after, change, now);
        if (after.isEmpty()) {
            leaveIfDone((AorEntry) entry); // only a store with a journal keeps an AOR without bindings
        }
    }

    private void changed(
            Object entry, Aor aor, List<Binding> before, List<Binding> after, BindingChange change, long now) {
        if (after != before) {
            if (events.wantsAny()) {
                events.queueChange(aor, before, after, change, now);
            }
            if (journal != null) {
                journal.accept((AorEntry) entry);
            }
        }
    }

    private void wakeAtFirstEnd(Object entry, int hash, List<Binding> bindings, long now) {
        addresses.wakeBy(hash, entry, Math.min(now + LONGEST_WAIT_MILLIS, EntryForm.firstEnd(bindings)));
    }

    /** Removes the expired bindings. Called by the table when the time of the AOR has come. */
    private void removeExpired(Object entry) {
        Aor aor = form.aor(entry);
        int hash = addresses.hash(aor);
        synchronized (entry) {
            long now = time.millis();
            long first = EntryForm.firstEnd(entry);
            if (first <= now) {
                List<Binding> held = form.bindings(entry);
                if (held == null) {
                    return;
                }
                List<Binding> left = unexpired(held, now);
                first = EntryForm.firstEnd(left);
                keep(entry, aor, hash, held, left, NO_CHANGE, now);
            }
            addresses.wakeAt(hash, entry, Math.min(now + LONGEST_WAIT_MILLIS, first));
        }
        events.deliver(aor);
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
        addresses.forEach(entry -> {
            Aor aor = form.aor(entry);
            List<Binding> held = form.bindings(entry);
            List<Binding> valid = held == null ? lookup(aor) : unexpired(held, time.millis()); // null if just replaced
            if (!valid.isEmpty()) {
                visitor.accept(aor, valid);
            }
        });
    }

    /** Visits each AOR whose rows differ from memory, with the number of rows to write. */
    void forEachUnwritten(ObjIntConsumer<Aor> visitor) {
        List<BindingWrite> writes = new ArrayList<>();
        addresses.forEach(entry -> {
            AorEntry address = (AorEntry) entry;
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
        });
    }

    /**
     * Returns the number of AORs held. Each has a binding, which may just have expired, or a row that a database still
     * holds.
     */
    long addressCount() {
        return addresses.size();
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
        addresses.forEach(entry -> {
            synchronized (entry) {
                leave(entry, addresses.hash(form.aor(entry)));
            }
        });
    }
}

package org.sipproxy.core.internal.location;

import java.util.EnumSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationEvent;
import org.sipproxy.api.location.LocationEvent.Kind;
import org.sipproxy.api.location.LocationListener;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.core.internal.guard.HostCall;

/**
 * Delivery of events to listeners in the order of the changes, while no AOR is locked.
 *
 * <p>A thread that changes an AOR queues the events under its lock, which fixes their order, and calls {@link #deliver}
 * after releasing it. AORs are spread over lanes, and one thread at a time empties a lane. A thread that finds its lane
 * taken leaves its events to the other thread. A listener that changes the store therefore neither deadlocks nor
 * recurses.
 */
final class LocationEvents {

    private final HostCall host = new HostCall("location listener");

    /** A power of two, well above the number of threads that change the store concurrently. */
    private static final int LANES = 64;

    private final List<Chosen> listeners = new CopyOnWriteArrayList<>();
    private final Lane[] lanes = new Lane[LANES];
    /** The kinds that at least one listener wants; replaced as a whole, under this object's monitor. */
    private volatile Set<LocationEvent.Kind> wanted = Set.of();

    LocationEvents() {
        for (int i = 0; i < LANES; i++) {
            lanes[i] = new Lane();
        }
    }

    synchronized void addListener(LocationListener listener) {
        Chosen chosen = Chosen.of(listener);
        listeners.add(chosen);
        Set<LocationEvent.Kind> all = EnumSet.noneOf(LocationEvent.Kind.class);
        all.addAll(wanted);
        all.addAll(chosen.kinds());
        wanted = all;
    }

    synchronized void removeListeners() {
        wanted = Set.of();
        listeners.clear();
    }

    boolean wants(LocationEvent.Kind kind) {
        return wanted.contains(kind);
    }

    boolean wantsAny() {
        return !wanted.isEmpty();
    }

    /** Queues the events of one change. Called under the AOR's lock. */
    void queueChange(Aor aor, List<Binding> before, List<Binding> after, BindingChange change, long now) {
        if (wants(Kind.REMOVED)) {
            for (int i = 0; i < before.size(); i++) {
                Binding old = before.get(i);
                if (Differences.withId(after, old.id()) == null) {
                    RemovalReason reason = old.expiresAtMillis() <= now ? RemovalReason.EXPIRED : change.reasonOf(old);
                    queue(LocationEvent.removed(aor, old, reason));
                }
            }
        }
        if (wants(Kind.ADDED) || wants(Kind.REFRESHED)) {
            for (Binding binding : after) {
                Binding old = Differences.withId(before, binding.id());
                if (old != binding) {
                    queue(LocationEvent.of(old == null ? Kind.ADDED : Kind.REFRESHED, aor, binding));
                }
            }
        }
    }

    /** Queues an event. Called under the AOR's lock. */
    void queue(LocationEvent event) {
        laneOf(event.aor()).events.add(event);
    }

    /** Delivers queued events. Called without any lock, by the thread that queued them. */
    void deliver(Aor aor) {
        if (!wantsAny()) {
            return;
        }
        Lane lane = laneOf(aor);
        // the outer check finds events that were queued after the lane was found empty and before it was released
        while (!lane.events.isEmpty() && lane.taken.compareAndSet(false, true)) {
            try {
                for (LocationEvent e = lane.events.poll(); e != null; e = lane.events.poll()) {
                    notifyListeners(e);
                }
            } finally {
                lane.taken.set(false);
            }
        }
    }

    private Lane laneOf(Aor aor) {
        int hash = aor.hashCode();
        return lanes[(hash ^ hash >>> 16) & (LANES - 1)];
    }

    private void notifyListeners(LocationEvent event) {
        for (Chosen chosen : listeners) {
            if (!chosen.kinds().contains(event.kind())) {
                continue;
            }
            try {
                chosen.listener().onChange(event);
            } catch (Throwable e) {
                host.failed(event.kind().name(), e);
            }
        }
    }

    private static final class Lane {
        final Queue<LocationEvent> events = new ConcurrentLinkedQueue<>();
        final AtomicBoolean taken = new AtomicBoolean();
    }

    /** A listener with the kinds that it wants, which are queried once. */
    private record Chosen(LocationListener listener, Set<LocationEvent.Kind> kinds) {

        static Chosen of(LocationListener listener) {
            Set<LocationEvent.Kind> kinds = EnumSet.noneOf(LocationEvent.Kind.class);
            for (LocationEvent.Kind kind : LocationEvent.Kind.values()) {
                if (listener.wants(kind)) {
                    kinds.add(kind);
                }
            }
            return new Chosen(listener, kinds);
        }
    }
}

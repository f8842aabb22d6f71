package org.sipproxy.core.internal.location;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.core.internal.time.Timer;

/**
 * The bindings of one address, and the timer that wakes when the first of them ends. Its monitor guards its fields;
 * {@link #bindings} is also read without it.
 *
 * <p>What a flush has to write is the difference between {@link #bindings} and {@link #inDatabase}. Kamailio's state of each
 * binding follows from it:
 *
 * <pre>
 * in bindings   in inDatabase              state
 * yes           no                         NEW: insert
 * yes           the same object            SYNC
 * yes           another one with its id    DIRTY: update
 * no            yes                        removed: delete, unless it has ended and the sweep deletes it
 * no            no                         came and went between two flushes: the database never sees it
 * </pre>
 */
final class AorEntry extends Timer {

    static final long NEVER = Long.MAX_VALUE;

    final Aor aor;
    /** Unmodifiable; null once the address has left the map for good. */
    volatile @Nullable List<Binding> bindings = List.of();
    /** When the timer is set to fire; {@link #NEVER} while it is not set. */
    long wakeAtMillis = NEVER;
    /** What the database holds of it as far as this store wrote or read it; stays empty in a store that writes nothing back. */
    List<Binding> inDatabase = List.of();
    /** True while it waits to be written. */
    boolean isQueued;
    /** Since when it waits, on the monotonic clock; without meaning while it does not. */
    volatile long dirtySinceNanos;

    private final MemoryLocationStore store;

    AorEntry(MemoryLocationStore store, Aor aor) {
        this.store = store;
        this.aor = aor;
    }

    @Override
    protected void fire() {
        store.removeExpired(this);
    }
}

package org.sipproxy.core.internal.location;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;

/**
 * The bindings of one AOR as objects. Its monitor guards its fields; {@link #bindings} is also read without it.
 *
 * <p>A flush writes the difference between {@link #bindings} and {@link #inDatabase}. It determines Kamailio's state of
 * each binding:
 *
 * <pre>
 * in bindings   in inDatabase              state
 * yes           no                         NEW: insert
 * yes           the same object            SYNC
 * yes           another one with its id    DIRTY: update
 * no            yes                        removed: delete, unless it has expired and the sweep deletes it
 * no            no                         added and removed between two flushes: never in the database
 * </pre>
 */
final class AorEntry {

    final Aor aor;
    /** Unmodifiable; null once the entry is not in use any more. */
    volatile @Nullable List<Binding> bindings = List.of();
    /**
     * What the database holds of the AOR, as far as this store wrote or read it; stays empty in a store without
     * write-back.
     */
    List<Binding> inDatabase = List.of();
    /** True while the AOR waits to be written. */
    boolean isQueued;
    /** Since when it waits, on the monotonic clock; undefined while it does not wait. */
    volatile long dirtySinceNanos;

    AorEntry(Aor aor) {
        this.aor = aor;
    }
}

package org.sipproxy.core.internal.location;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.core.internal.codec.SharedText;

/**
 * How an AOR and its bindings are held: as the byte array of {@link PackedBindings}, or as an {@link AorEntry} with
 * {@link Binding} objects. The entry's own monitor guards it in either form; reading its bindings does not lock.
 *
 * <p>Stores that compare bindings with the rows of a database use objects only, because an unchanged binding is the
 * same object there. Otherwise an AOR is packed unless it has a binding that cannot be.
 */
final class EntryForm {

    private final SharedText domains = new SharedText(1024);
    private final @Nullable PackedBindings packing;

    EntryForm(boolean packs) {
        this.packing = packs ? new PackedBindings() : null;
    }

    /** Returns an entry without bindings. */
    Object create(Aor aor) {
        byte[] packed = packing == null ? null : packing.pack(aor, List.of());
        return packed == null ? new AorEntry(new Aor(aor.user(), domains.of(aor.domain()))) : packed;
    }

    boolean isOf(Object entry, Aor aor) {
        return entry instanceof byte[] packed ? packing().isOf(packed, aor) : ((AorEntry) entry).aor.equals(aor);
    }

    Aor aor(Object entry) {
        return entry instanceof byte[] packed ? packing().aor(packed) : ((AorEntry) entry).aor;
    }

    /** Returns the bindings, unmodifiable; null if the entry is not in use any more. */
    @Nullable
    List<Binding> bindings(Object entry) {
        return entry instanceof byte[] packed ? packing().bindings(packed) : ((AorEntry) entry).bindings;
    }

    /**
     * Stores the bindings in the entry, or returns another one with them, which the caller has to put in its place.
     * Called under the entry's monitor.
     */
    Object with(Object entry, List<Binding> before, List<Binding> after) {
        if (packing == null) {
            ((AorEntry) entry).bindings = after;
            return entry;
        }
        if (entry instanceof byte[] packed && PackedBindings.refresh(packed, before, after)) {
            return entry;
        }
        Aor aor = aor(entry);
        byte[] packed = packing.pack(aor, after);
        if (packed != null) {
            return packed;
        }
        AorEntry held = entry instanceof AorEntry known ? known : new AorEntry(aor);
        held.bindings = after;
        return held;
    }

    /** Returns the earliest expiry; {@link Long#MAX_VALUE} without bindings. Called under the entry's monitor. */
    static long firstEnd(Object entry) {
        if (entry instanceof byte[] packed) {
            return PackedBindings.firstEnd(packed);
        }
        List<Binding> bindings = ((AorEntry) entry).bindings;
        return bindings == null ? Long.MAX_VALUE : firstEnd(bindings);
    }

    static long firstEnd(List<Binding> bindings) {
        long first = Long.MAX_VALUE;
        for (int i = 0; i < bindings.size(); i++) { // without an iterator, because every REGISTER gets here
            first = Math.min(first, bindings.get(i).expiresAtMillis());
        }
        return first;
    }

    /** Marks an entry as not in use, so that a thread that waits for its monitor looks for the AOR's present one. */
    static void release(Object entry) {
        if (entry instanceof byte[] packed) {
            PackedBindings.release(packed);
        } else {
            ((AorEntry) entry).bindings = null;
        }
    }

    private PackedBindings packing() {
        if (packing == null) {
            throw new IllegalStateException("a packed entry in a store that does not pack");
        }
        return packing;
    }
}

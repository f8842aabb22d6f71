package org.sipproxy.core.internal.location;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingWrite;

/** Computes the writes that bring rows in line with bindings. */
final class Differences {

    private Differences() {}

    /**
     * Adds to {@code writes} a put for each binding of {@code after} that is not the same object in {@code before}, and
     * a delete for each id that was removed. Rows that have expired by {@code nowMillis} are left to the sweep, because
     * another server may have refreshed one of its own rows that was read here.
     */
    static void add(List<BindingWrite> writes, Aor aor, List<Binding> before, List<Binding> after, long nowMillis) {
        for (Binding old : before) {
            if (old.expiresAtMillis() > nowMillis && withId(after, old.id()) == null) {
                writes.add(new BindingWrite.Delete(aor, old.id()));
            }
        }
        for (Binding binding : after) {
            if (binding.expiresAtMillis() > nowMillis && withId(before, binding.id()) != binding) {
                writes.add(new BindingWrite.Put(aor, binding));
            }
        }
    }

    static @Nullable Binding withId(List<Binding> bindings, String id) {
        for (int i = 0; i < bindings.size(); i++) { // without an iterator, because every REGISTER gets here
            if (bindings.get(i).id().equals(id)) {
                return bindings.get(i);
            }
        }
        return null;
    }
}

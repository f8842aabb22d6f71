package org.sipproxy.core.internal.registrar;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.Target;

/** The target set that an address's bindings make (RFC 3261 §16.5). */
public final class Targets {

    private Targets() {}

    /**
     * Where requests for these bindings go: higher q first, among equals the binding that was refreshed last. A client may
     * bind a {@code tel:} or {@code mailto:} URI too; a proxy cannot send there, so those are left out.
     */
    public static List<Target> bestFirst(List<Binding> bindings) {
        if (bindings.size() == 1 && bindings.get(0).contact().isSip()) {
            return List.of(Target.of(bindings.get(0)));
        }
        List<Target> targets = new ArrayList<>(bindings.size());
        for (Binding binding : BestFirst.sorted(bindings)) {
            if (binding.contact().isSip()) {
                targets.add(Target.of(binding));
            }
        }
        return List.copyOf(targets);
    }
}

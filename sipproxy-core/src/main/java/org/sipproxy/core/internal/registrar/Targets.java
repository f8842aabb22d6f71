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

    /**
     * Those of the targets that a request for a sips URI may go to (RFC 3261 §26.2.2): contacts that are sips URIs, or are
     * reached over TLS all the same, by the connection that they registered over or because they say so.
     */
    public static List<Target> secured(List<Target> targets) {
        return targets.stream().filter(Targets::isSecured).toList();
    }

    private static boolean isSecured(Target target) {
        return target.uri().isSecure()
                || target.uri().parameterIs("transport", "tls")
                || (target.flow() != null && target.flow().kind().isSecure());
    }
}

package org.sipproxy.core.internal.registrar;

import java.util.ArrayList;
import java.util.List;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.routing.Target;

/** Target sets built from bindings (RFC 3261 §16.5). */
public final class Targets {

    private Targets() {}

    /**
     * Returns the targets for these bindings: higher q first, then the most recently refreshed. A client may also bind
     * a {@code tel:} or {@code mailto:} URI; these are omitted, because a proxy cannot send to them.
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
     * Returns the targets that a request for a sips URI may go to (RFC 3261 §26.2.2): contacts that are sips URIs, and
     * contacts that are reached over TLS because of their connection or their {@code transport} parameter.
     */
    public static List<Target> secured(List<Target> targets) {
        return targets.stream().filter(Targets::isSecured).toList();
    }

    /** Returns true if the target is reached over TLS only. */
    public static boolean isSecured(Target target) {
        return target.uri().isSecure()
                || target.uri().parameterIs("transport", "tls")
                || (target.flow() != null && target.flow().kind().isSecure());
    }
}

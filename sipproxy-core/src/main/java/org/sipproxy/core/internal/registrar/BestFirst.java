package org.sipproxy.core.internal.registrar;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.sipproxy.api.location.Binding;

/**
 * Order in which bindings are listed and tried: higher q first (RFC 3261 §10.2.1.2), then the most recently refreshed.
 */
public final class BestFirst {

    private static final Comparator<Binding> ORDER = (x, y) -> {
        int byQ = Float.compare(rank(y), rank(x));
        return byQ != 0 ? byQ : Long.compare(y.updatedAtMillis(), x.updatedAtMillis());
    };

    private BestFirst() {}

    private static float rank(Binding binding) {
        return binding.q() == Binding.Q_UNSPECIFIED ? 1f : binding.q();
    }

    /**
     * Returns a sorted copy, or the list itself if there is nothing to sort. Equal bindings keep the order in which
     * they were added.
     */
    public static List<Binding> sorted(List<Binding> bindings) {
        if (bindings.size() < 2) {
            return bindings;
        }
        Binding[] sorted = bindings.toArray(new Binding[0]);
        Arrays.sort(sorted, ORDER);
        return Arrays.asList(sorted);
    }
}

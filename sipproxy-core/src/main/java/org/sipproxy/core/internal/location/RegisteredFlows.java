package org.sipproxy.core.internal.location;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.transport.Flow;

/**
 * Stream connections over which clients registered at this process, for bindings that are otherwise in rows only: a row
 * cannot hold a connection, and a browser or a phone that does not listen is reachable only over it.
 *
 * <p>A row that another server has written since is given no connection, because its client is there now. Memory grows
 * with the number of clients that registered over a connection; an entry is released with its binding. Thread-safe.
 */
final class RegisteredFlows {

    private final ConcurrentMap<String, Registration> byId = new ConcurrentHashMap<>();

    /** The REGISTER that wrote a binding, and the connection that it arrived on. */
    private record Registration(Flow flow, String callId, long cseq, long expiresAtMillis) {

        boolean wrote(Binding row) {
            return cseq == row.cseq() && callId.equals(row.callId());
        }
    }

    /** Returns the bindings with their connections; the same list if none of them has one. */
    List<Binding> addTo(List<Binding> rows) {
        List<Binding> all = null;
        for (int i = 0; i < rows.size(); i++) {
            Binding row = rows.get(i);
            Binding known = addTo(row);
            if (known != row) {
                all = all == null ? new ArrayList<>(rows) : all;
                all.set(i, known);
            }
        }
        return all == null ? rows : List.copyOf(all);
    }

    /** Returns the binding with its connection; the same object if it has none. */
    Binding addTo(Binding row) {
        Registration last = row.flow().isPresent() ? null : byId.get(row.id());
        return last == null || !last.wrote(row)
                ? row
                : row.toBuilder().flow(last.flow()).build();
    }

    /** Records the connections of an AOR's bindings after a change. */
    void changed(List<Binding> before, List<Binding> after) {
        for (Binding old : before) {
            if (Differences.withId(after, old.id()) == null) {
                removed(old);
            }
        }
        for (Binding binding : after) {
            Flow flow = connectionOf(binding);
            if (flow != null) {
                byId.put(
                        binding.id(),
                        new Registration(flow, binding.callId(), binding.cseq(), binding.expiresAtMillis()));
            } else if (addTo(binding) == binding) {
                removed(binding); // refreshed over UDP, or at another server
            }
        }
    }

    private static @Nullable Flow connectionOf(Binding binding) {
        return binding.flow().filter(flow -> flow.kind().isReliable()).orElse(null);
    }

    void removed(Binding binding) {
        byId.remove(binding.id());
    }

    /** Releases what has expired: another server may have removed the rows. */
    void removeExpired(long nowMillis) {
        byId.values().removeIf(last -> last.expiresAtMillis() <= nowMillis);
    }

    int size() {
        return byId.size();
    }
}

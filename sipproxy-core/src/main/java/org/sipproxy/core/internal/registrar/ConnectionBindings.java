package org.sipproxy.core.internal.registrar;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.Ticker;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.guard.GuardedStore;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.options.RegistrarPolicy.ConnectionLoss;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipUri;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * AORs registered over each connection, so that their bindings can be removed when it closes. Memory grows with the
 * number of bindings, which is limited, and is released when the connection closes. Thread-safe.
 */
public final class ConnectionBindings {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.REGISTRAR);

    private static final int MAX_CUT_OFF = 10_000;
    private static final Duration REMEMBERED = Duration.ofHours(1);

    private final ConcurrentMap<Key, Set<Aor>> registered = new ConcurrentHashMap<>();
    private final FailureLog failures = new FailureLog();
    private final GuardedStore store;
    private volatile ConnectionLoss policy;
    private final LostConnections lost;
    /** AORs that lost their last binding with a connection: their users are unavailable for now, not unknown. */
    private final Cache<Aor, Boolean> cutOff;

    ConnectionBindings(GuardedStore store, ConnectionLoss policy, LostConnections lost, Ticker ticker) {
        this.store = store;
        this.policy = policy;
        this.lost = lost;
        this.cutOff = Caffeine.newBuilder()
                .maximumSize(MAX_CUT_OFF)
                .expireAfterWrite(REMEMBERED)
                .ticker(ticker)
                .executor(Runnable::run) // its work is short and needs no thread of the JVM
                .build();
    }

    void policy(ConnectionLoss changed) {
        policy = changed;
    }

    /** Identity of a connection, independent of how it is wrapped. */
    private record Key(Endpoint endpoint, InetSocketAddress remote) {

        static Key of(Flow flow) {
            return new Key(flow.endpoint(), flow.remoteAddress());
        }
    }

    void registered(Flow flow, Aor aor) {
        if (policy == ConnectionLoss.KEEP || !flow.kind().isReliable()) {
            return;
        }
        cutOff.invalidate(aor);
        registered
                .computeIfAbsent(Key.of(flow), key -> ConcurrentHashMap.newKeySet(1))
                .add(aor);
        if (!flow.isOpen()) {
            closed(flow); // it was closed before it was recorded here
        }
    }

    /** Returns true if bindings may be removed when this connection closes. */
    public boolean concerns(Flow flow) {
        return registered.containsKey(Key.of(flow));
    }

    /** Returns the user who is registered over the connection; null if there is none, or more than one. */
    public @Nullable Aor userOf(Flow flow) {
        Set<Aor> aors = registered.get(Key.of(flow));
        if (aors == null) {
            return null;
        }
        Iterator<Aor> all = aors.iterator();
        Aor first = all.hasNext() ? all.next() : null;
        return all.hasNext() ? null : first;
    }

    /** Removes the bindings that end with the connection, which is closed. Blocks as long as the store does. */
    public void closed(Flow flow) {
        Set<Aor> aors = registered.remove(Key.of(flow));
        if (aors == null) {
            return;
        }
        for (Aor aor : aors) {
            lost(aor, this::ends);
        }
    }

    /** Removes the bindings whose connections are closed. Blocks as long as the store does. */
    public void lost(Aor aor, Predicate<Binding> which) {
        try {
            store.update(aor, new Loss(aor, which));
        } catch (LocationStoreException e) {
            failures.warn(LOG, "location store failed; bindings of a closed connection stay until they expire", e);
        }
    }

    /**
     * Returns true if the AOR lost its last binding with its connection within the last hour, and no other cause
     * removed it.
     */
    public boolean wasCutOff(Aor aor) {
        return cutOff.getIfPresent(aor) != null;
    }

    /**
     * Returns true if no connection can be opened to the contact or remote target: it is a browser (RFC 7118 §5.2, §6),
     * or its host does not exist.
     */
    public static boolean isReachedByItsConnection(SipUri uri) {
        return uri.isSip()
                && (uri.parameterIs("transport", "ws")
                        || uri.parameterIs("transport", "wss")
                        || HostName.normal(uri.host()).endsWith(".invalid"));
    }

    private boolean ends(Binding binding) {
        return lost.isLost(binding, false) && (policy == ConnectionLoss.REMOVE || isOnlyPath(binding));
    }

    /** A TCP phone without NAT can be connected to; a browser, a phone on TLS and a phone behind a NAT cannot. */
    private static boolean isOnlyPath(Binding binding) {
        SipUri received = binding.received().orElse(null);
        TransportKind kind = binding.flow().map(Flow::kind).orElse(TransportKind.TCP);
        return kind != TransportKind.TCP
                || (received != null
                        && !received.numericHost().equals(binding.contact().numericHost()));
    }

    /** Removes the lost bindings; those that were refreshed over another connection stay. */
    private final class Loss implements BindingChange {

        private final Aor aor;
        private final Predicate<Binding> which;

        Loss(Aor aor, Predicate<Binding> which) {
            this.aor = aor;
            this.which = which;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            List<Binding> left = new ArrayList<>(current);
            if (!left.removeIf(which)) {
                return current;
            }
            if (left.isEmpty()) {
                cutOff.put(aor, true); // before any reader can see that the bindings are removed
            }
            return left;
        }

        @Override
        public RemovalReason reasonOf(Binding removed) {
            return RemovalReason.CONNECTION_LOST;
        }
    }
}

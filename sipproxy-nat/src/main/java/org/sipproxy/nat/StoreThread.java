package org.sipproxy.nat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.sipproxy.api.component.ProxyRuntime;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.location.RemovalReason;
import org.sipproxy.api.support.LogPace;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that waits for the location store, so that timer and receiver threads do not. It ends after 30 s
 * without work.
 */
final class StoreThread implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.NAT);

    private static final int QUEUE = 10_000;
    private static final long IDLE_SECONDS = 30;

    private final LocationStore store;
    private final KnownClients clients;
    private final NatCounters counters;
    private final LogPace warnings = new LogPace(Duration.ofSeconds(10));
    private final ThreadPoolExecutor thread;

    StoreThread(ProxyRuntime proxy, KnownClients clients, NatCounters counters) {
        this.store = proxy.locationStore();
        this.clients = clients;
        this.counters = counters;
        this.thread = new ThreadPoolExecutor(
                1,
                1,
                IDLE_SECONDS,
                TimeUnit.SECONDS,
                new ArrayBlockingQueue<>(QUEUE),
                work -> proxy.newThread("nat-store", work));
        thread.allowCoreThreadTimeOut(true);
    }

    /** Runs the work on the thread. False if the queue is full: try again later. */
    boolean execute(Runnable work) {
        try {
            thread.execute(() -> guarded(work));
            return true;
        } catch (RejectedExecutionException e) {
            return false;
        }
    }

    private void guarded(Runnable work) {
        try {
            work.run();
        } catch (Throwable e) { // a host's store may throw anything, and the next work is unrelated
            warn(e);
        }
    }

    /** Removes all bindings of a flow, each in an update of its own, unless the client responds meanwhile. */
    void removeUnreachable(KeptFlow kept) {
        if (kept.leaving) {
            return;
        }
        kept.leaving = true;
        if (!execute(() -> removeAll(kept))) {
            kept.leaving = false;
        }
    }

    private void removeAll(KeptFlow kept) {
        try {
            for (Client client : kept.clients) {
                if (kept.unanswered == 0) {
                    return; // it has responded meanwhile
                }
                Unreachable change = new Unreachable(client.binding);
                List<Binding> left = store.update(client.aor, change);
                if (left.stream().noneMatch(b -> b.id().equals(client.binding.id()))) {
                    clients.remove(client.binding.id());
                }
                if (change.removed) {
                    counters.removed.increment();
                    LOG.info("{} no longer responds at {}", client.aor, kept.flow.remoteAddress());
                }
            }
        } catch (LocationStoreException e) {
            warn(e);
        } finally {
            kept.leaving = false;
        }
    }

    private void warn(Throwable cause) {
        if (warnings.isDue()) {
            LOG.warn("location store failed; bindings of unreachable clients are kept", cause);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    /** Removes the binding as it was when its client stopped responding; a binding refreshed since then is kept. */
    private static final class Unreachable implements BindingChange {

        private final Binding silent;
        private boolean removed;

        Unreachable(Binding silent) {
            this.silent = silent;
        }

        @Override
        public List<Binding> apply(List<Binding> current) {
            removed = false;
            List<Binding> left = new ArrayList<>(current);
            removed = left.removeIf(b -> b.id().equals(silent.id()) && b.updatedAtMillis() <= silent.updatedAtMillis());
            return removed ? left : current;
        }

        @Override
        public RemovalReason reasonOf(Binding gone) {
            return RemovalReason.UNREACHABLE;
        }
    }
}

package org.sipproxy.core.internal.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStore.Blocking;
import org.sipproxy.api.status.ProxyHealth;
import org.sipproxy.api.status.ProxyHealth.Status;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.api.support.Quantity;

/** Readiness of the proxy to serve. Queried for each OPTIONS to the proxy and by the host application. */
final class Readiness {

    private final BooleanSupplier refusesCalls;
    private final BooleanSupplier overloaded;
    private final LongSupplier lostSockets;
    private final Supplier<StoreStatus> store;
    /** True if requests are refused while the database is down. */
    private final boolean needsDatabase;

    Readiness(
            BooleanSupplier refusesCalls,
            BooleanSupplier overloaded,
            LongSupplier lostSockets,
            LocationStore locationStore,
            Supplier<StoreStatus> store) {
        this.refusesCalls = refusesCalls;
        this.overloaded = overloaded;
        this.lostSockets = lostSockets;
        this.needsDatabase = locationStore.blocking() != Blocking.NEVER;
        this.store = store;
    }

    /** Returns the same as {@link ProxyHealth#isReady} of {@link #health}. */
    boolean isReady() {
        return !refusesCalls.getAsBoolean()
                && lostSockets.getAsLong() == 0
                && !(needsDatabase && !store.get().databaseAnswers());
    }

    /** Returns the health of a started proxy. */
    ProxyHealth health() {
        List<String> problems = new ArrayList<>();
        Status status = Status.READY;
        if (refusesCalls.getAsBoolean()) {
            problems.add("new calls are refused: the proxy is draining");
            status = Status.NOT_READY;
        }
        if (overloaded.getAsBoolean()) {
            problems.add("overload: some new calls get 503, because more arrives than can be handled; add CPU, or limit"
                    + " what arrives");
            status = status == Status.NOT_READY ? status : Status.DEGRADED;
        }
        long lost = lostSockets.getAsLong();
        if (lost > 0) {
            problems.add(lost + " UDP socket(s) cannot be opened again: nothing is received there; see the log");
            status = Status.NOT_READY;
        }
        StoreStatus state = store.get();
        if (!state.databaseAnswers()) {
            problems.add("the location database does not respond: "
                    + state.lastError().orElse("no details")
                    + (state.waiting() > 0
                            ? "; changes of " + Quantity.of(state.waiting(), "user") + " wait, the oldest for "
                                    + state.oldestWaiting().toSeconds() + " s"
                            : ""));
            status = needsDatabase || status == Status.NOT_READY ? Status.NOT_READY : Status.DEGRADED;
        }
        return new ProxyHealth(status, problems);
    }
}

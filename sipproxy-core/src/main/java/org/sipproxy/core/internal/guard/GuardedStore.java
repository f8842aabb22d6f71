package org.sipproxy.core.internal.guard;

import java.util.List;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.BindingChange;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

/**
 * The location store as requests use it. Any exception other than the documented ones is logged and rethrown as a
 * {@link HostFailedException}.
 */
public final class GuardedStore {

    private final LocationStore store;
    private final LocationStore.Blocking blocking;
    private final HostCall host;

    /** Creates a guard, and queries the store which of its methods may block. */
    public GuardedStore(LocationStore store) {
        this.store = store;
        this.blocking = store.blocking();
        this.host = new HostCall("location store " + store.getClass().getName());
    }

    /** See {@link LocationStore#blocking}. */
    public LocationStore.Blocking blocking() {
        return blocking;
    }

    /** See {@link LocationStore#lookup}. */
    public List<Binding> lookup(Aor aor) {
        try {
            return store.lookup(aor);
        } catch (LocationStoreException | TemporarilyUnavailableException | HostFailedException e) {
            throw e;
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    /** See {@link LocationStore#update}. */
    public List<Binding> update(Aor aor, BindingChange change) {
        try {
            return store.update(aor, change);
        } catch (LocationStoreException | TemporarilyUnavailableException | HostFailedException e) {
            throw e;
        } catch (Throwable e) {
            throw failed(e);
        }
    }

    private HostFailedException failed(Throwable e) {
        host.failed(e);
        return new HostFailedException(e);
    }
}

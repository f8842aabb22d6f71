package org.sipproxy.core.internal.location;

import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.status.StoreStatus;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;

/** A location store that the proxy creates. It is opened before the first socket and closed after the last request. */
public interface ManagedLocationStore extends LocationStore {

    /** Returns the store of a storage mode, not yet opened. */
    static ManagedLocationStore of(StoreMode mode, ProxyTime time, TimerWheel wheel, ProxyThreads threads) {
        if (mode instanceof StoreMode.Memory) {
            return new MemoryLocationStore(time, wheel);
        }
        if (mode instanceof StoreMode.WriteThrough m) {
            return new WriteThroughStore(m.repository(), time, wheel, threads);
        }
        if (mode instanceof StoreMode.WriteBack m) {
            return new WriteBackStore(m, time, wheel, threads);
        }
        if (mode instanceof StoreMode.DatabaseOnly m) {
            return new DatabaseOnlyStore(m.repository(), time, threads);
        }
        if (mode instanceof StoreMode.LoadAtStart m) {
            return new LoadAtStartStore(m.repository(), time, wheel);
        }
        throw new IllegalStateException("store mode " + mode.getClass().getName() + " has no store");
    }

    /**
     * Loads the stored bindings if the mode does so, and starts the threads that the store needs.
     *
     * @throws org.sipproxy.api.location.LocationStoreException if the database cannot be read
     */
    void open();

    /**
     * Writes all changes that wait to be written. Returns at once if changes never wait in this mode.
     *
     * @throws org.sipproxy.api.location.LocationStoreException if the database does not accept them; they are kept
     */
    default void flush() {
        // changes never wait in this mode
    }

    /** Deletes expired rows. The store also does so by itself about once per minute. */
    default void sweep() {
        // this mode has no rows
    }

    /** Returns the state of the store and its database. */
    StoreStatus status();
}

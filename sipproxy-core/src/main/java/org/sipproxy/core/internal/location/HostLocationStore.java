package org.sipproxy.core.internal.location;

import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.api.location.LocationStore;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.core.internal.time.ProxyTime;
import org.sipproxy.core.internal.time.TimerWheel;
import org.sipproxy.core.status.StoreStatus;

/** A store that the proxy makes itself: it is opened before the first socket and closed after the last request. */
public interface HostLocationStore extends LocationStore {

    /** The store of a mode; it has opened nothing yet. */
    static HostLocationStore of(StoreMode mode, ProxyTime time, TimerWheel wheel, ProxyThreads threads) {
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
     * Reads what there is to read, and starts the threads that the store needs.
     *
     * @throws org.sipproxy.api.location.LocationStoreException if the database cannot be read
     */
    void open();

    /**
     * Writes all changes that wait to be written; returns at once if the mode lets none wait.
     *
     * @throws org.sipproxy.api.location.LocationStoreException if the database does not take them; they are kept
     */
    default void flush() {
        // every change is where it belongs
    }

    /** Deletes the rows that have ended; the store does it by itself about once a minute. */
    default void sweep() {
        // there are no rows
    }

    /** How the store and its database are doing. */
    StoreStatus status();
}

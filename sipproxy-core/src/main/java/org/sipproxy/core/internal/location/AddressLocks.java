package org.sipproxy.core.internal.location;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.routing.RequestDeadline;

/**
 * Locks for updates that wait for a database, one address at a time. An address always has the same lock; with many times
 * more of them than workers, two addresses seldom share one. Nobody but updates ever waits for one.
 */
final class AddressLocks {

    /** Power of two. */
    private static final int LOCKS = 2048;

    private static final long LONGEST_WAIT_MILLIS = 20_000;

    private final ReentrantLock[] locks = new ReentrantLock[LOCKS];

    AddressLocks() {
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new ReentrantLock();
        }
    }

    /**
     * Takes the lock of an address.
     *
     * @return the lock, for the caller to release
     * @throws LocationStoreException if it cannot be had in time
     */
    ReentrantLock lock(Aor aor) {
        ReentrantLock lock = of(aor);
        try {
            if (lock.tryLock(RequestDeadline.within(LONGEST_WAIT_MILLIS), TimeUnit.MILLISECONDS)) {
                return lock;
            }
            throw unavailable("other changes of the user's bindings take too long", new TimeoutException());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw unavailable("interrupted", e);
        }
    }

    private static LocationStoreException unavailable(String why, Exception cause) {
        return new LocationStoreException(LocationStoreException.Kind.UNREACHABLE, why, cause);
    }

    private ReentrantLock of(Aor aor) {
        int hash = aor.hashCode() * 0x9e3779b9;
        return locks[hash >>> 21 & (LOCKS - 1)];
    }
}

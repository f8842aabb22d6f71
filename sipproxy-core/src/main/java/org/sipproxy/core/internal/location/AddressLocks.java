package org.sipproxy.core.internal.location;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import org.sipproxy.api.location.Aor;
import org.sipproxy.api.location.LocationStoreException;
import org.sipproxy.api.routing.RequestDeadline;

/**
 * Striped locks for updates that wait for a database. An AOR always has the same lock. There are many times more locks
 * than workers, so two AORs seldom share one. Only updates wait for these locks.
 */
final class AddressLocks {

    /** A power of two. */
    private static final int LOCKS = 2048;

    private static final long LONGEST_WAIT_MILLIS = 20_000;

    private final ReentrantLock[] locks = new ReentrantLock[LOCKS];

    AddressLocks() {
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new ReentrantLock();
        }
    }

    /**
     * Takes the lock of an AOR.
     *
     * @return the lock, for the caller to release
     * @throws LocationStoreException if the lock is not acquired in time
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

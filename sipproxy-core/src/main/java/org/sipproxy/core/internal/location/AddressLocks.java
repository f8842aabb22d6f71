package org.sipproxy.core.internal.location;

import java.util.concurrent.locks.ReentrantLock;
import org.sipproxy.api.location.Aor;

/**
 * Locks for updates that wait for a database, one address at a time. An address always has the same lock; with many times
 * more of them than workers, two addresses seldom share one. Nobody but updates ever waits for one.
 */
final class AddressLocks {

    /** Power of two. */
    private static final int LOCKS = 2048;

    private final ReentrantLock[] locks = new ReentrantLock[LOCKS];

    AddressLocks() {
        for (int i = 0; i < LOCKS; i++) {
            locks[i] = new ReentrantLock();
        }
    }

    ReentrantLock of(Aor aor) {
        int hash = aor.hashCode() * 0x9e3779b9;
        return locks[hash >>> 21 & (LOCKS - 1)];
    }
}

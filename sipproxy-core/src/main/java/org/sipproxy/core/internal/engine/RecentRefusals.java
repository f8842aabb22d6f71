package org.sipproxy.core.internal.engine;

import java.util.concurrent.TimeUnit;
import org.sipproxy.core.internal.transaction.LingeringTable;
import org.sipproxy.core.internal.transaction.TransactionKey;
import org.sipproxy.core.options.ProxyClock;

/**
 * Requests refused without a transaction in the last 32 s, which is how long a client retransmits: at most some 25,000.
 * If more are refused in that time, the oldest are evicted and their retransmissions count as new.
 */
final class RecentRefusals {

    private static final long BYTES = 1 << 20;
    private static final byte[] NOTHING = {};

    private final LingeringTable keys;

    RecentRefusals(ProxyClock clock) {
        keys = new LingeringTable(BYTES, TimeUnit.SECONDS.toNanos(32), clock::nanoTime);
    }

    /** Records the request. Returns true if it was recorded before. */
    boolean isRepeated(TransactionKey key) {
        if (keys.get(key.first(), key.second()) != null) {
            return true;
        }
        keys.put(key.first(), key.second(), NOTHING);
        return false;
    }
}

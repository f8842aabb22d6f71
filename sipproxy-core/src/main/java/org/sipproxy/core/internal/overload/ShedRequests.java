package org.sipproxy.core.internal.overload;

import java.util.concurrent.atomic.AtomicLongArray;
import org.sipproxy.core.internal.transaction.TransactionKey;

/**
 * The latest {@value #SIZE} requests that got a 503 without state, at most. A retransmission that arrives later, when
 * there is room, must get the same response: the client may have ended the transaction already. Takes 256 KiB.
 *
 * <p>Thread-safe.
 */
public final class ShedRequests {

    private static final int SIZE = 1 << 15;

    private final AtomicLongArray keys = new AtomicLongArray(SIZE);
    private volatile boolean isUsed;

    /** Adds a request, in the place of an earlier one. */
    public void add(TransactionKey key) {
        keys.set(place(key), mark(key));
        if (!isUsed) {
            isUsed = true;
        }
    }

    /** Returns true if the request was added and not replaced since. */
    public boolean contains(TransactionKey key) {
        return isUsed && keys.get(place(key)) == mark(key);
    }

    private static int place(TransactionKey key) {
        return (int) key.second() & SIZE - 1;
    }

    /** Returns a number that is not 0. Two requests with one number and one place are improbable, as for the table. */
    private static long mark(TransactionKey key) {
        return key.first() | 1;
    }
}

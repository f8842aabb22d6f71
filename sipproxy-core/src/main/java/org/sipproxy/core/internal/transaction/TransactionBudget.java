package org.sipproxy.core.internal.transaction;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * Memory budget of all live transactions of one proxy, in bytes. Each half of a transaction counts the messages that it
 * keeps and an estimate of its objects; see {@link Transaction#holds}.
 *
 * <p>Requests are refused when their share is used up. Three quarters are open to all senders, so that strangers
 * cannot use up what requests of authenticated users, of trusted peers and of dialogs need. Memory in use is never
 * reclaimed.
 *
 * <p>Thread-safe. A check and the subsequent charge are not atomic, so the limits may be exceeded by one request per
 * thread.
 */
public final class TransactionBudget {

    /** Share of the budget that a request may use, by what is known about its sender. */
    public enum Share {
        /** An unproven sender: three quarters. */
        OPEN,
        /** A request that is not decided about yet, such as one that waits for a worker: seven eighths. */
        UNDECIDED,
        /** An authenticated user, a trusted peer, or a dialog that this proxy record-routed: everything. */
        RESERVED
    }

    private final long limit;
    private final AtomicLong used = new AtomicLong();
    private final LongAdder refused = new LongAdder();

    /**
     * Creates an unused budget.
     *
     * @param limit in bytes
     */
    public TransactionBudget(long limit) {
        this.limit = limit;
    }

    /** Returns true if {@code bytes} more fit into the share. Does not charge them. */
    public boolean takes(Share share, long bytes) {
        return used.get() + bytes <= limitOf(share);
    }

    private long limitOf(Share share) {
        return switch (share) {
            case OPEN -> limit - limit / 4;
            case UNDECIDED -> limit - limit / 8;
            case RESERVED -> limit;
        };
    }

    /** Charges {@code bytes}, or credits them if negative. */
    public void add(long bytes) {
        used.addAndGet(bytes);
    }

    /**
     * Returns true if less than a sixteenth is left: even the reserve has no room, and a 503 to a stranger would be
     * wasted work.
     */
    public boolean isExhausted() {
        return used.get() > limit - limit / 16;
    }

    /** Counts a request that was refused. */
    public void countRefused() {
        refused.increment();
    }

    /** Returns the bytes in use now. */
    public long used() {
        return used.get();
    }

    /** Returns the limit in bytes. */
    public long limit() {
        return limit;
    }

    /** Returns how many requests were refused. */
    public long refused() {
        return refused.sum();
    }
}

package org.sipproxy.core.internal.transaction;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * What all live transactions of one proxy may take together, in bytes. Each half of a transaction counts the messages that it
 * keeps and an estimate of its objects; see {@link Transaction#holds}.
 *
 * <p>Requests are turned away when their share is used up. Three quarters are open to everybody, so that a stranger cannot use
 * up what requests of authenticated users, of trusted peers and of dialogs need. What is in use already is never taken back.
 *
 * <p>Threads: any. A check and the charge that follows it are not one step, so the limits may be passed by what as many requests
 * take as there are threads.
 */
public final class TransactionBudget {

    /** What a request may use, by what is known about its sender. */
    public enum Share {
        /** A sender that has proved nothing: three quarters. */
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
     * A budget of which nothing is used.
     *
     * @param limit in bytes
     */
    public TransactionBudget(long limit) {
        this.limit = limit;
    }

    /** True if {@code bytes} more fit into the share. Does not charge them. */
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

    /** True if less than a sixteenth is left: not even the reserve has room, and a 503 to a stranger is work for nothing. */
    public boolean isExhausted() {
        return used.get() > limit - limit / 16;
    }

    /** A request was turned away. */
    public void countRefused() {
        refused.increment();
    }

    /** Bytes in use now. */
    public long used() {
        return used.get();
    }

    /** Bytes that may be in use. */
    public long limit() {
        return limit;
    }

    /** How many requests were turned away. */
    public long refused() {
        return refused.sum();
    }
}

package org.sipproxy.jdbc;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

/**
 * Limit on look-ups, which protects the database from floods: a maximum at once, and a maximum per second that find no
 * subscriber. Invented names differ each time, so a cache does not help against them.
 */
final class LookupGate {

    private static final long MAX_WAIT_MILLIS = 2_000;

    private final Semaphore permits;
    private final long nanosEach;
    private final LongSupplier nanoTime;

    /** Time until which look-ups without a result are paid for; more than one second ahead is a flood. */
    private final AtomicLong paidUntil;

    LookupGate(int atOnce, int unknownPerSecond, LongSupplier nanoTime) {
        this.permits = new Semaphore(atOnce);
        this.nanosEach = TimeUnit.SECONDS.toNanos(1) / unknownPerSecond;
        this.nanoTime = nanoTime;
        this.paidUntil = new AtomicLong(nanoTime.getAsLong());
    }

    /**
     * Waits for a free place.
     *
     * @throws TemporarilyUnavailableException if no place is free in time, or too many unknown users were looked up
     *     recently
     */
    void enter() {
        refuseIfFlooded();
        try {
            if (!permits.tryAcquire(RequestDeadline.within(MAX_WAIT_MILLIS), TimeUnit.MILLISECONDS)) {
                throw new TemporarilyUnavailableException("the database is too slow for the waiting look-ups", 5, null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TemporarilyUnavailableException("interrupted", 1, e);
        }
    }

    /**
     * Throws if too many unknown users were looked up recently.
     *
     * @throws TemporarilyUnavailableException if so
     */
    void refuseIfFlooded() {
        if (isFlooded()) {
            throw new TemporarilyUnavailableException("too many look-ups of unknown users", 1, null);
        }
    }

    boolean isFlooded() {
        return paidUntil.get() - nanoTime.getAsLong() > TimeUnit.SECONDS.toNanos(1);
    }

    /** Returns how many of the looked-up subscribers do not exist. */
    static int unknownOf(Credentials[] found) {
        int unknown = 0;
        for (Credentials one : found) {
            if (one == Credentials.NONE) {
                unknown++;
            }
        }
        return unknown;
    }

    /** Returns the place, and charges for look-ups that found no subscriber. */
    void leave(int unknownUsers) {
        permits.release();
        if (unknownUsers > 0) {
            long now = nanoTime.getAsLong();
            paidUntil.accumulateAndGet(
                    unknownUsers * nanosEach, (until, cost) -> (until - now < 0 ? now : until) + cost);
        }
    }
}

package org.sipproxy.jdbc;

import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.sipproxy.api.routing.RequestDeadline;
import org.sipproxy.api.routing.TemporarilyUnavailableException;

/**
 * Keeps floods away from the database: only so many look-ups at once, and only so many a second that find nobody. Invented
 * names differ each time, so no cache helps against them.
 */
final class LookupGate {

    private static final long MAX_WAIT_MILLIS = 2_000;

    private final Semaphore places;
    private final long nanosEach;
    private final LongSupplier nanoTime;

    /** When the look-ups that found nobody will have been paid for; more than a second ahead is too much. */
    private final AtomicLong paidUntil;

    LookupGate(int atOnce, int unknownPerSecond, LongSupplier nanoTime) {
        this.places = new Semaphore(atOnce);
        this.nanosEach = TimeUnit.SECONDS.toNanos(1) / unknownPerSecond;
        this.nanoTime = nanoTime;
        this.paidUntil = new AtomicLong(nanoTime.getAsLong());
    }

    /**
     * Waits for a place.
     *
     * @throws TemporarilyUnavailableException if there is none in time, or too many names were invented lately
     */
    void enter() {
        refuseIfFlooded();
        try {
            if (!places.tryAcquire(RequestDeadline.within(MAX_WAIT_MILLIS), TimeUnit.MILLISECONDS)) {
                throw new TemporarilyUnavailableException(
                        "the database is too slow for the look-ups that wait", 5, null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new TemporarilyUnavailableException("interrupted", 1, e);
        }
    }

    /**
     * Refuses to look anybody up if too many names were invented lately.
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

    /** Returns how many of those that were looked up do not exist. */
    static int unknownOf(Credentials[] found) {
        int unknown = 0;
        for (Credentials one : found) {
            if (one == Credentials.NONE) {
                unknown++;
            }
        }
        return unknown;
    }

    /** Gives the place back. */
    void leave(int foundNobody) {
        places.release();
        if (foundNobody > 0) {
            long now = nanoTime.getAsLong();
            paidUntil.accumulateAndGet(
                    foundNobody * nanosEach, (until, cost) -> (until - now < 0 ? now : until) + cost);
        }
    }
}

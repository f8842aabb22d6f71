package org.sipproxy.core.internal.time;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hashed timer wheel. Schedule and cancel take constant time from any thread; one thread advances the wheel.
 *
 * <p>One lock guards the slots. It is held for a few instructions at a time, and never while a timer fires.
 */
public final class TimerWheel {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);

    /** 10 ms: a fiftieth of T1. */
    static final long TICK_NANOS = 10_000_000L;

    /** A power of two; 4,096 ticks are 41 s, so that Timers B, D, F, H, J, L and M fit in one turn. */
    private static final int SLOTS = 4096;

    /** Deadline of a timer that is in {@link #due} and waits to fire. */
    private static final long DUE = -2;

    private final Guard guard = new Guard(LOG, "a timer failed");
    private final @Nullable Timer[] slots = new Timer[SLOTS];
    private final long startNanos;
    private long currentTick;
    private int scheduled;
    /** Used only by the thread that advances the wheel. */
    private final List<Timer> due = new ArrayList<>();

    public TimerWheel(long nowNanos) {
        this.startNanos = nowNanos;
    }

    /** Fires {@code timer} after {@code delayNanos}. A timer that is already scheduled is moved. */
    public synchronized void schedule(Timer timer, long nowNanos, long delayNanos) {
        unlink(timer);
        // each term is limited to half of the range, so that a sum cannot overflow into the past
        long delay = Math.min(Math.max(delayNanos, 0), Long.MAX_VALUE / 2);
        long tick = (nowNanos - startNanos + delay + TICK_NANOS - 1) / TICK_NANOS;
        timer.deadlineTick = Math.max(tick, currentTick + 1);
        int slot = (int) (timer.deadlineTick & (SLOTS - 1));
        timer.slot = slot;
        Timer head = slots[slot];
        timer.next = head;
        if (head != null) {
            head.previous = timer;
        }
        slots[slot] = timer;
        scheduled++;
    }

    /** Removes {@code timer} from the wheel. It may still be firing if that has begun. */
    public synchronized void cancel(Timer timer) {
        unlink(timer);
    }

    private void unlink(Timer timer) {
        if (timer.deadlineTick < 0) {
            timer.deadlineTick = Timer.IDLE; // also if it was due
            return;
        }
        Timer previous = timer.previous;
        Timer next = timer.next;
        if (previous == null) {
            slots[timer.slot] = next;
        } else {
            previous.next = next;
        }
        if (next != null) {
            next.previous = previous;
        }
        timer.previous = null;
        timer.next = null;
        timer.deadlineTick = Timer.IDLE;
        scheduled--;
    }

    /** Fires all due timers. Anything that a timer throws, an Error too, is logged and does not stop the others. */
    public void advance(long nowNanos) {
        long target = (nowNanos - startNanos) / TICK_NANOS;
        while (takeDue(target)) {
            for (Timer timer : due) {
                fire(timer);
            }
            due.clear();
        }
    }

    private void fire(Timer timer) {
        if (!takeTurn(timer)) {
            return;
        }
        try {
            timer.fire();
        } catch (Throwable e) {
            guard.caught(e);
        }
    }

    /**
     * Returns false if the timer was cancelled or moved since it became due, for example by a timer that fired before
     * it.
     */
    private synchronized boolean takeTurn(Timer timer) {
        boolean stillDue = timer.deadlineTick == DUE;
        if (stillDue) {
            timer.deadlineTick = Timer.IDLE;
        }
        return stillDue;
    }

    /**
     * Moves the timers of the next non-empty tick to {@link #due}; returns false if the wheel is up to date. If memory
     * runs out, no timer is lost: each is unlinked only when it is in the list, and the next call begins with the same
     * tick.
     */
    private synchronized boolean takeDue(long target) {
        while (currentTick < target) {
            if (scheduled == 0) {
                currentTick = target;
                break;
            }
            long tick = currentTick + 1;
            Timer t = slots[(int) (tick & (SLOTS - 1))];
            while (t != null) {
                Timer next = t.next;
                if (t.deadlineTick <= tick) {
                    due.add(t);
                    unlink(t);
                    t.deadlineTick = DUE;
                }
                t = next;
            }
            currentTick = tick;
            if (!due.isEmpty()) {
                return true;
            }
        }
        return !due.isEmpty();
    }

    /** Returns how many timers are scheduled. */
    public synchronized int size() {
        return scheduled;
    }
}

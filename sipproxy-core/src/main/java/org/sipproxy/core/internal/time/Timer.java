package org.sipproxy.core.internal.time;

import org.jspecify.annotations.Nullable;

/**
 * A timed action that is itself a node in the lists of a {@link TimerWheel}, so that scheduling and cancelling allocate
 * nothing. All fields belong to the wheel and are guarded by its lock.
 */
public abstract class Timer {

    /** Deadline of a timer that is not scheduled. */
    static final long IDLE = -1;

    @Nullable
    Timer previous;

    @Nullable
    Timer next;
    /** The tick at which it fires; negative while it is not in a list of the wheel. */
    long deadlineTick = IDLE;

    int slot;

    /**
     * Called once, without the wheel's lock, by the thread that advances the wheel. A cancel or a move may happen when
     * this call has just begun, so it must check under its owner's lock whether it is still needed.
     */
    protected abstract void fire();
}

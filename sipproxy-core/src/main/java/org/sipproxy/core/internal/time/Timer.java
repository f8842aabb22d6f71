package org.sipproxy.core.internal.time;

import org.jspecify.annotations.Nullable;

/**
 * Something that happens at a time, itself a node of a {@link TimerWheel}'s lists: scheduling and cancelling allocate
 * nothing. All fields belong to the wheel and are guarded by its lock.
 */
public abstract class Timer {

    /** The deadline of a timer that is not scheduled. */
    static final long IDLE = -1;

    @Nullable
    Timer previous;

    @Nullable
    Timer next;
    /** The tick at which it fires; negative while it is on no list of the wheel. */
    long deadlineTick = IDLE;

    int slot;

    /**
     * Called once, without the wheel's lock, by the thread that advances the wheel. A cancel or a move may come when it has
     * just begun, so it must check under its owner's lock whether it is still wanted.
     */
    protected abstract void fire();
}

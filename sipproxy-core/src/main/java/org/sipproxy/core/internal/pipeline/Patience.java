package org.sipproxy.core.internal.pipeline;

import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * State of the wait for the decision about a request: which thread may wait, until when, and which requests wait behind
 * it.
 */
public final class Patience {

    /** The thread that runs a stage and may wait; null if there is none. */
    private volatile @Nullable Thread waiting;
    /** True while an asynchronous stage decides. If look-ups may block, none of its threads has to be fast. */
    private volatile boolean decidesLater;
    /** A {@link System#nanoTime()} after which the decision comes too late; 0 before the request has waited. */
    private long deadlineNanos;
    /** True once the stage that decides is not awaited: its time is over, or the request was cancelled. */
    private volatile boolean givenUp;
    /** True while requests of the same Call-ID wait for the decision about this one. */
    private boolean holdsLane;

    Patience() {}

    /** Returns true if the current thread may wait for a look-up. */
    boolean mayWait() {
        return decidesLater || waiting == Thread.currentThread();
    }

    /** Runs what may wait, such as a stage of the host application, on a thread that may. */
    public <T> T waiting(Supplier<T> stage) {
        waiting = Thread.currentThread();
        try {
            return stage.get();
        } finally {
            if (waiting == Thread.currentThread()) { // otherwise another stage has begun on its own thread
                waiting = null;
            }
        }
    }

    void decidesLater(boolean value) {
        decidesLater = value;
    }

    /** Returns when the decision comes too late, a {@link System#nanoTime()}; 0 if that was not set. */
    public long deadlineNanos() {
        return deadlineNanos;
    }

    public void deadlineNanos(long deadline) {
        deadlineNanos = deadline == 0 ? 1 : deadline;
    }

    /** Notes that the response does not wait for the stage that decides: it is late, or the client has cancelled. */
    public void giveUp() {
        givenUp = true;
    }

    /** Returns true once the stage that decides is not awaited, so that its failure does not matter. */
    boolean isGivenUp() {
        return givenUp;
    }

    boolean holdsLane() {
        return holdsLane;
    }

    public void holdsLane(boolean value) {
        holdsLane = value;
    }
}

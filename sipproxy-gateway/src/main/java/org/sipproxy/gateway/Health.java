package org.sipproxy.gateway;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Health of a member, from probes and the results of requests, and the decision of an operator. Thread-safe.
 *
 * <pre>
 *  state   event                                    next
 *  ------  ---------------------------------------  --------------------------------------------------
 *  ACTIVE  failure                                  TRYING; DOWN if the threshold is reached
 *  TRYING  failure                                  DOWN if the threshold is reached
 *  TRYING  response to a request, probe succeeded   ACTIVE
 *  any     503 with Retry-After                     DOWN until then; no probe ends that
 *  DOWN    probe succeeded                          ACTIVE if that threshold is reached
 *  DOWN    response to a request                    ACTIVE if only requests had failed
 *  DOWN    the time is over                         TRYING; the next failure leads back
 * </pre>
 */
final class Health {

    /** Why a member is down. */
    private enum Cause {
        NONE,
        /** Requests failed: the member may still be tried if nothing better is left. */
        REQUESTS,
        PROBES,
        RETRY_AFTER,
        /** It was configured to start as down. */
        START
    }

    /** A change of the visible state. */
    record Transition(MemberState before, MemberState now, String reason) {}

    private final int downAfter;
    private final int upAfter;
    private final Duration recoverAfter;

    // all guarded by this object's monitor
    private MemberState state = MemberState.ACTIVE;
    private @Nullable MemberState decided;
    private Cause cause = Cause.NONE;
    private int failures;
    private int successes;
    private @Nullable Instant recoversAt;
    private @Nullable Instant failedAt;
    private String failure = "";

    Health(int downAfter, int upAfter, Duration recoverAfter) {
        this.downAfter = downAfter;
        this.upAfter = upAfter;
        this.recoverAfter = recoverAfter;
    }

    /** Puts a new member into the state that its configuration says. */
    synchronized void startDown() {
        state = MemberState.DOWN;
        cause = Cause.START;
    }

    /** Returns the visible state. */
    synchronized MemberState state() {
        return decided == null ? state : decided;
    }

    /** Returns true if the member may get requests. */
    synchronized boolean isUsable() {
        return decided == null && state != MemberState.DOWN;
    }

    /** Returns true if the member may get a request that no usable member can serve. */
    synchronized boolean isLastResort() {
        return decided == null && state == MemberState.DOWN && cause == Cause.REQUESTS;
    }

    /** Returns when the latest failure was; the start of time if there was none. */
    synchronized Instant failedAt() {
        return failedAt == null ? Instant.MIN : failedAt;
    }

    /** Returns when the member is tried again without a probe. */
    synchronized Optional<Instant> recoversAt() {
        return Optional.ofNullable(recoversAt);
    }

    /** Returns the reason of the latest failure; empty if there was none. */
    synchronized String failure() {
        return failure;
    }

    /**
     * Records a failed request: it could not be sent, or there was no response, or a 503.
     *
     * @param isProbedWhenDown true if probes will find out when the member is up again
     */
    synchronized @Nullable Transition requestFailed(Instant now, String reason, boolean isProbedWhenDown) {
        failed(now, reason);
        if (state == MemberState.DOWN) {
            if (cause == Cause.REQUESTS && recoversAt != null) {
                recoversAt = now.plus(recoverAfter);
            }
            return null;
        }
        if (failures < downAfter) {
            return become(MemberState.TRYING, reason);
        }
        cause = Cause.REQUESTS;
        recoversAt = isProbedWhenDown ? null : now.plus(recoverAfter);
        return become(MemberState.DOWN, reason);
    }

    /** Records a 503 with Retry-After: the member gets no requests for this time (RFC 3261 §21.5.4). */
    synchronized @Nullable Transition refusedFor(Instant now, Duration time, String reason) {
        failed(now, reason);
        cause = Cause.RETRY_AFTER;
        recoversAt = now.plus(time);
        return become(MemberState.DOWN, reason);
    }

    /** Records a response to a request. */
    synchronized @Nullable Transition responded() {
        if (state == MemberState.TRYING || (state == MemberState.DOWN && cause == Cause.REQUESTS)) {
            return up("responds");
        }
        failures = 0;
        return null;
    }

    synchronized @Nullable Transition probeFailed(Instant now, String reason) {
        failed(now, reason);
        if (state == MemberState.DOWN) {
            if (cause == Cause.REQUESTS) {
                cause = Cause.PROBES;
                recoversAt = null;
            }
            return null;
        }
        if (failures < downAfter) {
            return become(MemberState.TRYING, reason);
        }
        cause = Cause.PROBES;
        recoversAt = null;
        return become(MemberState.DOWN, reason);
    }

    synchronized @Nullable Transition probeSucceeded() {
        if (state == MemberState.DOWN) {
            boolean enough = cause != Cause.RETRY_AFTER && ++successes >= upAfter;
            return enough ? up("responds to OPTIONS") : null;
        }
        return up("responds to OPTIONS");
    }

    /** Lets the member be tried again if its time has come. */
    synchronized @Nullable Transition recover(Instant now) {
        Instant at = recoversAt;
        if (state != MemberState.DOWN || at == null || now.isBefore(at)) {
            return null;
        }
        recoversAt = null;
        cause = Cause.NONE;
        failures = downAfter - 1;
        return become(MemberState.TRYING, "tried again");
    }

    /** Takes the member out of use, for an operator. */
    synchronized @Nullable Transition decide(MemberState out) {
        MemberState before = state();
        decided = out;
        return before == out ? null : new Transition(before, out, "by an operator");
    }

    /** Puts the member into use, for an operator, whatever its health was. */
    synchronized @Nullable Transition enable() {
        MemberState before = state();
        decided = null;
        reset();
        return before == MemberState.ACTIVE ? null : new Transition(before, MemberState.ACTIVE, "by an operator");
    }

    private void failed(Instant now, String reason) {
        failedAt = now;
        failure = reason;
        successes = 0;
        failures = Math.min(failures + 1, downAfter);
    }

    private @Nullable Transition up(String reason) {
        MemberState before = state();
        reset();
        MemberState after = state();
        return before == after ? null : new Transition(before, after, reason);
    }

    private void reset() {
        state = MemberState.ACTIVE;
        cause = Cause.NONE;
        failures = 0;
        successes = 0;
        recoversAt = null;
    }

    private @Nullable Transition become(MemberState next, String reason) {
        MemberState before = state();
        state = next;
        MemberState after = state();
        return before == after ? null : new Transition(before, after, reason);
    }
}

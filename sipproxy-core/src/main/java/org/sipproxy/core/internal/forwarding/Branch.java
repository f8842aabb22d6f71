package org.sipproxy.core.internal.forwarding;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.routing.FailureCause;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.dns.ResolutionFailure;
import org.sipproxy.core.internal.forwarding.TargetRoute.Attempt;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.transaction.ClientTransaction;
import org.sipproxy.core.internal.transaction.ClientTransactionUser;
import org.sipproxy.core.internal.transaction.InviteClientTransaction;
import org.sipproxy.core.internal.transaction.NoTransactionUser;
import org.sipproxy.core.internal.transaction.NonInviteClientTransaction;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.HeaderName;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.StatusCode;
import org.sipproxy.message.wire.MessageIndex;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One target of a forked request. The candidates of its route are tried one after the other until one responds (RFC
 * 3263 §4.3). All methods run under the lock of the server transaction.
 */
final class Branch implements ClientTransactionUser {

    /** In seconds. No failure is remembered longer than this. */
    private static final long MAX_RETRY_AFTER = 100_000;

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.PROXY);
    private static final FailureLog DEFECTS = new FailureLog();

    private static final String CANCELLED = "cancelled";

    private final ResponseContext parent;
    private final @Nullable PlannedRelay plan;
    private final Target target;
    /** Share of the request's Max-Breadth. */
    private final int breadth;

    /** Null before the branch begins. */
    private @Nullable TargetRoute route;
    /** The current attempt: where the request was sent, and where its responses come from. */
    private @Nullable Attempt attempt;

    private @Nullable ClientTransaction transaction;
    /** True if the current attempt has received a response. */
    private boolean responded;
    /** True if an attempt received no final response in time. */
    private boolean timedOut;
    /** A 503 after which other next hops were tried, and the flow over which it arrived. */
    private @Nullable SipResponse unavailable;

    private @Nullable TransportFlow unavailableFrom;

    private boolean ended;
    /** True if the INVITE was cancelled, by the client or by this proxy: no further candidate is tried. */
    private boolean cancelled;
    /** True if a provisional response above 100 was received. */
    private boolean rang;
    /** True if its ring time has expired: it counts as failed, but a 2xx is still forwarded. */
    private boolean givenUp;

    Branch(ResponseContext parent, @Nullable PlannedRelay plan, Target target, int breadth) {
        this.parent = parent;
        this.plan = plan;
        this.target = target;
        this.breadth = breadth;
    }

    Target target() {
        return target;
    }

    /** Returns true if the target has not sent any response. */
    boolean isSilent() {
        return !responded;
    }

    /** Returns true if the target has sent a provisional response above 100. */
    boolean hasRung() {
        return rang;
    }

    void begin() {
        try {
            SipRequest request = parent.context.request();
            TargetRoute begun = new TargetRoute(
                    parent.forwarder,
                    parent.context,
                    plan == null ? request : plan.edited(request, target),
                    target,
                    parent.loopHash,
                    breadth);
            route = begun;
            tryNext(begun);
        } catch (SipParseException e) {
            end(e.statusCode(), e.getMessage());
        } catch (PlannedRelay.BranchEditException e) {
            end(StatusCode.SERVER_INTERNAL_ERROR, PlannedRelay.BranchEditException.TEXT);
        } catch (RuntimeException e) {
            defect(e);
        }
    }

    /** Ends the branch because the request cannot be written; the caller must not wait for it until Timer C. */
    private void defect(RuntimeException e) {
        DEFECTS.error(LOG, "a branch could not be sent; it counts as failed with 500", e);
        end(StatusCode.SERVER_INTERNAL_ERROR, "the request cannot be written");
    }

    /**
     * Gives the branch up because it rang too long: cancels it and counts it as failed. A 2xx that it sends meanwhile
     * is forwarded.
     */
    void giveUp(String why, FailureCause cause) {
        if (ended || givenUp) {
            return;
        }
        cancelled = true;
        ClientTransaction running = transaction;
        if (running instanceof InviteClientTransaction invite) {
            givenUp = true;
            invite.cancel(null);
        } else {
            ended = true;
            if (running != null) {
                running.handOver(NoTransactionUser.INSTANCE);
            }
        }
        parent.failure(this, StatusCode.REQUEST_TIMEOUT, why, cause);
    }

    /** Sends to the next candidate; ends the branch if none is left. */
    private void tryNext() {
        try {
            tryNext(route());
        } catch (SipParseException e) {
            end(e.statusCode(), e.getMessage());
        } catch (RuntimeException e) {
            defect(e);
        }
    }

    private void tryNext(TargetRoute candidates) throws SipParseException {
        if (candidates.needsLookUp()) {
            parent.server.tryingSoon();
            candidates.lookUp(lookedUp(candidates));
            return;
        }
        Attempt next = candidates.next();
        if (next != null) {
            send(next);
        } else {
            endWithoutCandidate(candidates);
        }
    }

    private NextHopResolver.Callback lookedUp(TargetRoute candidates) {
        return new NextHopResolver.Callback() {
            @Override
            public void resolved(List<NextHop> nextHops) {
                goOn(() -> candidates.found(nextHops));
            }

            @Override
            public void failed(ResolutionFailure failure) {
                goOn(() -> candidates.notFound(failure));
            }
        };
    }

    private void goOn(Runnable found) {
        synchronized (parent.server) {
            try {
                if (!ended) {
                    found.run();
                    tryNext();
                }
            } catch (Error e) {
                parent.server.abandon(); // otherwise it would wait forever for this branch
                throw e;
            }
        }
    }

    private void endWithoutCandidate(TargetRoute candidates) {
        SipResponse received = unavailable;
        TransportFlow from = unavailableFrom;
        if (!ended && !cancelled && received != null && from != null) {
            ended = true;
            parent.failure(this, received, from);
        } else {
            end(timedOut ? StatusCode.REQUEST_TIMEOUT : candidates.failureStatus(), candidates.why());
        }
    }

    private void send(Attempt next) {
        RequestForwarder forwarder = parent.forwarder;
        ClientTransaction started = parent.isInvite()
                ? new InviteClientTransaction(
                        next.branch(),
                        next.wire(),
                        next.flow(),
                        parent.server,
                        forwarder.table,
                        this,
                        parent.server.path().datagrams())
                : new NonInviteClientTransaction(
                        next.branch(), next.wire(), next.flow(), parent.server, forwarder.table, this, false);
        transaction = started;
        attempt = next;
        responded = false;
        parent.server.trying();
        started.start();
        parent.sent();
    }

    /** Returns true while the request may have to be sent to another candidate. */
    boolean maySendAgain() {
        return !ended && !givenUp && (transaction == null || route().hasNext());
    }

    /**
     * Leaves the client transaction to itself when the response is no longer needed. Returns false if this branch has
     * more to do.
     */
    boolean leave() {
        ClientTransaction running = transaction;
        if (ended || running == null || maySendAgain()) {
            return false;
        }
        ended = true;
        running.handOver(NoTransactionUser.INSTANCE);
        return true;
    }

    /** Ends the branch and its client transaction without a response. */
    void stop() {
        ended = true;
        ClientTransaction running = transaction;
        if (running != null) {
            running.terminate();
        }
    }

    /** Ends the branch with a locally generated status. */
    private void end(int statusCode, String why) {
        if (!ended) {
            ended = true;
            if (!givenUp) {
                parent.failure(this, statusCode, why, FailureCause.UNREACHABLE);
            }
        }
    }

    /**
     * Cancels this branch, because its response is no longer needed: sends CANCEL as soon as that is allowed, or never
     * tries the target.
     */
    void cancel(byte @Nullable [] reasonLine) {
        if (ended || givenUp) {
            return;
        }
        cancelled = true;
        if (transaction instanceof InviteClientTransaction invite) {
            invite.cancel(reasonLine);
        } else {
            end(StatusCode.REQUEST_TERMINATED, CANCELLED);
        }
    }

    // ---- the client transaction

    @Override
    public void onResponse(SipResponse response) {
        noteResponse(response);
        if (response.isProvisional()) {
            rang |= response.statusCode() > 100;
            if (!givenUp) {
                parent.provisional(response, from(), target);
            }
            return;
        }
        if (ended) {
            return;
        }
        if (givenUp) {
            finalResponseOfGivenUp(response);
            return;
        }
        if (response.statusCode() == StatusCode.SERVICE_UNAVAILABLE && mayTryNextServer()) {
            detach();
            unavailable = response;
            unavailableFrom = from();
            route().nextServer();
            tryNext();
            return;
        }
        ended = true;
        if (response.isSuccess()) {
            if (transaction instanceof InviteClientTransaction invite) {
                invite.handOver(parent.lateSuccesses(from(), target));
                route().accepted(attempt());
            }
            parent.success(this, response, from());
        } else {
            detach();
            parent.failure(this, response, from());
        }
    }

    private void finalResponseOfGivenUp(SipResponse response) {
        ended = true;
        if (response.isSuccess() && transaction instanceof InviteClientTransaction invite) {
            invite.handOver(parent.lateSuccesses(from(), target));
            route().accepted(attempt());
            parent.lateSuccess(this, response, from());
        } else {
            detach();
        }
    }

    /**
     * RFC 3263 §4.3: a 503 is a failure of the server. Without Retry-After it says nothing about later requests
     * (§21.5.4).
     */
    private void noteResponse(SipResponse response) {
        NextHop hop = attempt().hop();
        if (responded && response.statusCode() != StatusCode.SERVICE_UNAVAILABLE) {
            return;
        }
        responded = true;
        if (hop == null) {
            return;
        }
        long away = response.statusCode() == StatusCode.SERVICE_UNAVAILABLE ? retryAfterSeconds(response) : 0;
        if (away > 0) {
            parent.forwarder.failedHops.failed(hop, TimeUnit.SECONDS.toNanos(away));
        } else {
            parent.forwarder.failedHops.responded(hop);
        }
    }

    private static long retryAfterSeconds(SipResponse response) {
        int line = response.firstHeader(HeaderName.RETRY_AFTER);
        if (line < 0) {
            return 0;
        }
        long seconds = 0;
        int at = response.index().valueStart(line);
        MessageIndex wire = response.index();
        while (at < response.index().valueEnd(line)
                && wire.byteAt(at) >= '0'
                && wire.byteAt(at) <= '9'
                && seconds < MAX_RETRY_AFTER) {
            seconds = 10 * seconds + wire.byteAt(at++) - '0';
        }
        return seconds;
    }

    private TargetRoute route() {
        return Objects.requireNonNull(route, "the branch has not begun");
    }

    private Attempt attempt() {
        return Objects.requireNonNull(attempt, "response before the request was sent");
    }

    private TransportFlow from() {
        return attempt().flow();
    }

    /**
     * The INVITE's transaction lives on to acknowledge retransmitted failures; it does not need this branch for that.
     */
    private void detach() {
        if (transaction instanceof InviteClientTransaction invite) {
            invite.handOver(NoTransactionUser.INSTANCE);
        }
    }

    private boolean mayTryNextServer() {
        return !cancelled && route().hasNextServer();
    }

    @Override
    public void onTimeout() {
        timedOut = true;
        route().timedOut(attempt());
        noteFailure();
        if (mayTryNextServer()) {
            route().nextServer();
            tryNext();
        } else {
            endWithoutCandidate(route());
        }
    }

    private void noteFailure() {
        NextHop hop = attempt().hop();
        if (hop != null && !responded) {
            parent.forwarder.failedHops.failed(hop);
        }
    }

    /** §16.8: an INVITE that rang too long is cancelled. The branch ends with its 487, or after 64*T1 without it. */
    @Override
    public void onTimerC() {
        if (plan == null) {
            cancel(null);
        } else {
            giveUp("Timer C", FailureCause.NO_ANSWER);
        }
    }

    @Override
    public void onTransportError(Throwable cause) {
        route().notSent(attempt(), cause);
        noteFailure();
        if (cancelled) {
            end(StatusCode.REQUEST_TERMINATED, CANCELLED);
        } else {
            tryNext();
        }
    }
}

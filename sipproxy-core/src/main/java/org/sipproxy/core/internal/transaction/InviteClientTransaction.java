package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.codec.DerivedRequests;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;

/**
 * INVITE client transaction (RFC 3261 §17.1.1) with the Accepted state of RFC 6026 §7.2, and the proxy's Timer C
 * (§16.8), which runs only where the other timers do not.
 *
 * <pre>
 *  state       event              action                                        next
 *  ----------  -----------------  --------------------------------------------  ----------
 *  CALLING     start              send; start Timers A (UDP) and B              CALLING
 *  CALLING     Timer A            retransmit; A doubles                         CALLING
 *  CALLING     Timer B            notify the user                               -
 *  CALLING     not sent           notify the user                               -
 *  CALLING     1xx                notify the user; start Timer C; send the      PROCEEDING
 *                                 CANCEL that waited for this (§9.1)
 *  PROCEEDING  101-199            notify the user; restart Timer C              PROCEEDING
 *  PROCEEDING  Timer C            notify the user                               PROCEEDING
 *  PROCEEDING  64*T1 after CANCEL notify the user: timeout (§9.1)               -
 *  CALLING, PROCEEDING  2xx       notify the user; start Timer M                ACCEPTED
 *  CALLING, PROCEEDING  300-699   send ACK; notify the user; start Timer D      COMPLETED
 *  COMPLETED   300-699            retransmit the ACK                            COMPLETED
 *  COMPLETED   Timer D (32s or 0) remove                                        -
 *  ACCEPTED    2xx                notify the user                               ACCEPTED
 *  ACCEPTED    Timer M (64*T1)    remove                                        -
 * </pre>
 *
 * <p>If retransmissions of the 2xx can be routed upstream by their Via alone, ACCEPTED is only the branch's number in
 * the {@link LingeringTable}; see the constructor.
 */
public final class InviteClientTransaction extends ClientTransaction {

    private enum State {
        CALLING,
        PROCEEDING,
        COMPLETED,
        ACCEPTED,
        TERMINATED
    }

    private static final int SMALL_INVITE = 2_048;

    private final @Nullable Upstream upstream;
    private State state = State.CALLING;
    private long timerA;
    private long timerBDeadline;
    private boolean cancelWanted;
    private boolean cancelSent;
    private byte @Nullable [] cancelReason;
    private byte @Nullable [] ack;

    /**
     * Creates a transaction in CALLING.
     *
     * @param upstream where a retransmitted 2xx is sent as a datagram. ACCEPTED then has no object, the user does not
     *     get retransmitted 2xx, and {@link TransactionTable#upstreamOfAccepted} knows the branch. Null to keep the
     *     object
     */
    public InviteClientTransaction(
            long branch,
            byte[] request,
            TransportFlow flow,
            Object lock,
            TransactionTable table,
            ClientTransactionUser user,
            @Nullable Upstream upstream) {
        super(branch, request, flow, lock, table, user);
        this.upstream = upstream;
    }

    @Override
    boolean isCancel() {
        return false;
    }

    @Override
    boolean isMethod(Method method) {
        return method == Method.INVITE;
    }

    @Override
    void onStart() {
        timerA = timers.t1();
        timerBDeadline = table.now() + timers.timeout();
        table.schedule(this, flow.kind().isReliable() ? timers.timeout() : timerA);
    }

    @Override
    boolean isWaiting() {
        return state == State.CALLING || state == State.PROCEEDING;
    }

    /**
     * An ACK and a CANCEL need only some of its header lines. A small INVITE is kept whole, because a copy would cost
     * more than it saves.
     */
    @Override
    void keepNoMore() {
        byte[] invite = request;
        if (invite != null && invite.length > SMALL_INVITE) {
            keep(DerivedRequests.essentials(invite));
        }
    }

    @Override
    int moreBytes() {
        return length(ack) + length(cancelReason);
    }

    /**
     * Cancels the request as soon as a provisional response allows it (§9.1). The caller holds the lock.
     *
     * @param reasonLine a Reason header line to include, or null
     */
    public void cancel(byte @Nullable [] reasonLine) {
        if (cancelWanted || !isWaiting()) {
            return;
        }
        cancelWanted = true;
        cancelReason = reasonLine;
        count();
        if (state == State.PROCEEDING) {
            sendCancel();
        }
    }

    private void sendCancel() {
        byte[] invite = request;
        if (cancelSent || invite == null) {
            return;
        }
        cancelSent = true;
        table.schedule(this, timers.linger());
        byte[] wire = DerivedRequests.cancel(invite, cancelReason);
        // the response to a CANCEL says only that it arrived (§9.1)
        new NonInviteClientTransaction(branch(), wire, flow, lock(), table, NoTransactionUser.INSTANCE, true).start();
    }

    @Override
    void handle(SipResponse response) {
        int status = response.statusCode();
        switch (state) {
            case CALLING, PROCEEDING -> {
                if (status < 200) {
                    provisional(response, status);
                } else if (status < 300) {
                    state = State.ACCEPTED;
                    if (upstream != null) {
                        linger(upstream);
                    } else {
                        keep(null);
                        table.schedule(this, timers.linger());
                    }
                    user.onResponse(response);
                } else {
                    failure(response);
                }
            }
            case COMPLETED -> {
                byte[] again = ack;
                if (again != null && status >= 300) {
                    flow.send(again, SendFailure.IGNORE);
                }
            }
            case ACCEPTED -> {
                if (status >= 200 && status < 300) {
                    user.onResponse(response);
                }
            }
            case TERMINATED -> {}
        }
    }

    private void provisional(SipResponse response, int status) {
        boolean first = state == State.CALLING;
        state = State.PROCEEDING;
        if (first) {
            keepNoMore();
        }
        if (cancelWanted) {
            sendCancel();
        } else if (first || status > 100) {
            table.schedule(this, timers.timerC());
        }
        user.onResponse(response);
    }

    private void failure(SipResponse response) {
        byte[] invite = request;
        state = State.COMPLETED;
        if (invite != null) {
            try {
                byte[] wire = DerivedRequests.ack(invite, response);
                ack = wire;
                flow.send(wire, SendFailure.IGNORE);
            } catch (SipParseException e) {
                // an unreadable To: the peer would not accept any ACK built from it
                ack = null;
            }
        }
        keep(null);
        if (flow.kind().isReliable()) {
            terminate();
        } else {
            table.schedule(this, timers.linger());
        }
        user.onResponse(response);
    }

    @Override
    void onTimer() {
        byte[] wire = request;
        switch (state) {
            case CALLING -> {
                long left = timerBDeadline - table.now();
                if (left <= 0 || wire == null) {
                    terminate();
                    user.onTimeout();
                } else if (flow.kind().isReliable()) {
                    table.schedule(this, left);
                } else {
                    timerA *= 2;
                    table.schedule(this, Math.min(timerA, left));
                    table.countResent();
                    transmit(wire);
                }
            }
            case PROCEEDING -> {
                if (cancelSent) {
                    terminate();
                    user.onTimeout();
                } else {
                    user.onTimerC();
                }
            }
            case COMPLETED, ACCEPTED -> terminate();
            case TERMINATED -> {}
        }
    }

    @Override
    void onTerminated() {
        state = State.TERMINATED;
        ack = null;
    }
}

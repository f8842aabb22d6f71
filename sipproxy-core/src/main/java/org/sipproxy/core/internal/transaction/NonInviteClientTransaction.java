package org.sipproxy.core.internal.transaction;

import java.util.Arrays;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipResponse;

/**
 * Non-INVITE client transaction (RFC 3261 §17.1.2).
 *
 * <pre>
 *  state       event              action                                        next
 *  ----------  -----------------  --------------------------------------------  ----------
 *  TRYING      start              send; start Timers E (UDP) and F              TRYING
 *  TRYING      Timer E            retransmit; E doubles up to T2                TRYING
 *  TRYING      1xx                notify the user                               PROCEEDING
 *  PROCEEDING  Timer E            retransmit; E is T2                           PROCEEDING
 *  PROCEEDING  1xx                notify the user                               PROCEEDING
 *  TRYING, PROCEEDING  final      notify the user                               -
 *  TRYING, PROCEEDING  Timer F    notify the user                               -
 *  TRYING, PROCEEDING  not sent   notify the user                               -
 * </pre>
 *
 * <p>The RFC's COMPLETED state only absorbs retransmitted responses for Timer K. Here a stray response is dropped (RFC
 * 6026 §7.2), which has the same effect, so the transaction ends with its final response and frees its memory.
 */
public final class NonInviteClientTransaction extends ClientTransaction {

    private enum State {
        TRYING,
        PROCEEDING,
        TERMINATED
    }

    private final boolean cancel;
    private State state = State.TRYING;
    private long timerE;
    private long timerFDeadline;

    /**
     * Creates a transaction in TRYING.
     *
     * @param cancel true if the request is a CANCEL
     */
    public NonInviteClientTransaction(
            long branch,
            byte[] request,
            TransportFlow flow,
            Object lock,
            TransactionTable table,
            ClientTransactionUser user,
            boolean cancel) {
        super(branch, request, flow, lock, table, user);
        this.cancel = cancel;
    }

    @Override
    boolean isCancel() {
        return cancel;
    }

    @Override
    boolean isMethod(Method method) {
        byte[] wire = request;
        String name = method.name();
        if (wire == null || wire.length <= name.length() || wire[name.length()] != ' ') {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (wire[i] != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** Keeps only the method, which identifies its responses. */
    @Override
    void keepNoMore() {
        byte[] wire = request;
        int end = 0;
        while (wire != null && end < wire.length && wire[end] != ' ') {
            end++;
        }
        if (wire != null && end + 1 < wire.length) {
            keep(Arrays.copyOf(wire, end + 1));
        }
    }

    @Override
    int moreBytes() {
        return 0;
    }

    @Override
    void onStart() {
        timerE = timers.t1();
        timerFDeadline = table.now() + timers.timeout();
        table.schedule(this, flow.kind().isReliable() ? timers.timeout() : timerE);
    }

    @Override
    boolean isWaiting() {
        return state != State.TERMINATED;
    }

    @Override
    void handle(SipResponse response) {
        if (state == State.TERMINATED) {
            return;
        }
        if (response.isProvisional()) {
            state = State.PROCEEDING;
        } else {
            terminate();
        }
        user.onResponse(response);
    }

    @Override
    void onTimer() {
        byte[] wire = request;
        if (state == State.TERMINATED || wire == null) {
            return;
        }
        long left = timerFDeadline - table.now();
        if (left <= 0) {
            terminate();
            user.onTimeout();
        } else if (flow.kind().isReliable()) {
            table.schedule(this, left);
        } else {
            timerE = state == State.PROCEEDING ? timers.t2() : Math.min(timerE * 2, timers.t2());
            table.schedule(this, Math.min(timerE, left));
            table.countResent();
            transmit(wire);
        }
    }

    @Override
    void onTerminated() {
        state = State.TERMINATED;
    }
}

package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;

/**
 * INVITE server transaction (RFC 3261 §17.2.1) with the Accepted state of RFC 6026 §7.1.
 *
 * <pre>
 *  state       event                    action                                 next
 *  ----------  -----------------------  -------------------------------------  ----------
 *  PROCEEDING  200 ms, a branch starts  send 100 if nothing has been sent      PROCEEDING
 *  PROCEEDING  INVITE retransmission    retransmit the last provisional        PROCEEDING
 *  PROCEEDING  1xx from the user        send, keep                             PROCEEDING
 *  PROCEEDING  2xx from the user        send; start Timer L                    ACCEPTED
 *  PROCEEDING  300-699 from the user    send, keep; start Timers G (UDP), H    COMPLETED
 *  PROCEEDING  refused, no 100 sent     send; key and response linger          -
 *  COMPLETED   INVITE again, Timer G    retransmit the final; G doubles to T2  COMPLETED
 *  COMPLETED   ACK                      start Timer I (T4 or 0)                CONFIRMED
 *  COMPLETED   Timer H                  remove                                 -
 *  CONFIRMED   INVITE or ACK again      absorb                                 CONFIRMED
 *  CONFIRMED   Timer I                  remove                                 -
 *  ACCEPTED    INVITE retransmission    absorb                                 ACCEPTED
 *  ACCEPTED    2xx from the user        send                                   ACCEPTED
 *  ACCEPTED    ACK                      not handled: it goes end to end        ACCEPTED
 *  ACCEPTED    Timer L (64*T1)          remove                                 -
 * </pre>
 *
 * <p>In ACCEPTED only the key is kept, in the {@link LingeringTable} for Timer L, where it absorbs the INVITE. The
 * object lives as long as a branch may bring another 2xx.
 */
public final class InviteServerTransaction extends ServerTransaction {

    private enum State {
        PROCEEDING,
        COMPLETED,
        CONFIRMED,
        ACCEPTED,
        TERMINATED
    }

    private static final long TRYING_NANOS = 200_000_000L;

    private State state = State.PROCEEDING;
    private long timerG;
    private long timerHDeadline;

    /**
     * Creates a transaction in PROCEEDING.
     *
     * @param requestBytes bytes of the request that are kept until the final response
     * @param local writes the 100; null if the final response follows at once
     */
    public InviteServerTransaction(
            TransactionKey key,
            TransactionTable table,
            ResponsePath path,
            int requestBytes,
            @Nullable LocalResponder local) {
        super(key, table, path, requestBytes, local);
    }

    @Override
    boolean waitsForAck() {
        return state == State.PROCEEDING && lastResponse != null;
    }

    @Override
    public void trying() {
        if (state != State.PROCEEDING || lastResponse != null) {
            return;
        }
        byte[] hundred = hundred();
        if (hundred != null) {
            table.cancel(this);
            respond(100, hundred);
        }
    }

    @Override
    public void tryingSoon() {
        if (state == State.PROCEEDING && lastResponse == null) {
            table.schedule(this, TRYING_NANOS);
        }
    }

    @Override
    boolean repeatsResponse() {
        return state == State.PROCEEDING || state == State.COMPLETED;
    }

    @Override
    boolean takes(int statusCode) {
        return state == State.PROCEEDING || (state == State.ACCEPTED && statusCode / 100 == 2);
    }

    @Override
    void onRespond(int statusCode, byte[] wire) {
        if (statusCode < 200) {
            keep(wire);
        } else if (statusCode < 300) {
            if (state == State.PROCEEDING) {
                state = State.ACCEPTED;
                table.cancel(this);
                linger(NOTHING);
            }
        } else {
            state = State.COMPLETED;
            keep(wire);
            timerHDeadline = table.now() + timers.timeout();
            timerG = timers.t1();
            table.schedule(this, path().isReliable() ? timers.timeout() : timerG);
        }
        send(wire);
    }

    /**
     * Handles an ACK with this transaction's branch.
     *
     * @return true if it acknowledges a failure that this proxy sent and so ends here; false if it has to be routed
     */
    public synchronized boolean acknowledged() {
        switch (state) {
            case COMPLETED -> {
                state = State.CONFIRMED;
                keep(null);
                if (path().isReliable()) {
                    terminate();
                } else {
                    table.schedule(this, timers.t4());
                }
                return true;
            }
            case CONFIRMED -> {
                return true;
            }
            case PROCEEDING, ACCEPTED, TERMINATED -> {
                return false;
            }
        }
        return false;
    }

    @Override
    void onTimer() {
        switch (state) {
            case COMPLETED -> {
                long left = timerHDeadline - table.now();
                byte[] response = lastResponse;
                if (left <= 0 || response == null) {
                    terminate();
                } else if (path().isReliable()) {
                    table.schedule(this, left);
                } else {
                    table.countResent();
                    send(response);
                    timerG = Math.min(timerG * 2, timers.t2());
                    table.schedule(this, Math.min(timerG, left));
                }
            }
            case CONFIRMED -> terminate();
            case PROCEEDING -> trying();
            case ACCEPTED, TERMINATED -> {}
        }
    }

    @Override
    void onTerminated() {
        state = State.TERMINATED;
    }
}

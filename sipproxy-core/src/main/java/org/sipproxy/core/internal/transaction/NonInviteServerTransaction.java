package org.sipproxy.core.internal.transaction;

/**
 * Non-INVITE server transaction (RFC 3261 §17.2.2, RFC 4320).
 *
 * <pre>
 *  state       event                  action                                  next
 *  ----------  ---------------------  --------------------------------------  ----------
 *  TRYING      retransmission         absorb                                  TRYING
 *  TRYING      Timer E would be T2    send 100 (RFC 4320 §4.1)                PROCEEDING
 *  TRYING      final from the user    send, keep                              COMPLETED
 *  PROCEEDING  retransmission         retransmit the 100                      PROCEEDING
 *  PROCEEDING  final from the user    send, keep                              COMPLETED
 *  COMPLETED   retransmission         retransmit the final                    COMPLETED
 *  COMPLETED   Timer J (64*T1 or 0)   remove                                  -
 *  any         abandoned              remove, no response: RFC 4320, no 408   -
 * </pre>
 *
 * <p>COMPLETED does not have an object. Over UDP the key and response go to the {@link LingeringTable} for Timer J.
 * Over a stream, where Timer J is 0, they are not kept.
 *
 * <p>Provisional responses other than this proxy's 100 are not forwarded to a non-INVITE request (RFC 4320 §4.2).
 */
public final class NonInviteServerTransaction extends ServerTransaction {

    private enum State {
        TRYING,
        PROCEEDING,
        TERMINATED
    }

    private State state = State.TRYING;

    /**
     * Creates a transaction in TRYING.
     *
     * @param requestBytes bytes of the request that are kept until the final response
     * @param local writes the 100 to send if nothing else has been sent by then
     */
    public NonInviteServerTransaction(
            TransactionKey key, TransactionTable table, ResponsePath path, int requestBytes, LocalResponder local) {
        super(key, table, path, requestBytes, local);
    }

    @Override
    boolean waitsForAck() {
        return false;
    }

    /** Starts the wait for the 100 of RFC 4320. */
    public void start() {
        table.schedule(this, timers.timerEReachesT2());
    }

    @Override
    boolean repeatsResponse() {
        return state == State.PROCEEDING;
    }

    @Override
    boolean takes(int statusCode) {
        return statusCode >= 200 && state != State.TERMINATED;
    }

    @Override
    void onRespond(int statusCode, byte[] wire) {
        if (!path().isReliable()) {
            linger(wire);
        }
        terminate();
        send(wire);
    }

    @Override
    void onTimer() {
        byte[] hundred = state == State.TRYING ? hundred() : null;
        if (hundred != null) {
            state = State.PROCEEDING;
            keep(hundred);
            send(hundred);
        }
    }

    @Override
    void onTerminated() {
        state = State.TERMINATED;
    }
}

package org.sipproxy.core.internal.transaction;

/**
 * RFC 3261 §17.2.2 with RFC 4320.
 *
 * <pre>
 *  state       event                  action                                  next
 *  ----------  ---------------------  --------------------------------------  ----------
 *  TRYING      request again          absorb                                  TRYING
 *  TRYING      Timer E would be T2    send 100 (RFC 4320 §4.1)                PROCEEDING
 *  TRYING      final from the proxy   send, keep                              COMPLETED
 *  PROCEEDING  request again          send the 100 again                      PROCEEDING
 *  PROCEEDING  final from the proxy   send, keep                              COMPLETED
 *  COMPLETED   request again          send the final again                    COMPLETED
 *  COMPLETED   Timer J (64*T1 or 0)   forget                                  -
 *  any         abandoned              forget, no answer: RFC 4320 has no 408  -
 * </pre>
 *
 * <p>COMPLETED has no object of its own: over UDP its key and response go to the {@link LingeringTable} for Timer J, and over
 * a stream, where Timer J is 0, nowhere.
 *
 * <p>Provisional responses other than our 100 are not forwarded to a non-INVITE request (RFC 4320 §4.2).
 */
public final class NonInviteServerTransaction extends ServerTransaction {

    private enum State {
        TRYING,
        PROCEEDING,
        TERMINATED
    }

    private State state = State.TRYING;

    /**
     * Makes a transaction in TRYING.
     *
     * @param requestBytes what is kept of the request while it is worked on
     * @param local writes the 100 to send if nothing else has been by then
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
        table.schedule(this, table.timers().timerEReachesT2());
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

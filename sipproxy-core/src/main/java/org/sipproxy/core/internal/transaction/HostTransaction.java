package org.sipproxy.core.internal.transaction;

/**
 * Server half of a request that the host application or the proxy sends itself. It has no peer in the network: it does
 * not retransmit, and its final response goes to the owner. An INVITE passes its other responses on as well.
 *
 * <pre>
 *  state       event                  action                          next
 *  ----------  ---------------------  ------------------------------  ----------
 *  TRYING      1xx of an INVITE       pass it on                      TRYING
 *  TRYING      2xx of an INVITE       pass it on                      ACCEPTED
 *  TRYING      final from the user    pass it on                      TERMINATED
 *  TRYING      time limit             stop the branches, notify       TERMINATED
 *  TRYING      stopped or abandoned   notify                          TERMINATED
 *  ACCEPTED    2xx                    pass it on                      ACCEPTED
 * </pre>
 *
 * <p>In ACCEPTED it is not in the table. It lives as long as a branch may bring another 2xx.
 */
public final class HostTransaction extends ServerTransaction {

    /** Sender of the request. Called under the transaction's lock. */
    public interface Owner extends ResponsePath, LocalResponder {

        /** Returns an empty message: a request of the host application has no client that could get a 100. */
        @Override
        default byte[] trying() {
            return NOTHING;
        }

        /** Called when the proxy closes before the request was forwarded: ends the transaction. */
        @Override
        void shutdown();

        /**
         * Called once if the transaction ends without a response.
         *
         * @param timedOut true if the time limit has passed
         */
        void ended(boolean timedOut);
    }

    private final Owner owner;
    private final boolean isInvite;
    private boolean accepted;
    private boolean responded;
    private boolean timedOut;
    private boolean terminated;

    /**
     * Creates a transaction in TRYING.
     *
     * @param requestBytes bytes of the request that are kept until the final response
     */
    public HostTransaction(TransactionTable table, Owner owner, int requestBytes, boolean isInvite) {
        super(TransactionKey.random(), table, owner, requestBytes, owner);
        this.owner = owner;
        this.isInvite = isInvite;
    }

    /** Starts the time limit, in nanoseconds. */
    public synchronized void start(long limit) {
        if (!terminated) {
            table.schedule(this, limit);
        }
    }

    @Override
    boolean repeatsResponse() {
        return false;
    }

    @Override
    boolean waitsForAck() {
        return false;
    }

    @Override
    boolean takes(int statusCode) {
        return terminated ? accepted && statusCode / 100 == 2 : isInvite || statusCode >= 200;
    }

    @Override
    void onRespond(int statusCode, byte[] wire) {
        if (statusCode >= 200 && !terminated) {
            responded = true;
            accepted = isInvite && statusCode < 300;
            terminate();
        }
        send(wire);
    }

    @Override
    void shutdownUndecided() {
        stop();
    }

    @Override
    void onTimer() {
        if (!terminated) {
            timedOut = true;
            stop();
        }
    }

    @Override
    void onTerminated() {
        boolean first = !terminated;
        terminated = true;
        if (first && !responded) {
            owner.ended(timedOut);
        }
    }
}

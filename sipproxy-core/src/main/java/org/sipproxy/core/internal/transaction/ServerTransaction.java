package org.sipproxy.core.internal.transaction;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.Via;

/**
 * The server half of a transaction, and the only lock for everything that the request causes. Its client transactions
 * and response context work under this lock, so a request is processed by one thread at a time.
 *
 * <p>Messages are sent under the lock, so that a 200 cannot overtake its 180. That is safe because a send never blocks
 * and never takes another transaction's lock.
 */
public abstract class ServerTransaction extends Transaction {

    /**
     * Estimated size in bytes of its objects, without the bytes of messages: the transaction, its key and table entry,
     * the request's context and index, the response context. Together with {@code ClientTransaction.OBJECTS} this is a
     * third more than 5,000 ringing INVITEs used.
     */
    private static final int OBJECTS = 2_000;

    /** Longest response, in bytes, that is kept for retransmission to an unproven sender. */
    private static final int LARGE_RESPONSE = 4_096;

    static final byte[] NOTHING = {};

    private final TransactionKey key;
    private final ResponsePath path;
    /** Source address of the request; null if not noted. */
    private volatile @Nullable InetAddress sender;

    private @Nullable CancelHandler cancelHandler;
    /** Null once the final response is sent. */
    private @Nullable LocalResponder local;
    /** The response to a retransmitted request; written by {@link #keep}. */
    byte @Nullable [] lastResponse;

    /** Bytes of the request that are kept for the response context; 0 when it needs none. */
    private int requestBytes;
    /** True from being added to the table until the transaction ends or lingers. */
    private boolean listed;

    private boolean fromProvenSender;

    private boolean answered;
    /** True if a CANCEL arrived before routing was decided. */
    private boolean cancelledEarly;

    private boolean cancelSeen;

    private byte @Nullable [] earlyReason;
    /** Ends the wait for a stage before routing is decided; null if no stage waits. */
    private @Nullable Runnable endWait;

    ServerTransaction(
            TransactionKey key,
            TransactionTable table,
            ResponsePath path,
            int requestBytes,
            @Nullable LocalResponder local) {
        super(table);
        this.local = local;
        this.key = key;
        this.path = path;
        this.requestBytes = requestBytes;
    }

    /** Called when the table has added this transaction. */
    final synchronized void added() {
        if (!answered) {
            listed = true;
            count();
        }
    }

    private void count() {
        holds(listed || requestBytes > 0 ? OBJECTS + requestBytes + length(lastResponse) : 0);
    }

    final void keep(byte @Nullable [] response) {
        lastResponse = response;
        count();
    }

    /**
     * Called when the request is going to be forwarded.
     *
     * @param proven true if its sender is an authenticated user, a trusted peer or in a dialog
     * @param bytes bytes of the request that are kept from now on
     */
    public final synchronized void forwarding(boolean proven, int bytes) {
        fromProvenSender = proven;
        if (!answered) {
            requestBytes = bytes;
            count();
        }
    }

    /**
     * Adds bytes, or subtracts them if negative, that are kept for the response context, such as a response to choose
     * from. The caller holds the lock.
     */
    public final void keepsMore(int bytes) {
        if (requestBytes > 0) {
            requestBytes = Math.max(1, requestBytes + bytes);
            count();
        }
    }

    /**
     * Called when the response is sent and no branch is left: nothing of the request is kept. The caller holds the
     * lock.
     */
    public final void releaseRequest() {
        requestBytes = 0;
        count();
    }

    public final TransactionKey key() {
        return key;
    }

    public final ResponsePath path() {
        return path;
    }

    /** Notes the source address of the request. */
    public final void sentFrom(InetAddress address) {
        sender = address;
    }

    /**
     * Returns true if a CANCEL or ACK with this transaction's branch comes from the sender of the request: from the
     * request's source address, or from the address in its sent-by, because a peer with several addresses may use
     * either. The port is ignored, because a NAT may change it. The branch alone is not proof, because every element
     * that sees the request knows it.
     */
    public final boolean isSender(SipRequest request, InetAddress source) throws SipParseException {
        InetAddress known = sender;
        if (known == null || known.equals(source)) {
            return true;
        }
        Via via = request.topVia();
        return via.numericHost().filter(source::equals).isPresent();
    }

    /** Handles a retransmission of the request. */
    public final synchronized void onRetransmission() {
        byte[] response = lastResponse;
        if (response != null && repeatsResponse()) {
            send(response);
        }
    }

    abstract boolean repeatsResponse();

    /**
     * Sends a response. A second final response is ignored, except a 2xx of an INVITE (RFC 6026).
     *
     * @return false if the transaction could no longer accept it
     */
    public final synchronized boolean respond(int statusCode, byte[] wire) {
        if (!takes(statusCode)) {
            return false;
        }
        if (statusCode >= 200) {
            markAnswered();
        }
        onRespond(statusCode, wire);
        return true;
    }

    /**
     * Sends a locally generated failure to an unproven sender, once for each request that arrives (RFC 3261 §26.3.2.4),
     * and ends the transaction. Over UDP the failure goes to the {@link LingeringTable}, unless it is too large; a
     * retransmission of the request then counts as a new request. If a provisional response has been sent already, the
     * client no longer retransmits its INVITE, so the failure is sent as by {@link #respond}.
     *
     * @return false if the transaction could no longer accept it
     */
    public final synchronized boolean refuse(int statusCode, byte[] wire) {
        if (!takes(statusCode)) {
            return false;
        }
        if (waitsForAck()) {
            return respond(statusCode, wire);
        }
        if (!path.isReliable() && wire.length <= LARGE_RESPONSE) {
            linger(wire);
        }
        terminate();
        send(wire);
        return true;
    }

    /** Returns true if the client has received a provisional response to its INVITE. */
    abstract boolean waitsForAck();

    /**
     * Sends an INVITE's 100, unless something has been sent, because a response may take a while. The caller holds the
     * lock.
     */
    public void trying() {}

    /** Does the same in 200 ms, if nothing has been sent by then (RFC 3261 §17.2.1). The caller holds the lock. */
    public void tryingSoon() {}

    abstract boolean takes(int statusCode);

    abstract void onRespond(int statusCode, byte[] wire);

    /** Returns true while the transaction waits for a final response. */
    public final synchronized boolean isPending() {
        return takes(200) && !answered;
    }

    /** Ends the transaction without a response. */
    public final synchronized void abandon() {
        terminate();
        releaseRequest();
    }

    /** Ends the transaction and all work on its request without a response. */
    public final synchronized void stop() {
        CancelHandler handler = cancelHandler;
        abandon();
        if (handler != null) {
            handler.stopped();
        }
    }

    /** Sends the final response when the proxy closes, whether or not the request was forwarded. */
    public final synchronized void shutdown() {
        CancelHandler handler = cancelHandler;
        if (answered) {
            return;
        }
        if (handler != null) {
            handler.shutdown();
        } else {
            shutdownUndecided();
        }
    }

    /** Sends the final response of a request that is not forwarded yet. */
    void shutdownUndecided() {
        LocalResponder undecided = local;
        if (undecided != null) {
            undecided.shutdown();
        }
    }

    /** Returns the bytes of a 100; null once there is a final response, or if no 100 was provided for. */
    final byte @Nullable [] hundred() {
        LocalResponder writer = local;
        return writer == null ? null : writer.trying();
    }

    final void terminate() {
        markAnswered();
        table.cancel(this);
        table.remove(this);
        cancelHandler = null;
        listed = false;
        keep(null);
        onTerminated();
    }

    /** Replaces this transaction in the table by its key and {@code response}. */
    final void linger(byte[] response) {
        // a stranger's large response would displace many small ones; retransmissions of its request are still absorbed
        table.linger(this, response.length <= LARGE_RESPONSE || fromProvenSender ? response : NOTHING);
        listed = false;
        keep(null);
    }

    void onTerminated() {}

    private void markAnswered() {
        if (!answered) {
            answered = true;
            table.answered();
            if (cancelHandler == null) {
                requestBytes = 0; // otherwise the response context releases it when its last branch has ended
                count();
            }
            cancelHandler = null;
            local = null;
            endWait = null;
        }
    }

    final void send(byte[] wire) {
        path.send(wire, SendFailure.IGNORE);
    }

    /**
     * Sets the handler of the client's CANCEL; called at once if one has arrived. It is released with the final
     * response.
     */
    public final synchronized void onCancel(CancelHandler handler) {
        if (answered) {
            return;
        }
        cancelHandler = handler;
        endWait = null;
        if (cancelledEarly) {
            handler.cancelled(earlyReason);
        }
    }

    /**
     * Notes that a stage decides about the request. A CANCEL that arrives meanwhile runs {@code end}, without the lock.
     * The next stage that waits replaces it.
     *
     * @return false if a CANCEL has arrived already; {@code end} does not run then
     */
    public final synchronized boolean waitsForStage(Runnable end) {
        if (!answered) {
            endWait = end;
        }
        return !isCancelledEarly();
    }

    /**
     * Handles a CANCEL for this transaction. Without effect once there is a final response (RFC 3261 §9.2). The caller
     * does not hold the lock, because the response of a request that waits for a stage notifies the host application.
     *
     * @return false for a retransmission
     */
    public final boolean cancelled(byte @Nullable [] reasonLine) {
        Runnable end;
        synchronized (this) {
            if (cancelSeen) {
                return false;
            }
            cancelSeen = true;
            end = answered ? null : cancel(reasonLine);
        }
        if (end != null) {
            end.run();
        }
        return true;
    }

    /** Returns what ends the wait of a request that is not forwarded yet; null if nothing waits. */
    private @Nullable Runnable cancel(byte @Nullable [] reasonLine) {
        CancelHandler handler = cancelHandler;
        if (handler != null) {
            handler.cancelled(reasonLine);
            return null;
        }
        cancelledEarly = true;
        earlyReason = reasonLine;
        return endWait;
    }

    /** Returns true if a CANCEL arrived that has not been acted on yet. */
    public final synchronized boolean isCancelledEarly() {
        return cancelledEarly && !answered && cancelHandler == null;
    }

    @Override
    protected final void fire() {
        synchronized (this) {
            try {
                onTimer();
            } catch (Error e) {
                abandon(); // nothing else would end it: its timer has fired
                throw e;
            }
        }
    }

    abstract void onTimer();

    /** Handler that is called when the response is no longer needed. Called under the transaction's lock. */
    public interface CancelHandler {

        /**
         * Called when the client cancels the request.
         *
         * @param reasonLine the CANCEL's Reason header line (RFC 3326) with its line end, or null
         */
        void cancelled(byte @Nullable [] reasonLine);

        /** Called when the proxy closes: respond now. */
        void shutdown();

        /** Called when no response is needed: end all branches without one. */
        default void stopped() {}
    }
}

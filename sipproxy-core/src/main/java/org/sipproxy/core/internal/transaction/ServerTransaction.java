package org.sipproxy.core.internal.transaction;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.SendFailure;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.Via;

/**
 * The server half of a transaction. It is also the one lock of everything that the request causes: its client transactions
 * and response context do their work under it, so a request is touched by one thread at a time.
 *
 * <p>Sending happens under the lock, so that a 200 cannot overtake its 180. That is safe because a send never blocks and
 * never takes another transaction's lock.
 */
public abstract class ServerTransaction extends Transaction {

    /**
     * What its objects take besides the bytes of messages: the transaction, its key and entry in the table, the request's context
     * and index, the response context. With {@code ClientTransaction.OBJECTS} a third more than 5,000 ringing INVITEs took.
     */
    private static final int OBJECTS = 2_000;

    /** Longest response that is kept for a sender that has proved nothing, to repeat it. */
    private static final int LARGE_RESPONSE = 4_096;

    static final byte[] NOTHING = {};

    private final TransactionKey key;
    private final ResponsePath path;
    /** Who sent the request; null if not noted. */
    private volatile @Nullable InetAddress sender;

    private @Nullable CancelHandler cancelHandler;
    /** Null from the final response on. */
    private @Nullable LocalResponder local;
    /** What a retransmitted request is answered with; written by {@link #keep}. */
    byte @Nullable [] lastResponse;

    /** What is kept of the request for who works on the response; 0 when nobody does. */
    private int requestBytes;
    /** True from the moment when the table has it until it ends, or lingers. */
    private boolean listed;

    private boolean fromProvenSender;

    private boolean answered;
    /** A CANCEL came while routing had not decided yet. */
    private boolean cancelledEarly;

    private boolean cancelSeen;

    private byte @Nullable [] earlyReason;

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

    /** The table has it now. */
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
     * The request is going to be forwarded.
     *
     * @param proven true if its sender is an authenticated user, a trusted peer or in a dialog
     * @param bytes what is kept of the request now
     */
    public final synchronized void forwarding(boolean proven, int bytes) {
        fromProvenSender = proven;
        if (!answered) {
            requestBytes = bytes;
            count();
        }
    }

    /**
     * So many more bytes, or fewer if negative, are kept for who works on the response, such as a response to choose from. The
     * caller holds the lock.
     */
    public final void keepsMore(int bytes) {
        if (requestBytes > 0) {
            requestBytes = Math.max(1, requestBytes + bytes);
            count();
        }
    }

    /** The response is sent and no branch is left: nothing of the request is kept. The caller holds the lock. */
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

    /** Notes the address that the request came from. */
    public final void sentFrom(InetAddress address) {
        sender = address;
    }

    /**
     * True if a CANCEL or ACK with this transaction's branch is the sender's own: it comes from the address that the request
     * came from, or from the one that its sent-by names, as a peer with several addresses may send it. The port does not count,
     * because a NAT may change it. Who sees the request on its way knows the branch as well.
     */
    public final boolean isSender(SipRequest request, InetAddress source) throws SipParseException {
        InetAddress known = sender;
        if (known == null || known.equals(source)) {
            return true;
        }
        Via via = request.topVia();
        return via.numericHost().filter(source::equals).isPresent();
    }

    /** The request came again. */
    public final synchronized void onRetransmission() {
        byte[] response = lastResponse;
        if (response != null && repeatsResponse()) {
            send(response);
        }
    }

    abstract boolean repeatsResponse();

    /**
     * Sends a response. A second final response is ignored, but for a 2xx of an INVITE (RFC 6026).
     *
     * @return false if the transaction could not take it any more
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
     * Sends a failure of ours to a sender that has proved nothing, once for each request that arrives (RFC 3261 §26.3.2.4): the
     * transaction ends. Over UDP the failure goes to the {@link LingeringTable}, unless it is too large for that; a retransmission
     * of the request then counts as a new one. Only if a provisional response has been sent already, so that the client does not
     * retransmit its INVITE any more, the failure is sent as by {@link #respond}.
     *
     * @return false if the transaction could not take it any more
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

    /** True if the client has got a provisional response to its INVITE. */
    abstract boolean waitsForAck();

    /** A response may take a while: sends an INVITE's 100, unless something has been sent. The caller holds the lock. */
    public void trying() {}

    /** The same in 200 ms, if nothing has been sent by then (RFC 3261 §17.2.1). The caller holds the lock. */
    public void tryingSoon() {}

    abstract boolean takes(int statusCode);

    abstract void onRespond(int statusCode, byte[] wire);

    /** True while the transaction waits for a final response. */
    public final synchronized boolean isPending() {
        return takes(200) && !answered;
    }

    /** Ends the transaction without a response. */
    public final synchronized void abandon() {
        terminate();
        releaseRequest();
    }

    /** The proxy closes: the request gets its final response, whether it was forwarded or nobody has decided about it yet. */
    public final synchronized void shutdown() {
        CancelHandler handler = cancelHandler;
        LocalResponder undecided = local;
        if (answered) {
            return;
        }
        if (handler != null) {
            handler.shutdown();
        } else if (undecided != null) {
            undecided.shutdown();
        }
    }

    /** The bytes of a 100; null once there is a final response, and if none was foreseen. */
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

    /** From now on the table knows only its key and {@code response}. */
    final void linger(byte[] response) {
        // a stranger's large response would push out many small ones; its request is still absorbed when it comes again
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
                requestBytes = 0; // else the response context releases it, when its last branch has ended
                count();
            }
            cancelHandler = null;
            local = null;
        }
    }

    final void send(byte[] wire) {
        path.send(wire, SendFailure.IGNORE);
    }

    /** Who is told when the client cancels, at once if it already has; dropped with the final response. */
    public final synchronized void onCancel(CancelHandler handler) {
        if (answered) {
            return;
        }
        cancelHandler = handler;
        if (cancelledEarly) {
            handler.cancelled(earlyReason);
        }
    }

    /**
     * A CANCEL arrived for this transaction; without effect once it is answered (RFC 3261 §9.2).
     *
     * @return false for a retransmission
     */
    public final synchronized boolean cancelled(byte @Nullable [] reasonLine) {
        boolean first = !cancelSeen;
        cancelSeen = true;
        if (first && !answered) {
            cancel(reasonLine);
        }
        return first;
    }

    private void cancel(byte @Nullable [] reasonLine) {
        CancelHandler handler = cancelHandler;
        if (handler != null) {
            handler.cancelled(reasonLine);
        } else {
            cancelledEarly = true;
            earlyReason = reasonLine;
        }
    }

    /** True if a CANCEL came that nobody has acted on yet. */
    public final synchronized boolean isCancelledEarly() {
        return cancelledEarly && !answered && cancelHandler == null;
    }

    @Override
    protected final void fire() {
        synchronized (this) {
            try {
                onTimer();
            } catch (Error e) {
                abandon(); // nothing else would end it: its timer is gone
                throw e;
            }
        }
    }

    abstract void onTimer();

    /** Who works on the answer, told when it is not wanted any more; called under the transaction's lock. */
    public interface CancelHandler {

        /**
         * The client wants no answer any more.
         *
         * @param reasonLine the CANCEL's Reason header line (RFC 3326) with its line end, or null
         */
        void cancelled(byte @Nullable [] reasonLine);

        /** The proxy closes: answer now. */
        void shutdown();
    }
}

package org.sipproxy.core.internal.transaction;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.IpLiteral;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipRequest;
import org.sipproxy.api.message.Via;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.transport.SendFailure;

/**
 * The server half of a transaction. It is also the one lock of everything that the request causes: its client transactions
 * and response context do their work under it, so a request is touched by one thread at a time.
 *
 * <p>Sending happens under the lock, so that a 200 cannot overtake its 180. That is safe because a send never blocks and
 * never takes another transaction's lock.
 */
public abstract class ServerTransaction extends Timer {

    private final TransactionKey key;
    final TransactionTable table;
    private final ResponsePath path;
    /** Who sent the request; null if not noted. */
    private volatile @Nullable InetAddress sender;

    private @Nullable CancelHandler cancelHandler;
    /** What a retransmitted request is answered with. */
    byte @Nullable [] lastResponse;

    private boolean answered;
    /** A CANCEL came while routing had not decided yet. */
    private boolean cancelledEarly;

    private byte @Nullable [] earlyReason;

    ServerTransaction(TransactionKey key, TransactionTable table, ResponsePath path) {
        this.key = key;
        this.table = table;
        this.path = path;
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
        return IpLiteral.parse(request.wire(), via.hostStart(), via.hostEnd())
                .filter(source::equals)
                .isPresent();
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

    abstract boolean takes(int statusCode);

    abstract void onRespond(int statusCode, byte[] wire);

    /** True while the transaction waits for a final response. */
    public final synchronized boolean isPending() {
        return takes(200) && !answered;
    }

    /** Ends the transaction without an answer. */
    public final synchronized void abandon() {
        terminate();
    }

    /** The proxy closes: the request gets its last answer. */
    public final synchronized void shutdown() {
        CancelHandler handler = cancelHandler;
        if (handler != null && !answered) {
            handler.shutdown();
        }
    }

    final void terminate() {
        markAnswered();
        table.cancel(this);
        table.remove(this);
        lastResponse = null;
        cancelHandler = null;
        onTerminated();
    }

    void onTerminated() {}

    private void markAnswered() {
        if (!answered) {
            answered = true;
            table.answered();
            cancelHandler = null;
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

    /** A CANCEL arrived for this transaction; without effect once it is answered (RFC 3261 §9.2). */
    public final synchronized void cancelled(byte @Nullable [] reasonLine) {
        CancelHandler handler = cancelHandler;
        if (answered) {
            return;
        }
        if (handler != null) {
            handler.cancelled(reasonLine);
        } else {
            cancelledEarly = true;
            earlyReason = reasonLine;
        }
    }

    @Override
    protected final void fire() {
        synchronized (this) {
            onTimer();
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

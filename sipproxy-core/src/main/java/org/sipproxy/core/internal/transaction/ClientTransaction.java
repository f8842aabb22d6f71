package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;

/** The client half of a transaction. All its work is done under the lock of the server transaction that it serves. */
public abstract class ClientTransaction extends Transaction {

    private final long branch;
    private final Object lock;
    /** What its objects take besides the bytes of messages: the transaction, its entry in the table, the branch. */
    private static final int OBJECTS = 600;

    final TransportFlow flow;
    ClientTransactionUser user;
    /** What is still needed of the request as it was sent; written by {@link #keep}. */
    byte @Nullable [] request;

    private boolean over;

    ClientTransaction(
            long branch,
            byte[] request,
            TransportFlow flow,
            Object lock,
            TransactionTable table,
            ClientTransactionUser user) {
        super(table);
        this.branch = branch;
        this.request = request;
        this.flow = flow;
        this.lock = lock;
        this.user = user;
    }

    public final long branch() {
        return branch;
    }

    final Object lock() {
        return lock;
    }

    /** True for the transaction of a CANCEL, which shares its branch with an INVITE's. */
    abstract boolean isCancel();

    /** Registers the transaction and sends the request. The caller holds the lock. */
    public final void start() {
        table.add(this);
        byte[] wire = request;
        if (wire != null) {
            keep(wire);
            onStart();
            transmit(wire);
            if (flow.kind().isReliable() && isWaiting()) {
                keepNoMore();
            }
        }
    }

    abstract void onStart();

    /** The request is not sent again: keeps only what is needed besides. */
    abstract void keepNoMore();

    final void keep(byte @Nullable [] bytes) {
        request = bytes;
        count();
    }

    /** Charges the budget for what is kept now. */
    final void count() {
        holds(over ? 0 : OBJECTS + length(request) + moreBytes());
    }

    /** What is kept besides the request. */
    abstract int moreBytes();

    final void transmit(byte[] wire) {
        flow.send(wire, this::sendFailed);
    }

    private void sendFailed(Throwable cause) {
        synchronized (lock) {
            if (!isWaiting()) {
                return;
            }
            try {
                terminate();
                user.onTransportError(cause);
            } catch (Error e) {
                giveUp();
                throw e;
            }
        }
    }

    /**
     * An Error, such as want of memory, left the work half done. The request ends here, without a response: else it might wait for
     * ever for what does not come any more.
     */
    private void giveUp() {
        terminate();
        if (lock instanceof ServerTransaction server) {
            server.abandon();
        }
    }

    /** True until a final response. */
    abstract boolean isWaiting();

    /**
     * True if a response with this transaction's branch answers it: it has the method of the request (§17.1.3), and its topmost
     * Via, {@code via}, names us (§18.1.2). Another spelling of an IPv6 address is no other name.
     */
    public final boolean isAnsweredBy(SipResponse response, Via via) throws SipParseException {
        SentBy us = flow.advertised();
        int port = via.port() < 0 ? us.kind().defaultPort() : via.port();
        return port == us.port()
                && (us.host().charAt(0) == '[' || via.hostIs(us.host()))
                && isMethod(response.cseq().method());
    }

    abstract boolean isMethod(Method method);

    /** A response that {@link #isAnsweredBy answers} this. */
    public final void onResponse(SipResponse response) {
        synchronized (lock) {
            try {
                handle(response);
            } catch (Error e) {
                giveUp();
                throw e;
            }
        }
    }

    abstract void handle(SipResponse response);

    @Override
    protected final void fire() {
        synchronized (lock) {
            try {
                onTimer();
            } catch (Error e) {
                giveUp();
                throw e;
            }
        }
    }

    abstract void onTimer();

    /** Ends the transaction; what still comes for it is stray. The caller holds the lock. */
    public final void terminate() {
        table.cancel(this);
        table.remove(this);
        over = true;
        keep(null);
        onTerminated();
    }

    /** Ends it, and the server transaction that it serves, without a callback. */
    final void abandon() {
        synchronized (lock) {
            giveUp();
        }
    }

    /** From now on the table knows only its branch number, as accepted. */
    final void linger(Upstream upstream) {
        table.cancel(this);
        table.lingerAccepted(this, upstream);
        over = true;
        keep(null);
    }

    abstract void onTerminated();

    /**
     * From now on another user is notified, so that this transaction does not keep the proxy's own state. The caller holds the
     * lock.
     */
    public final void handOver(ClientTransactionUser other) {
        user = other;
    }
}

package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.message.Method;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipResponse;
import org.sipproxy.message.Via;

/** The client half of a transaction. All methods run under the lock of the server transaction that it serves. */
public abstract class ClientTransaction extends Transaction {

    private final long branch;
    private final Object lock;
    /**
     * Estimated size in bytes of its objects, without the bytes of messages: the transaction, its table entry, the
     * branch.
     */
    private static final int OBJECTS = 600;

    final TransportFlow flow;
    ClientTransactionUser user;
    /** The part of the sent request that is still needed; written by {@link #keep}. */
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

    /** Returns true for the transaction of a CANCEL, which shares its branch with an INVITE's. */
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

    /** Called when the request will not be sent again: keeps only what is needed for other purposes. */
    abstract void keepNoMore();

    final void keep(byte @Nullable [] bytes) {
        request = bytes;
        count();
    }

    /** Charges the budget for what is kept now. */
    final void count() {
        holds(over ? 0 : OBJECTS + length(request) + moreBytes());
    }

    /** Returns the number of bytes kept in addition to the request. */
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
     * Ends the request without a response after an Error, such as OutOfMemoryError, has left its state incomplete.
     * Otherwise it might wait forever for an event that does not occur.
     */
    private void giveUp() {
        terminate();
        if (lock instanceof ServerTransaction server) {
            server.abandon();
        }
    }

    /** Returns true until a final response has arrived. */
    abstract boolean isWaiting();

    /**
     * Returns true if a response with this transaction's branch belongs to it: its method is that of the request
     * (§17.1.3), and its topmost Via, {@code via}, names this proxy (§18.1.2). IPv6 addresses match in any spelling.
     */
    public final boolean isAnsweredBy(SipResponse response, Via via) throws SipParseException {
        SentBy us = flow.advertised();
        int port = via.port() < 0 ? us.kind().defaultPort() : via.port();
        return port == us.port()
                && (us.host().charAt(0) == '[' || via.hostIs(us.host()))
                && isMethod(response.cseq().method());
    }

    abstract boolean isMethod(Method method);

    /** Handles a response for which {@link #isAnsweredBy} returned true. */
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

    /** Ends the transaction; later responses for it are stray. The caller holds the lock. */
    public final void terminate() {
        table.cancel(this);
        table.remove(this);
        over = true;
        keep(null);
        onTerminated();
    }

    /** Ends the transaction and the server transaction that it serves, without a callback. */
    final void abandon() {
        synchronized (lock) {
            giveUp();
        }
    }

    /** Replaces this transaction in the table by its branch number, as accepted. */
    final void linger(Upstream upstream) {
        table.cancel(this);
        table.lingerAccepted(this, upstream);
        over = true;
        keep(null);
    }

    abstract void onTerminated();

    /**
     * Replaces the user, so that this transaction does not keep the proxy's own state alive. The caller holds the lock.
     */
    public final void handOver(ClientTransactionUser other) {
        user = other;
    }
}

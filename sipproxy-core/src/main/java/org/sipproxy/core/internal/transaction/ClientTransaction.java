package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.message.Method;
import org.sipproxy.api.message.SipParseException;
import org.sipproxy.api.message.SipResponse;
import org.sipproxy.api.message.Via;
import org.sipproxy.core.internal.time.Timer;
import org.sipproxy.core.internal.transport.Advertised;
import org.sipproxy.core.internal.transport.TransportFlow;

/** The client half of a transaction. All its work is done under the lock of the server transaction that it serves. */
public abstract class ClientTransaction extends Timer {

    private final long branch;
    private final Object lock;
    final TransactionTable table;
    final TransportFlow flow;
    ClientTransactionUser user;
    /** The request as sent, until it is of no use any more. */
    byte @Nullable [] request;

    ClientTransaction(
            long branch,
            byte[] request,
            TransportFlow flow,
            Object lock,
            TransactionTable table,
            ClientTransactionUser user) {
        this.branch = branch;
        this.request = request;
        this.flow = flow;
        this.lock = lock;
        this.table = table;
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
            onStart();
            transmit(wire);
        }
    }

    abstract void onStart();

    final void transmit(byte[] wire) {
        flow.send(wire, this::sendFailed);
    }

    private void sendFailed(Throwable cause) {
        synchronized (lock) {
            if (isWaiting()) {
                terminate();
                user.onTransportError(cause);
            }
        }
    }

    /** True until a final response. */
    abstract boolean isWaiting();

    /**
     * True if a response with this transaction's branch answers it: it has the method of the request (§17.1.3), and its topmost
     * Via, {@code via}, names us (§18.1.2). Another spelling of an IPv6 address is no other name.
     */
    public final boolean isAnsweredBy(SipResponse response, Via via) throws SipParseException {
        Advertised us = flow.advertised();
        int port = via.port() < 0 ? us.kind().defaultPort() : via.port();
        return port == us.port()
                && (us.host().charAt(0) == '[' || via.hostIs(us.host()))
                && isMethod(response.cseq().method());
    }

    abstract boolean isMethod(Method method);

    /** A response that {@link #isAnsweredBy answers} this. */
    public final void onResponse(SipResponse response) {
        synchronized (lock) {
            handle(response);
        }
    }

    abstract void handle(SipResponse response);

    @Override
    protected final void fire() {
        synchronized (lock) {
            onTimer();
        }
    }

    abstract void onTimer();

    /** Ends the transaction; what still comes for it is stray. The caller holds the lock. */
    public final void terminate() {
        table.cancel(this);
        table.remove(this);
        request = null;
        onTerminated();
    }

    abstract void onTerminated();
}

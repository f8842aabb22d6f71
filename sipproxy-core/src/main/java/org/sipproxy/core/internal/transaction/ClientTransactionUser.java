package org.sipproxy.core.internal.transaction;

import org.sipproxy.message.SipResponse;

/** The proxy above a client transaction. Called under the lock that the transaction was made with. */
public interface ClientTransactionUser {

    /** A response that the state machine lets through; each final only once, but for the 2xx of an INVITE. */
    void onResponse(SipResponse response);

    /** Timer B or F: no answer. */
    void onTimeout();

    /** Timer C: an INVITE rang too long (RFC 3261 §16.8). */
    void onTimerC();

    /** The request could not be sent. */
    void onTransportError(Throwable cause);
}

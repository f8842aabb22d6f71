package org.sipproxy.core.internal.transaction;

import org.sipproxy.message.SipResponse;

/** User of a client transaction (the proxy core). Called under the lock that the transaction was created with. */
public interface ClientTransactionUser {

    /**
     * Called for a response that the state machine passes on; each final response only once, except the 2xx of an
     * INVITE.
     */
    void onResponse(SipResponse response);

    /** Called when Timer B or F fires: there was no response. */
    void onTimeout();

    /** Called when Timer C fires: an INVITE rang too long (RFC 3261 §16.8). */
    void onTimerC();

    /** Called if the request could not be sent. */
    void onTransportError(Throwable cause);
}

package org.sipproxy.core.internal.transaction;

import org.sipproxy.message.SipResponse;

/** Nobody waits for what the transaction has to tell. */
public enum NoTransactionUser implements ClientTransactionUser {
    INSTANCE;

    @Override
    public void onResponse(SipResponse response) {}

    @Override
    public void onTimeout() {}

    @Override
    public void onTimerC() {}

    @Override
    public void onTransportError(Throwable cause) {}
}

package org.sipproxy.core.internal.transaction;

import org.sipproxy.message.SipResponse;

/** A transaction user that ignores all events. */
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

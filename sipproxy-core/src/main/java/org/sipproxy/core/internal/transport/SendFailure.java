package org.sipproxy.core.internal.transport;

/** Told when a message could not be sent (RFC 3261 §18.4). */
@FunctionalInterface
public interface SendFailure {

    /** For messages whose loss their sender's retransmission makes good. */
    SendFailure IGNORE = cause -> {};

    void sendFailed(Throwable cause);
}

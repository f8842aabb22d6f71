package org.sipproxy.core.internal.transport;

/** Notified when a message could not be sent (RFC 3261 §18.4). */
@FunctionalInterface
public interface SendFailure {

    /** For messages whose loss the sender's retransmission repairs. */
    SendFailure IGNORE = cause -> {};

    void sendFailed(Throwable cause);
}

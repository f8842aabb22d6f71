package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.SendFailure;

/** Destination of the responses to a request (RFC 3261 §18.2.2), decided once when the request arrives. */
public interface ResponsePath {

    /** Sends a response; see {@link org.sipproxy.core.internal.transport.TransportFlow#send}. */
    void send(byte[] wire, SendFailure onFailure);

    /** Returns true if sent messages need no retransmission. */
    boolean isReliable();

    /** Returns the destination of datagrams; null over a stream. */
    default @Nullable Upstream datagrams() {
        return null;
    }
}

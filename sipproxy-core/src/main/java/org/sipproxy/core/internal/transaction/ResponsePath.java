package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.SendFailure;

/** Destination of the responses to a request (RFC 3261 §18.2.2), decided once when the request arrives. */
public interface ResponsePath {

    /** Sends a response; see {@link org.sipproxy.core.internal.transport.TransportFlow#send}. */
    void send(byte[] wire, SendFailure onFailure);

    /** Returns true if sent messages need no retransmission. */
    boolean isReliable();

    /**
     * Returns true if the responses go to the host application of this proxy, which sent the request itself. The
     * request then does not have a Via below that of this proxy.
     */
    default boolean isLocal() {
        return false;
    }

    /** Returns the destination of datagrams; null over a stream. */
    default @Nullable Upstream datagrams() {
        return null;
    }
}

package org.sipproxy.core.internal.transaction;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.SendFailure;

/** Where the responses of a request go (RFC 3261 §18.2.2): decided once, when the request arrives. */
public interface ResponsePath {

    /** Sends a response; see {@link org.sipproxy.core.internal.transport.TransportFlow#send}. */
    void send(byte[] wire, SendFailure onFailure);

    /** True if what is sent needs no retransmission. */
    boolean isReliable();

    /** Where datagrams are sent; null over a stream. */
    default @Nullable Upstream datagrams() {
        return null;
    }
}

package org.sipproxy.core.internal.overload;

import org.sipproxy.core.internal.transport.TransportFlow;

/** What becomes of a message that leaves the queue. Implemented by the engine. */
public interface MessageSink {

    /** Returns false if an arrival filter drops the message, so that it takes no place in the queue. */
    boolean accepts(byte[] wire, TransportFlow from);

    /**
     * Returns true if the message is the ACK of a refusal without state, so that it takes no place in the queue. May
     * return false for such an ACK if that is not certain.
     */
    boolean isAckOfRefusal(byte[] wire);

    /** Handles a message that {@link #accepts} has accepted. */
    void handle(byte[] wire, TransportFlow from);

    /**
     * Responds to a request with 503 and Retry-After, without state. A retransmission of a request in progress is
     * handled instead.
     *
     * @return false if it was handled
     */
    boolean refuse(byte[] wire, TransportFlow from);
}

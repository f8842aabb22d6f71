package org.sipproxy.core.internal.transport;

/**
 * Queue of one receiver thread for messages that it has read and not handled yet. Owned by this layer and implemented
 * by the overload control. Called by the receiver thread only.
 *
 * <p>While the receiver keeps up, the queue is empty and messages bypass it. When it is behind, the receiver moves what
 * the kernel holds into the queue, and the queue decides what is handled first and what is not handled at all.
 */
public interface InboundQueue {

    /** Returns true if no message waits. */
    boolean isEmpty();

    /** Adds a message. May drop this or another one if the queue is full. May keep the array. */
    void add(byte[] wire, TransportFlow from);

    /** Handles or refuses waiting messages for a few milliseconds, at least one. */
    void serve();
}

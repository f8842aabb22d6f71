package org.sipproxy.core.internal.transport;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;

/**
 * Receiver of what a transport reads, and observer of what it writes. Owned by this layer and implemented by the
 * engine. Called on receiver threads and event loops; {@link #onSend} for UDP on the sender's thread.
 */
public interface InboundHandler {

    /** Returns a queue for what one receiver thread cannot handle at once; null if it never queues. */
    default @Nullable InboundQueue newQueue() {
        return null;
    }

    /** Handles one framed message. The handler may keep the array. */
    void onMessage(byte[] wire, TransportFlow from);

    /**
     * Handles a stream whose next message cannot be framed, because it has no usable Content-Length or its headers
     * exceed the limit. The handler may respond; then the transport closes the connection.
     *
     * @param head the bytes of the message that were read
     */
    void onUnframeable(byte[] head, TransportFlow from, String reason);

    /** Returns true if the connection may be accepted. */
    boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint);

    /** Called when an accepted connection failed or was refused in its handshake. */
    void onRefusedConnection(InetSocketAddress remote, Endpoint endpoint, String why);

    /** Called when a connection was refused or closed because {@code limit} was reached. */
    void onConnectionLimit(InetSocketAddress remote, Endpoint endpoint, String limit);

    /**
     * Handles bytes that are not a SIP message: line ends or zeros, or a STUN message. The handler may keep the array.
     *
     * @return false if a filter refused it, so that the transport does not respond to it either
     */
    boolean onNonSip(byte[] bytes, TransportFlow from);

    /**
     * Returns true if the transport may respond to a ping that it handles itself, such as a WebSocket's.
     *
     * @param length the size of the ping in bytes
     */
    boolean acceptsPing(TransportFlow from, int length);

    /**
     * Called before a message is written to the socket, with the bytes before TLS and WebSocket framing. Must neither
     * change the array nor throw.
     */
    void onSend(byte[] wire, TransportFlow to);

    /** Called when a connection is closed by either side. */
    void onClosed(TransportFlow flow);
}

package org.sipproxy.core.internal.transport;

import java.net.InetSocketAddress;
import org.sipproxy.api.transport.Endpoint;

/** What a transport hands up. Owned by this layer, implemented by the engine; calls come on event loops. */
public interface InboundHandler {

    /** One framed message. The array is the handler's to keep. */
    void onMessage(byte[] wire, TransportFlow from);

    /**
     * A stream whose next message cannot be framed (no usable Content-Length, headers over the limit): the handler may answer,
     * then the transport closes the connection.
     *
     * @param head what was read of the message
     */
    void onUnframeable(byte[] head, TransportFlow from, String reason);

    /** Whether a connection is taken at all. */
    boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint);

    /** A connection was accepted, but its handshake failed or was refused. */
    void onRefusedConnection(InetSocketAddress remote, Endpoint endpoint, String why);

    /** A connection was refused or closed because {@code limit} was reached. */
    void onConnectionLimit(InetSocketAddress remote, Endpoint endpoint, String limit);

    /**
     * Something that is not a SIP message: line ends or zeros, or a STUN message. The array is the handler's to keep.
     *
     * @return false if a filter refused it, so that the transport does not respond to it either
     */
    boolean onNonSip(byte[] bytes, TransportFlow from);

    /**
     * Whether the transport may respond to a ping that it does not hand up, such as a WebSocket's.
     *
     * @param length the bytes of the ping
     */
    boolean acceptsPing(TransportFlow from, int length);

    /** A connection is closed, by whomever. */
    void onClosed(TransportFlow flow);
}

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

    /** Something that is no SIP message: line ends or zeros, or a STUN message. The array is the handler's to keep. */
    void onNonSip(byte[] bytes, TransportFlow from);

    /** A connection is closed, by whomever. */
    void onClosed(TransportFlow flow);
}

package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import org.sipproxy.api.transport.TransportKind;

/**
 * Part of a stream transport that differs by protocol: the handlers between socket and messages, and the handshake
 * before the first message. Called on the event loop of the connection.
 */
interface StreamProtocol {

    TransportKind kind();

    /** Returns true if the proxy can open connections of this protocol. */
    boolean connects();

    /** Adds handlers to a connection that a peer opened. Later the connection is opened or its handshake fails. */
    void accept(Channel channel, StreamConnection connection);

    /** Adds handlers to a connection that the proxy is about to open. */
    void prepare(Channel channel, StreamConnection connection);

    /** Called when the connection is established. Then it is opened or its handshake fails. */
    void connected(Channel channel, StreamConnection connection);

    /** Ends the output; the peer may still send. */
    void endOutput(Channel channel);

    /** Closes the channel after the closing message of the protocol, if it has one. */
    void close(Channel channel);
}

package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import org.sipproxy.api.transport.TransportKind;

/**
 * What one stream transport has that the others have not: the handlers between the socket and the messages, and what has to
 * happen before the first message. Calls come on the connection's event loop.
 */
interface StreamProtocol {

    TransportKind kind();

    /** True if connections are opened from here too. */
    boolean connects();

    /** Gives a connection that a peer opened its handlers; sooner or later it is opened, or its handshake fails. */
    void accept(Channel channel, StreamConnection connection);

    /** Gives a connection that is going to be made its handlers. */
    void prepare(Channel channel, StreamConnection connection);

    /** It is connected; now it is opened, or its handshake fails. */
    void connected(Channel channel, StreamConnection connection);

    /** Says that nothing more follows what was written; the peer still may send. */
    void endOutput(Channel channel);

    /** Closes, with what the peer has to be told before. */
    void close(Channel channel);
}

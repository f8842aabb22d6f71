package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.socket.DuplexChannel;
import org.sipproxy.api.transport.TransportKind;

/** TCP: messages begin with the first byte. */
final class PlainStream implements StreamProtocol {

    @Override
    public TransportKind kind() {
        return TransportKind.TCP;
    }

    @Override
    public boolean connects() {
        return true;
    }

    @Override
    public void accept(Channel channel, StreamConnection connection) {
        prepare(channel, connection);
        connection.opened(channel);
    }

    @Override
    public void prepare(Channel channel, StreamConnection connection) {
        channel.pipeline().addLast(new FramedInbound(connection));
    }

    @Override
    public void connected(Channel channel, StreamConnection connection) {
        connection.opened(channel);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closeFuture reports failures
    public void endOutput(Channel channel) {
        if (channel instanceof DuplexChannel duplex) {
            duplex.shutdownOutput();
        } else {
            channel.close();
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closeFuture reports failures
    public void close(Channel channel) {
        channel.close();
    }
}

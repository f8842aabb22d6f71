package org.sipproxy.core.internal.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.core.internal.codec.StreamFramer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Inbound handler of a TCP or TLS connection: cuts bytes into messages by Content-Length, and closes slow senders. */
final class FramedInbound extends StreamInbound implements StreamFramer.Sink {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    private final StreamFramer framer;

    FramedInbound(StreamConnection connection) {
        super(connection);
        this.framer = new StreamFramer(environment.parseLimits);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        ByteBuf in = (ByteBuf) msg;
        try {
            connection.readBegins();
            byte[] scratch = StreamEnvironment.scratch();
            while (in.isReadable() && !discarding) {
                int n = Math.min(in.readableBytes(), scratch.length);
                in.readBytes(scratch, 0, n);
                framer.feed(scratch, 0, n, this);
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        super.channelReadComplete(ctx);
        watchUnfinished(ctx, framer.isInsideMessage() ? framer.messages() : COMPLETE);
    }

    @Override
    public void message(byte[] wire) {
        deliver(wire);
    }

    @Override
    public void ping() {
        pinged();
    }

    @Override
    public void unframeable(byte[] head, String reason) {
        environment.counters.unframeable.increment();
        LOG.debug("connection {}: {}", connection, reason);
        discarding = true;
        connection.transport().upcall(inbound -> inbound.onUnframeable(head, connection, reason));
        connection.finish();
    }
}

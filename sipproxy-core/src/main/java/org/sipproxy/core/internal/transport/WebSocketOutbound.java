package org.sipproxy.core.internal.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Writes each SIP message as one frame: text, which browsers display as such, or binary if it is not UTF-8 (RFC 7118
 * §4.2).
 */
@Sharable
final class WebSocketOutbound extends ChannelOutboundHandlerAdapter {

    static final WebSocketOutbound INSTANCE = new WebSocketOutbound();

    private WebSocketOutbound() {}

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the writer has the promise
    public void write(ChannelHandlerContext ctx, Object msg, ChannelPromise promise) {
        if (msg instanceof ByteBuf wire && wire.isReadable()) {
            ctx.write(isUtf8(wire) ? new TextWebSocketFrame(wire) : new BinaryWebSocketFrame(wire), promise);
        } else {
            ctx.write(msg, promise); // a control frame, or the response to the handshake
        }
    }

    private static boolean isUtf8(ByteBuf wire) {
        if (wire.forEachByte(b -> b >= 0) < 0) {
            return true; // ASCII, as nearly all messages are
        }
        ByteBuffer bytes = wire.nioBuffer();
        try {
            StandardCharsets.UTF_8.newDecoder().decode(bytes);
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}

package org.sipproxy.core.internal.transport;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.websocketx.BinaryWebSocketFrame;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.ContinuationWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PingWebSocketFrame;
import io.netty.handler.codec.http.websocketx.PongWebSocketFrame;
import io.netty.handler.codec.http.websocketx.TextWebSocketFrame;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrame;
import io.netty.util.ReferenceCountUtil;
import java.util.Arrays;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Inbound handler of a WebSocket. Each of its messages is one SIP message (RFC 7118 §4.2): complete or in fragments,
 * text or binary. A Content-Length is not needed.
 */
final class WebSocketInbound extends StreamInbound {

    private static final byte[] EMPTY = {};

    private final int limit;
    /**
     * The fragments of a message so far, {@link #heldBytes} bytes. Grown by doubling, because a fragment may be one
     * byte.
     */
    private byte[] held = EMPTY;

    private int heldBytes;
    private boolean fragmented;
    /** True if the bytes read so far are not a complete frame or not a complete message. */
    private boolean begun;

    private long messages;

    private final long pingNanos;
    private @Nullable Future<?> pingTask;
    /** When the peer last gave a sign of life. */
    private long heardNanos = System.nanoTime();

    private boolean pingSent;

    WebSocketInbound(StreamConnection connection) {
        super(connection);
        this.limit = environment.parseLimits.messageBytes();
        this.pingNanos = environment.limits.webSocketPing().toNanos();
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        if (pingNanos > 0) {
            checkHeardIn(ctx, pingNanos);
        }
        super.channelActive(ctx);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        if (pingTask != null) {
            pingTask.cancel(false);
        }
        super.channelInactive(ctx);
    }

    private void checkHeardIn(ChannelHandlerContext ctx, long nanos) {
        pingTask = ctx.executor().schedule(() -> checkHeard(ctx), nanos, TimeUnit.NANOSECONDS);
    }

    /**
     * Pings a peer that is silent, and closes the connection if it stays silent. A browser that vanished without a FIN
     * would otherwise keep its connection and its bindings.
     */
    private void checkHeard(ChannelHandlerContext ctx) {
        pingTask = null;
        if (!ctx.channel().config().isAutoRead() && connection.lastActivityNanos() - heardNanos > 0) {
            heardNanos = connection.lastActivityNanos(); // nothing is read, but the peer takes what is sent to it
        }
        long left = pingNanos - (System.nanoTime() - heardNanos);
        if (left > 0) {
            checkHeardIn(ctx, left);
        } else if (!connection.isEstablished() || discarding) {
            checkHeardIn(ctx, pingNanos); // the handshake and the close have time limits of their own
        } else if (!pingSent) {
            pingSent = true;
            write(ctx, new PingWebSocketFrame());
            checkHeardIn(ctx, pingNanos);
        } else if (connection.close("no response to a ping in " + environment.limits.webSocketPing(), null)) {
            environment.counters.closedUnresponsive.increment();
        }
    }

    /** True after a close frame was sent or received: no frame may follow. */
    boolean isOver() {
        return discarding;
    }

    /**
     * Returns a handler that sees incoming bytes before the frame decoder, which holds them until a frame is complete.
     */
    ChannelHandler arrivals() {
        return new ChannelInboundHandlerAdapter() {
            @Override
            public void channelRead(ChannelHandlerContext ctx, Object msg) {
                heardNanos = System.nanoTime();
                pingSent = false;
                begun = connection.isEstablished(); // the handshake has its own time limit
                ctx.fireChannelRead(msg);
            }

            @Override
            public void channelReadComplete(ChannelHandlerContext ctx) {
                watchUnfinished(ctx, begun ? messages : COMPLETE);
                ctx.fireChannelReadComplete();
            }
        };
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object msg) {
        try {
            if (discarding) {
                return;
            }
            if (!(msg instanceof WebSocketFrame frame)) {
                fail(ctx, WebSocketCloseStatus.PROTOCOL_ERROR, "unexpected bytes after the handshake");
                return;
            }
            connection.readBegins();
            begun = fragmented;
            if (frame instanceof PingWebSocketFrame) {
                int length = frame.content().readableBytes();
                if (connection.transport().ask(handler -> handler.acceptsPing(connection, length))) {
                    write(ctx, new PongWebSocketFrame(frame.content().retain()));
                }
            } else if (frame instanceof CloseWebSocketFrame close) {
                closed(ctx, close);
            } else if (!(frame instanceof PongWebSocketFrame)) {
                data(ctx, frame);
            }
        } finally {
            ReferenceCountUtil.release(msg);
        }
    }

    private void data(ChannelHandlerContext ctx, WebSocketFrame frame) {
        boolean first = frame instanceof TextWebSocketFrame || frame instanceof BinaryWebSocketFrame;
        if (first == fragmented || !(first || frame instanceof ContinuationWebSocketFrame)) {
            fail(ctx, WebSocketCloseStatus.PROTOCOL_ERROR, "fragments out of order");
            return;
        }
        int length = frame.content().readableBytes();
        if (length > limit - heldBytes) {
            fail(ctx, WebSocketCloseStatus.MESSAGE_TOO_BIG, "a message longer than " + limit + " bytes");
            return;
        }
        fragmented = !frame.isFinalFragment();
        begun = fragmented;
        if (fragmented || heldBytes > 0) {
            hold(frame.content(), length);
        }
        if (!fragmented) {
            byte[] wire = heldBytes > 0 ? Arrays.copyOf(held, heldBytes) : ByteBufUtil.getBytes(frame.content());
            held = EMPTY;
            heldBytes = 0;
            messages++;
            whole(wire);
        }
    }

    private void hold(ByteBuf content, int length) {
        if (heldBytes + length > held.length) {
            held = Arrays.copyOf(held, Math.min(limit, Math.max(heldBytes + length, held.length * 2)));
        }
        content.readBytes(held, heldBytes, length);
        heldBytes += length;
    }

    /**
     * Delivers a complete message. Line ends alone are a keepalive; a double one requires a response (RFC 5626 §3.5.1).
     */
    private void whole(byte[] bytes) {
        int lineEnds = 0;
        for (byte b : bytes) {
            if (b != '\r' && b != '\n') {
                deliver(bytes);
                return;
            }
            lineEnds += b == '\n' ? 1 : 0;
        }
        if (lineEnds >= 2) {
            pinged();
        }
    }

    /** Discards further input. The decoder has sent the peer a close frame with the reason. */
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        discarding = true;
        super.exceptionCaught(ctx, cause);
    }

    private void closed(ChannelHandlerContext ctx, CloseWebSocketFrame close) {
        discarding = true;
        int status = close.statusCode();
        write(ctx, status < 0 ? new CloseWebSocketFrame() : new CloseWebSocketFrame(status, ""));
        connection.close("closed by the peer", null);
    }

    private void fail(ChannelHandlerContext ctx, WebSocketCloseStatus status, String why) {
        environment.counters.unframeable.increment();
        discarding = true;
        write(ctx, new CloseWebSocketFrame(status, why));
        connection.close(why, null);
    }

    @SuppressWarnings("FutureReturnValueIgnored") // if it cannot be written, the connection is ending
    private static void write(ChannelHandlerContext ctx, WebSocketFrame frame) {
        ctx.writeAndFlush(frame);
    }
}

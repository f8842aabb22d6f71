package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.websocketx.CloseWebSocketFrame;
import io.netty.handler.codec.http.websocketx.Utf8FrameValidator;
import io.netty.handler.codec.http.websocketx.WebSocketCloseStatus;
import io.netty.handler.codec.http.websocketx.WebSocketFrameEncoder;
import io.netty.handler.ssl.SslHandler;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;

/** WebSocket (RFC 7118), over TLS or plain: an HTTP request comes first, and each message after it is a SIP message. */
final class WebSocketStream implements StreamProtocol {

    /**
     * Limit of the request line, and of all header lines together. Browsers send cookies; other clients need little.
     */
    private static final int MAX_HTTP_LINE = 4_096;

    private static final int MAX_HTTP_HEADERS = 16_384;
    /** A GET has no body. */
    private static final int MAX_HTTP_BODY = 1_024;

    /** How long the peer has to accept the close frame. */
    private static final long CLOSE_MILLIS = 1_000;

    private final @Nullable TlsContexts contexts;
    private final Set<String> origins;
    private final Duration handshakeTimeout;

    /** Fails with a LinkageError if Netty lacks a handler, instead of the first connection. */
    WebSocketStream(@Nullable TlsContexts contexts, Set<String> origins, Duration withoutTls) {
        httpCodec();
        httpAggregator();
        frameValidator();
        this.contexts = contexts;
        this.origins = origins;
        this.handshakeTimeout = contexts == null ? withoutTls : contexts.handshakeTimeout();
    }

    @Override
    public TransportKind kind() {
        return contexts == null ? TransportKind.WS : TransportKind.WSS;
    }

    @Override
    public boolean connects() {
        return false;
    }

    @Override
    public void accept(Channel channel, StreamConnection connection) {
        ChannelPipeline pipeline = channel.pipeline();
        TlsContexts tls = contexts;
        if (tls != null) {
            SslHandler handler = tls.accepting(channel);
            pipeline.addLast(handler);
            handler.handshakeFuture().addListener(done -> {
                if (done.isSuccess()) {
                    connection.identified(TlsContexts.identities(handler));
                } else {
                    connection.handshakeFailed(done.cause());
                }
            });
        }
        WebSocketInbound inbound = new WebSocketInbound(connection);
        pipeline.addLast(
                inbound.arrivals(),
                httpCodec(),
                httpAggregator(),
                new WebSocketHandshake(connection, origins),
                frameValidator(),
                WebSocketOutbound.INSTANCE,
                inbound);
        connection.opensWithin(channel, handshakeTimeout);
    }

    private static ChannelHandler httpCodec() {
        return new HttpServerCodec(MAX_HTTP_LINE, MAX_HTTP_HEADERS, MAX_HTTP_BODY);
    }

    private static ChannelHandler httpAggregator() {
        return new HttpObjectAggregator(MAX_HTTP_BODY, true);
    }

    private static ChannelHandler frameValidator() {
        return new Utf8FrameValidator(true);
    }

    @Override
    public void prepare(Channel channel, StreamConnection connection) {
        throw new IllegalStateException("WebSocket connections can be opened by peers only");
    }

    @Override
    public void connected(Channel channel, StreamConnection connection) {
        throw new IllegalStateException("WebSocket connections can be opened by peers only");
    }

    @Override
    public void endOutput(Channel channel) {
        close(channel);
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closeFuture reports failures
    public void close(Channel channel) {
        try {
            if (channel.eventLoop().inEventLoop()) {
                sayGoodbye(channel);
            } else {
                channel.eventLoop().execute(() -> sayGoodbye(channel));
            }
        } catch (RejectedExecutionException e) {
            channel.close(); // the loops are stopped
        }
    }

    @SuppressWarnings("FutureReturnValueIgnored") // closeFuture reports failures
    private static void sayGoodbye(Channel channel) {
        WebSocketInbound inbound = channel.pipeline().get(WebSocketInbound.class);
        boolean upgraded = channel.pipeline().get(WebSocketFrameEncoder.class) != null;
        if (inbound == null || inbound.isOver() || !upgraded || !channel.isWritable()) {
            channel.close();
            return;
        }
        channel.writeAndFlush(new CloseWebSocketFrame(WebSocketCloseStatus.ENDPOINT_UNAVAILABLE))
                .addListener(ChannelFutureListener.CLOSE);
        channel.eventLoop().schedule(() -> channel.close(), CLOSE_MILLIS, TimeUnit.MILLISECONDS);
    }
}

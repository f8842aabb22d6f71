package org.sipproxy.core.internal.transport;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.websocketx.WebSocketDecoderConfig;
import io.netty.handler.codec.http.websocketx.WebSocketServerHandshaker13;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.sipproxy.message.SipParseException;

/**
 * Opening handshake (RFC 6455 §4.2) with the subprotocol {@code sip}, which RFC 7118 §4.1 requires. Accepts any path.
 * Any other request gets one line of text with the reason, and the connection is closed.
 */
final class WebSocketHandshake extends SimpleChannelInboundHandler<FullHttpRequest> {

    private static final String SUBPROTOCOL = "sip";
    private static final String VERSION = "13";

    private final StreamConnection connection;
    private final Set<String> origins;

    WebSocketHandshake(StreamConnection connection, Set<String> origins) {
        this.connection = connection;
        this.origins = origins;
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, FullHttpRequest request) {
        if (request.decoderResult().isFailure()) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, "not an HTTP request");
        } else if (!isUpgrade(request)) {
            refuse(
                    ctx,
                    HttpResponseStatus.UPGRADE_REQUIRED,
                    "only WebSocket connections with the subprotocol sip are accepted");
        } else if (!VERSION.equals(request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            refuse(ctx, HttpResponseStatus.UPGRADE_REQUIRED, "only WebSocket version 13 is supported");
        } else if (!request.headers().contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, "Sec-WebSocket-Key is missing");
        } else if (!request.headers().containsValue(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL, false)) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, "offer the subprotocol sip (RFC 7118)");
        } else if (!isWelcome(request.headers().get(HttpHeaderNames.ORIGIN))) {
            refuse(
                    ctx,
                    HttpResponseStatus.FORBIDDEN,
                    "pages of this origin are not allowed by webSocketOrigins: \""
                            + SipParseException.excerpt(request.headers().get(HttpHeaderNames.ORIGIN)) + "\"");
        } else {
            upgrade(ctx.channel(), request);
        }
    }

    private static boolean isUpgrade(FullHttpRequest request) {
        return request.method().equals(HttpMethod.GET)
                && request.protocolVersion().equals(HttpVersion.HTTP_1_1)
                && has(request, HttpHeaderNames.UPGRADE, "websocket")
                && has(request, HttpHeaderNames.CONNECTION, "upgrade");
    }

    /** Returns true if an element of the header is this token, ignoring case. */
    private static boolean has(FullHttpRequest request, CharSequence header, String token) {
        return request.headers().containsValue(header, token, true);
    }

    /**
     * Returns true if the origin is allowed. Only browsers send the origin of their page; another client has no page
     * and could send any origin.
     */
    private boolean isWelcome(@Nullable String origin) {
        return origins.isEmpty() || origin == null || origins.contains(origin.toLowerCase(Locale.ROOT));
    }

    private void upgrade(Channel channel, FullHttpRequest request) {
        int limit = connection.transport().environment().parseLimits.messageBytes();
        WebSocketDecoderConfig frames = WebSocketDecoderConfig.newBuilder()
                .maxFramePayloadLength(limit)
                .allowExtensions(false)
                .expectMaskedFrames(true)
                .build();
        channel.pipeline().remove(this);
        new WebSocketServerHandshaker13(request.uri(), SUBPROTOCOL, frames)
                .handshake(channel, request)
                .addListener(done -> {
                    if (done.isSuccess()) {
                        connection.opened(channel);
                    } else {
                        connection.handshakeFailed(done.cause());
                    }
                });
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the connection is notified when it ends
    private void refuse(ChannelHandlerContext ctx, HttpResponseStatus status, String why) {
        ByteBuf text = ctx.alloc().buffer().writeBytes((why + "\n").getBytes(StandardCharsets.US_ASCII));
        FullHttpResponse response = new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, status, text);
        response.headers()
                .set(HttpHeaderNames.CONTENT_TYPE, HttpHeaderValues.TEXT_PLAIN)
                .set(HttpHeaderNames.CONTENT_LENGTH, text.readableBytes())
                .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
        if (status.equals(HttpResponseStatus.UPGRADE_REQUIRED)) {
            response.headers()
                    .set(HttpHeaderNames.CONNECTION, "Upgrade, close")
                    .set(HttpHeaderNames.UPGRADE, HttpHeaderValues.WEBSOCKET)
                    .set(HttpHeaderNames.SEC_WEBSOCKET_VERSION, VERSION);
        }
        connection.transport().connectionRefused(connection.remoteAddress(), status.code() + " " + why);
        ctx.channel().config().setAutoRead(false); // ignore further input
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }
}

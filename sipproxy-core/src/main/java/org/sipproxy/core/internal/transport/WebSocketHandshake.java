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
 * The opening handshake of RFC 6455 §4.2 with the subprotocol {@code sip}, which RFC 7118 §4.1 demands; any path will do. What
 * is not such a handshake gets one line of text that says so, and the connection is closed.
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
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, "this is no HTTP request");
        } else if (!isUpgrade(request)) {
            refuse(
                    ctx,
                    HttpResponseStatus.UPGRADE_REQUIRED,
                    "only WebSockets with the subprotocol sip are served here");
        } else if (!VERSION.equals(request.headers().get(HttpHeaderNames.SEC_WEBSOCKET_VERSION))) {
            refuse(ctx, HttpResponseStatus.UPGRADE_REQUIRED, "only version 13 of WebSocket is spoken here");
        } else if (!request.headers().contains(HttpHeaderNames.SEC_WEBSOCKET_KEY)) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, "Sec-WebSocket-Key is missing");
        } else if (!request.headers().containsValue(HttpHeaderNames.SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL, false)) {
            refuse(ctx, HttpResponseStatus.BAD_REQUEST, "the subprotocol sip has to be offered (RFC 7118)");
        } else if (!isWelcome(request.headers().get(HttpHeaderNames.ORIGIN))) {
            refuse(
                    ctx,
                    HttpResponseStatus.FORBIDDEN,
                    "pages of this origin may not connect (webSocketOrigins): \""
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

    /** True if one of the elements of a header is this token, in whatever case. */
    private static boolean has(FullHttpRequest request, CharSequence header, String token) {
        return request.headers().containsValue(header, token, true);
    }

    /** Browsers tell the page's origin; what is no browser has no page, and could tell any. */
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

    @SuppressWarnings("FutureReturnValueIgnored") // the connection hears of its end
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
        ctx.channel().config().setAutoRead(false); // whatever else it has to say
        ctx.writeAndFlush(response).addListener(ChannelFutureListener.CLOSE);
    }
}

package org.sipproxy.core.internal.transport;

import io.netty.channel.Channel;
import io.netty.handler.ssl.SslHandler;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.tls.SipIdentities;

/**
 * TLS: the handshake comes first. A connection opened by the proxy is open only if the certificate matches the peer.
 */
final class TlsStream implements StreamProtocol {

    private final TlsContexts contexts;

    TlsStream(TlsContexts contexts) {
        this.contexts = contexts;
    }

    @Override
    public TransportKind kind() {
        return TransportKind.TLS;
    }

    @Override
    public boolean connects() {
        return true;
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the listener is notified
    public void accept(Channel channel, StreamConnection connection) {
        SslHandler tls = contexts.accepting(channel);
        channel.pipeline().addLast(tls, new FramedInbound(connection));
        connection.opensWithin(channel, contexts.handshakeTimeout());
        tls.handshakeFuture().addListener(done -> {
            if (done.isSuccess()) {
                connection.identified(TlsContexts.identities(tls));
                connection.opened(channel);
            } else {
                connection.handshakeFailed(done.cause());
            }
        });
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // the listener is notified
    public void prepare(Channel channel, StreamConnection connection) {
        SslHandler tls = contexts.connecting(channel, connection.remoteAddress(), connection.peerName());
        channel.pipeline().addLast(tls, new FramedInbound(connection));
        tls.handshakeFuture().addListener(done -> {
            if (!done.isSuccess()) {
                connection.handshakeFailed(done.cause());
                return;
            }
            SipIdentities identities = TlsContexts.identities(tls);
            if (identities.covers(connection.peerName())) {
                connection.identified(identities);
                connection.opened(channel);
            } else {
                connection.handshakeFailed(new SSLPeerUnverifiedException(
                        "its certificate is for " + identities.domains() + " and not for " + connection.peerName()));
            }
        });
    }

    @Override
    public void connected(Channel channel, StreamConnection connection) {
        connection.opensWithin(
                channel, connection.transport().environment().limits.connectTimeout());
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closeFuture reports failures
    public void endOutput(Channel channel) {
        SslHandler tls = channel.pipeline().get(SslHandler.class);
        if (tls == null) {
            channel.close();
        } else {
            tls.closeOutbound();
        }
    }

    @Override
    @SuppressWarnings("FutureReturnValueIgnored") // closeFuture reports failures
    public void close(Channel channel) {
        channel.close(); // the SslHandler sends the close_notify
    }
}

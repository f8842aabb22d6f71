package org.sipproxy.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;

/** WebSocket, as of a browser (RFC 7118), without an address that accepts connections. */
final class WebSocketWire implements Wire {

    private final TransportKind kind;
    private final InetSocketAddress name = InetSocketAddress.createUnresolved(Unique.word("h") + ".invalid", 0);
    private final WebSocket socket;
    private final Listener listener;

    /** Connects to the proxy; {@code context} is null for WS. */
    WebSocketWire(TransportKind kind, InetSocketAddress peer, @Nullable SSLContext context) {
        this.kind = kind;
        this.listener = new Listener(peer);
        HttpClient.Builder client = HttpClient.newBuilder();
        if (context != null) {
            client.sslContext(context);
        }
        String host = peer.getAddress().getHostAddress();
        URI uri = URI.create(kind.lowerCase() + "://" + (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":"
                + peer.getPort() + "/");
        try {
            socket = client.build()
                    .newWebSocketBuilder()
                    .subprotocols("sip")
                    .buildAsync(uri, listener)
                    .join();
        } catch (CompletionException e) {
            throw new UncheckedIOException("proxy: no WebSocket to " + uri, new IOException(e.getCause()));
        }
    }

    @Override
    public TransportKind kind() {
        return kind;
    }

    /** Returns a name that does not resolve. */
    @Override
    public InetSocketAddress localAddress() {
        return name;
    }

    @Override
    public void start(String threadName, Receiver receiver) {
        listener.receiver = receiver;
        socket.request(1);
    }

    /**
     * Sends one message per frame, and waits until it is sent, because the client does not accept another one
     * meanwhile.
     */
    @Override
    public synchronized void send(byte[] bytes) {
        try {
            socket.sendBinary(ByteBuffer.wrap(bytes), true).join();
        } catch (CompletionException e) {
            // closed by either side: lost
        }
    }

    @Override
    public void close() {
        socket.abort();
    }

    private static final class Listener implements WebSocket.Listener {

        private final InetSocketAddress peer;
        private final StringBuilder held = new StringBuilder();

        /** Set before the first frame is requested. */
        private volatile @Nullable Receiver receiver;

        Listener(InetSocketAddress peer) {
            this.peer = peer;
        }

        /** Does not request a frame yet. */
        @Override
        public void onOpen(WebSocket opened) {}

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence data, boolean last) {
            byte[] utf8 = data.toString().getBytes(StandardCharsets.UTF_8);
            return take(from, new String(utf8, StandardCharsets.ISO_8859_1), last);
        }

        @Override
        public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer data, boolean last) {
            return take(from, StandardCharsets.ISO_8859_1.decode(data).toString(), last);
        }

        private @Nullable CompletionStage<?> take(WebSocket from, String piece, boolean last) {
            held.append(piece);
            if (last) {
                byte[] message = held.toString().getBytes(StandardCharsets.ISO_8859_1);
                held.setLength(0);
                Receiver to = receiver;
                if (to != null) {
                    to.received(message, peer);
                }
            }
            from.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket from, int status, String reason) {
            ended();
            return null;
        }

        @Override
        public void onError(WebSocket from, Throwable error) {
            ended();
        }

        private void ended() {
            Receiver to = receiver;
            if (to != null) {
                to.ended();
            }
        }
    }
}

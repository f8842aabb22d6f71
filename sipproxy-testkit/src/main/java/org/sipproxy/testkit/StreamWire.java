package org.sipproxy.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;

/** TCP or TLS connection that the phone opens and both sides use. Does not listen. */
final class StreamWire implements Wire {

    private final TransportKind kind;
    private final Socket socket;
    private @Nullable WireThread thread;

    private StreamWire(TransportKind kind, Socket socket) {
        this.kind = kind;
        this.socket = socket;
    }

    static StreamWire tcp(InetSocketAddress peer) {
        try {
            return new StreamWire(TransportKind.TCP, connect(peer));
        } catch (IOException e) {
            throw new UncheckedIOException("proxy: no TCP connection to " + peer, e);
        }
    }

    /** Connects over TLS. The peer's certificate must be for {@code domain} (RFC 5922 §7.3). */
    @SuppressWarnings("AddressSelection") // the name is for the certificate check only; the socket is connected
    static StreamWire tls(InetSocketAddress peer, SSLContext context, String domain) {
        try {
            Socket plain = connect(peer);
            SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, domain, peer.getPort(), true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return new StreamWire(TransportKind.TLS, socket);
        } catch (IOException e) {
            throw new UncheckedIOException("proxy: no TLS connection to " + peer + " as " + domain, e);
        }
    }

    private static Socket connect(InetSocketAddress peer) throws IOException {
        Socket socket = new Socket(peer.getAddress(), peer.getPort());
        socket.setTcpNoDelay(true);
        return socket;
    }

    @Override
    public TransportKind kind() {
        return kind;
    }

    @Override
    public InetSocketAddress localAddress() {
        return (InetSocketAddress) socket.getLocalSocketAddress();
    }

    @Override
    public void start(String threadName, Receiver receiver) {
        thread = WireThread.start(threadName, () -> read(receiver));
    }

    private void read(Receiver receiver) {
        StreamCutter cutter = new StreamCutter();
        byte[] buffer = new byte[8_192];
        InetSocketAddress peer = (InetSocketAddress) socket.getRemoteSocketAddress();
        try (InputStream in = socket.getInputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                cutter.feed(buffer, n).forEach(message -> receiver.received(message, peer));
            }
        } catch (IOException e) {
            // closed by either side
        }
        receiver.ended();
    }

    @Override
    public synchronized void send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            // closed by either side: lost
        }
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        WireThread reading = thread;
        if (reading != null) {
            reading.join();
        }
    }
}

package org.sipproxy.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;

/** One connection, which the phone opens and both sides use; the phone listens nowhere. */
final class TcpWire implements Wire {

    private final Socket socket;
    private @Nullable WireThread thread;

    TcpWire(InetSocketAddress peer) {
        try {
            this.socket = new Socket(peer.getAddress(), peer.getPort());
            socket.setTcpNoDelay(true);
        } catch (IOException e) {
            throw new UncheckedIOException("proxy: no TCP connection to " + peer, e);
        }
    }

    @Override
    public TransportKind kind() {
        return TransportKind.TCP;
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
        try (InputStream in = socket.getInputStream()) {
            for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                cutter.feed(buffer, n).forEach(receiver::received);
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

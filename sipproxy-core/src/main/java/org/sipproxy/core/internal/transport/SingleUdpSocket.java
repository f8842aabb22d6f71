package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.DatagramChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A DatagramChannel: one system call for each datagram.
 *
 * <p>The channel does not block. Otherwise it would be closed when a thread in it is interrupted, and any thread of the
 * host application may send. Also, the receiver can find out whether the kernel holds more: it waits with a selector
 * only when there is nothing to read, so under load a datagram costs no further system call.
 */
final class SingleUdpSocket implements UdpSocket {

    /** After this many datagrams without a wait, the receiver is behind; a burst is shorter. */
    private static final int READ_IN_A_ROW = 64;

    /** The receiver is woken to close the socket; this is for a channel that something else closes. */
    private static final long WAIT_MILLIS = 1_000;

    /** Number of attempts while the kernel's queue of outgoing datagrams is full. */
    private static final int SEND_ATTEMPTS = 1_000;

    private final DatagramChannel channel;
    private final Selector selector;
    // receiver only
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(UdpTransport.MAX_DATAGRAM + 1);
    private @Nullable InetSocketAddress source;
    private int readInARow;

    /**
     * Opens a socket.
     *
     * @param shared true if other sockets of this process are bound to the same address and port
     */
    SingleUdpSocket(InetAddress address, int port, boolean shared) throws IOException {
        channel = DatagramChannel.open(); // does not send to broadcast addresses
        try {
            selector = Selector.open();
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
        try {
            channel.configureBlocking(false);
            if (shared) {
                channel.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            channel.setOption(StandardSocketOptions.SO_RCVBUF, UdpTransport.SOCKET_BUFFER);
            channel.setOption(StandardSocketOptions.SO_SNDBUF, UdpTransport.SOCKET_BUFFER);
            channel.bind(new InetSocketAddress(address, port));
            channel.register(selector, SelectionKey.OP_READ);
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    @Override
    public int receive() throws IOException {
        if (isRead()) {
            readInARow++;
            return 1;
        }
        readInARow = 0;
        try {
            selector.select(SingleUdpSocket::isReadable, WAIT_MILLIS);
        } catch (ClosedSelectorException e) {
            throw new IOException("the socket is closed", e);
        }
        Thread.interrupted(); // otherwise the selector would not wait again
        return isRead() ? 1 : 0;
    }

    private static void isReadable(SelectionKey key) {
        // the only one; it is read in any case
    }

    private boolean isRead() throws IOException {
        buffer.clear();
        source = (InetSocketAddress) channel.receive(buffer);
        return source != null;
    }

    @Override
    public int receiveNow() throws IOException {
        boolean isRead = isRead();
        readInARow = isRead ? READ_IN_A_ROW : 0;
        return isRead ? 1 : 0;
    }

    @Override
    public boolean isBehind() {
        return readInARow >= READ_IN_A_ROW;
    }

    @Override
    public @Nullable InetSocketAddress source(int index) {
        return source;
    }

    @Override
    public byte[] datagram(int index) {
        byte[] copy = new byte[buffer.position()];
        buffer.get(0, copy);
        return copy;
    }

    @Override
    public void collect(byte[] wire, InetSocketAddress remote, SendFailure onFailure) throws IOException {
        send(wire, remote);
    }

    @Override
    public List<FailedSend> flush() {
        return List.of();
    }

    @Override
    public void send(byte[] wire, InetSocketAddress remote) throws IOException {
        ByteBuffer datagram = ByteBuffer.wrap(wire);
        for (int i = 0; i < SEND_ATTEMPTS; i++) {
            if (channel.send(datagram, remote) == wire.length) {
                return;
            }
            Thread.onSpinWait();
        }
        throw new IOException("the kernel's queue of outgoing datagrams is full");
    }

    @Override
    public void pushOut() {
        // nothing waits
    }

    @Override
    public boolean isClosed() {
        return !channel.isOpen() || !selector.isOpen();
    }

    @Override
    public void close() {
        try {
            selector.close(); // first: a channel that is registered keeps its port
        } catch (IOException e) {
            // the channel is closed in any case
        }
        try {
            channel.close();
        } catch (IOException e) {
            // released nevertheless
        }
    }
}

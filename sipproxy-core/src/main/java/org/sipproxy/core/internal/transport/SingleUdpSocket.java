package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.util.Arrays;
import java.util.List;

/**
 * A DatagramSocket: one system call for each datagram.
 *
 * <p>Not a DatagramChannel, because any thread of the host application may send, and a channel is closed when a thread
 * in it is interrupted.
 */
final class SingleUdpSocket implements UdpSocket {

    private final DatagramSocket socket;
    private final byte[] buffer = new byte[UdpTransport.MAX_DATAGRAM + 1];
    private final DatagramPacket packet = new DatagramPacket(buffer, buffer.length);

    /**
     * Opens a socket.
     *
     * @param shared true if other sockets of this process are bound to the same address and port
     */
    SingleUdpSocket(InetAddress address, int port, boolean shared) throws IOException {
        socket = new DatagramSocket(null);
        try {
            socket.setBroadcast(false); // on by default; a client must not make the proxy send to a whole network
            if (shared) {
                socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            socket.setReceiveBufferSize(UdpTransport.SOCKET_BUFFER);
            socket.setSendBufferSize(UdpTransport.SOCKET_BUFFER);
            socket.bind(new InetSocketAddress(address, port));
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    @Override
    public int receive() throws IOException {
        packet.setData(buffer, 0, buffer.length);
        socket.receive(packet);
        return 1;
    }

    @Override
    public InetSocketAddress source(int index) {
        return (InetSocketAddress) packet.getSocketAddress();
    }

    @Override
    public byte[] datagram(int index) {
        return Arrays.copyOf(buffer, packet.getLength());
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
        socket.send(new DatagramPacket(wire, wire.length, remote));
    }

    @Override
    public void pushOut() {
        // nothing waits
    }

    @Override
    public boolean isClosed() {
        return socket.isClosed();
    }

    @Override
    public void close() {
        socket.close();
    }
}

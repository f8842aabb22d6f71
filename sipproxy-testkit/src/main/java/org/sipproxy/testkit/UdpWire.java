package org.sipproxy.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.TransportKind;

/** Datagram socket that receives from any address and sends requests to one address. */
final class UdpWire implements Wire {

    private static final int LARGEST_DATAGRAM = 65_536;

    private final DatagramSocket socket;
    private final InetSocketAddress peer;
    private @Nullable WireThread thread;

    UdpWire(InetSocketAddress local, InetSocketAddress peer) {
        this.peer = peer;
        try {
            this.socket = new DatagramSocket(local);
        } catch (IOException e) {
            throw new UncheckedIOException("local: no UDP socket at " + local, e);
        }
    }

    @Override
    public TransportKind kind() {
        return TransportKind.UDP;
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
        byte[] buffer = new byte[LARGEST_DATAGRAM];
        while (!socket.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                receiver.received(
                        Arrays.copyOf(buffer, packet.getLength()), (InetSocketAddress) packet.getSocketAddress());
            } catch (IOException e) {
                // closed, or an ICMP error of an earlier send
            }
        }
    }

    @Override
    public void send(byte[] bytes) {
        respond(bytes, peer);
    }

    @Override
    public void respond(byte[] bytes, InetSocketAddress source) {
        try {
            socket.send(new DatagramPacket(bytes, bytes.length, source));
        } catch (IOException e) {
            // closed, or an ICMP error of an earlier send: lost
        }
    }

    @Override
    public void close() {
        socket.close();
        WireThread reading = thread;
        if (reading != null) {
            reading.join();
        }
    }
}

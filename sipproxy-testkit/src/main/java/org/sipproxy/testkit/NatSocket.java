package org.sipproxy.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;

/** Inner or outer port of a NAT, with the thread that reads it. */
final class NatSocket {

    /** Receiver of datagrams. */
    interface Receiver {
        void received(byte[] bytes, InetSocketAddress from);
    }

    private static final int LARGEST_DATAGRAM = 65_536;

    private final DatagramSocket socket;
    private final InetSocketAddress address;
    private final WireThread thread;

    private NatSocket(DatagramSocket socket, String threadName, Receiver receiver) {
        this.socket = socket;
        this.address = (InetSocketAddress) socket.getLocalSocketAddress();
        this.thread = WireThread.start(threadName, () -> read(socket, receiver));
    }

    static NatSocket open(String threadName, Receiver receiver) {
        try {
            DatagramSocket socket = new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
            return new NatSocket(socket, threadName, receiver);
        } catch (IOException e) {
            throw new UncheckedIOException("nat: no UDP socket on the loopback address", e);
        }
    }

    InetSocketAddress address() {
        return address;
    }

    private static void read(DatagramSocket socket, Receiver receiver) {
        byte[] buffer = new byte[LARGEST_DATAGRAM];
        while (!socket.isClosed()) {
            try {
                DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                socket.receive(packet);
                byte[] bytes = Arrays.copyOf(buffer, packet.getLength());
                receiver.received(bytes, (InetSocketAddress) packet.getSocketAddress());
            } catch (IOException e) {
                // closed, or an ICMP error of an earlier send
            }
        }
    }

    void send(byte[] bytes, InetSocketAddress to) {
        try {
            socket.send(new DatagramPacket(bytes, bytes.length, to));
        } catch (IOException e) {
            // a NAT drops what it cannot deliver
        }
    }

    void close() {
        socket.close();
        thread.join();
    }
}

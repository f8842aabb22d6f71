package org.sipproxy.nat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A NAT on loopback: it maps ports as each kind of NAT does (RFC 3489 §5), forgets mappings that nothing inside has used for a
 * while, and can be switched off and on again. What is inside sends to {@link #towards} instead of to the destination itself.
 */
final class LoopbackNat implements AutoCloseable {

    enum Kind {
        /** One mapping an inner address; anybody may send to it. */
        FULL_CONE,
        /** One mapping an inner address; only addresses and ports that were sent to may answer. */
        PORT_RESTRICTED,
        /** A mapping for each destination; only that one may answer. */
        SYMMETRIC
    }

    private final Kind kind;
    private final long lifetimeNanos;
    private final Map<InetSocketAddress, Door> doors = new ConcurrentHashMap<>();
    private final Map<String, Mapping> mappings = new ConcurrentHashMap<>();
    private volatile boolean closed;

    /** @param lifetime how long a mapping lives after the last datagram from inside */
    LoopbackNat(Kind kind, Duration lifetime) {
        this.kind = kind;
        this.lifetimeNanos = lifetime.toNanos();
    }

    /** The address inside that stands for a destination outside. */
    InetSocketAddress towards(InetSocketAddress destination) {
        return doors.computeIfAbsent(destination, Door::new).address();
    }

    /** Forgets every mapping; what inside sends next gets another port. */
    void reboot() {
        mappings.values().forEach(Mapping::close);
        mappings.clear();
    }

    int mappings() {
        mappings.values().removeIf(Mapping::isExpired);
        return mappings.size();
    }

    @Override
    public void close() {
        closed = true;
        reboot();
        doors.values().forEach(door -> door.socket.close());
    }

    private void leave(InetSocketAddress inner, InetSocketAddress destination, byte[] bytes, int length) {
        if (closed) {
            return;
        }
        String key = kind == Kind.SYMMETRIC ? inner + ">" + destination : inner.toString();
        Mapping mapping = mappings.compute(
                key, (k, known) -> known != null && !known.isExpired() ? known : renewed(known, inner));
        mapping.usedNanos = System.nanoTime();
        mapping.sentTo.add(destination);
        send(mapping.socket, bytes, length, destination);
    }

    private Mapping renewed(Mapping old, InetSocketAddress inner) {
        if (old != null) {
            old.close();
        }
        return new Mapping(inner);
    }

    private static DatagramSocket socket() {
        try {
            return new DatagramSocket(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void send(DatagramSocket from, byte[] bytes, int length, InetSocketAddress to) {
        try {
            from.send(new DatagramPacket(bytes, length, to));
        } catch (IOException e) {
            // a NAT drops what it cannot deliver
        }
    }

    private interface Receiver {
        void received(byte[] bytes, int length, InetSocketAddress from);
    }

    private static void read(DatagramSocket socket, String name, Receiver receiver) {
        Thread thread = new Thread(
                () -> {
                    byte[] buffer = new byte[65_536];
                    while (!socket.isClosed()) {
                        try {
                            DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
                            socket.receive(packet);
                            receiver.received(
                                    buffer, packet.getLength(), (InetSocketAddress) packet.getSocketAddress());
                        } catch (IOException e) {
                            // closed, or an ICMP error of an earlier send
                        }
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    /** Stands inside for one destination. */
    private final class Door {

        private final DatagramSocket socket = socket();

        Door(InetSocketAddress destination) {
            read(socket, "nat-inside", (bytes, length, from) -> leave(from, destination, bytes, length));
        }

        InetSocketAddress address() {
            return (InetSocketAddress) socket.getLocalSocketAddress();
        }
    }

    private final class Mapping {

        private final DatagramSocket socket = socket();
        private final Set<InetSocketAddress> sentTo = ConcurrentHashMap.newKeySet();
        private volatile long usedNanos = System.nanoTime();

        Mapping(InetSocketAddress inner) {
            read(socket, "nat-outside", (bytes, length, from) -> {
                boolean admitted = kind == Kind.FULL_CONE || sentTo.contains(from);
                if (admitted && !isExpired() && !closed) {
                    send(doors.computeIfAbsent(from, Door::new).socket, bytes, length, inner);
                }
            });
        }

        boolean isExpired() {
            return System.nanoTime() - usedNanos > lifetimeNanos;
        }

        void close() {
            socket.close();
        }
    }
}

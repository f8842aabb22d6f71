package org.sipproxy.server.flow;

import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sipproxy.api.transport.TransportKind;

/**
 * IP packets of messages: UDP, or TCP with the sequence numbers of one direction of a connection. What was encrypted or
 * framed by WebSocket is in clear. Not thread-safe.
 */
final class Packets {

    private static final int UDP = 17;
    private static final int TCP = 6;
    private static final int UDP_HEADER = 8;
    private static final int TCP_HEADER = 20;
    private static final int PUSH_ACKNOWLEDGE = 0x18;
    /** Payload of a packet: with the longest headers it fits the 16-bit length of IPv4. */
    private static final int LONGEST_SEGMENT = 65_400;

    private static final int MOST_CONNECTIONS = 10_000;

    private record Direction(InetSocketAddress from, InetSocketAddress to) {}

    /** Next sequence number of each direction. */
    private final Map<Direction, Integer> sequence = new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Direction, Integer> eldest) {
            return size() > MOST_CONNECTIONS;
        }
    };

    /** Returns the packets of a message; one, unless it is longer than a packet. */
    List<byte[]> of(TracedMessage message) {
        byte[] payload = message.bytes();
        InetSocketAddress from = message.source();
        InetSocketAddress to = message.destination();
        if (message.transport() == TransportKind.UDP) {
            return List.of(udp(from, to, payload));
        }
        List<byte[]> segments = new ArrayList<>(1);
        for (int at = 0; at < payload.length || at == 0; at += LONGEST_SEGMENT) {
            int length = Math.min(LONGEST_SEGMENT, payload.length - at);
            segments.add(tcp(from, to, ByteBuffer.wrap(payload, at, length)));
        }
        return segments;
    }

    private static byte[] udp(InetSocketAddress from, InetSocketAddress to, byte[] payload) {
        ByteBuffer segment = ByteBuffer.allocate(UDP_HEADER + payload.length);
        segment.putShort((short) from.getPort()).putShort((short) to.getPort());
        segment.putShort((short) segment.capacity()).putShort((short) 0).put(payload);
        int sum = checksum(from, to, UDP, segment.array());
        segment.putShort(6, (short) (sum == 0 ? 0xffff : sum)); // 0 means that there is no checksum (RFC 768)
        return packet(from, to, UDP, segment.array());
    }

    private byte[] tcp(InetSocketAddress from, InetSocketAddress to, ByteBuffer payload) {
        int own = sequence.getOrDefault(new Direction(from, to), 1);
        int other = sequence.getOrDefault(new Direction(to, from), 1);
        sequence.put(new Direction(from, to), own + payload.remaining());
        ByteBuffer segment = ByteBuffer.allocate(TCP_HEADER + payload.remaining());
        segment.putShort((short) from.getPort()).putShort((short) to.getPort());
        segment.putInt(own).putInt(other);
        segment.put((byte) (TCP_HEADER / 4 << 4)).put((byte) PUSH_ACKNOWLEDGE);
        segment.putShort((short) 0xffff).putInt(0).put(payload);
        segment.putShort(16, (short) checksum(from, to, TCP, segment.array()));
        return packet(from, to, TCP, segment.array());
    }

    private static boolean isIpv4(InetSocketAddress from, InetSocketAddress to) {
        return from.getAddress() instanceof Inet4Address && to.getAddress() instanceof Inet4Address;
    }

    private static byte[] packet(InetSocketAddress from, InetSocketAddress to, int protocol, byte[] segment) {
        if (isIpv4(from, to)) {
            ByteBuffer packet = ByteBuffer.allocate(20 + segment.length);
            packet.put((byte) 0x45).put((byte) 0).putShort((short) packet.capacity());
            packet.putShort((short) 0).putShort((short) 0x4000); // do not fragment
            packet.put((byte) 64).put((byte) protocol).putShort((short) 0);
            packet.put(from.getAddress().getAddress()).put(to.getAddress().getAddress());
            packet.putShort(10, (short) folded(sum(packet.array(), 0, 20)));
            return packet.put(segment).array();
        }
        ByteBuffer packet = ByteBuffer.allocate(40 + segment.length);
        packet.putInt(0x6000_0000).putShort((short) segment.length);
        packet.put((byte) protocol).put((byte) 64);
        packet.put(ipv6(from.getAddress().getAddress()))
                .put(ipv6(to.getAddress().getAddress()));
        return packet.put(segment).array();
    }

    /** Returns an IPv6 address, mapped from an IPv4 address if it is one (RFC 4291 §2.5.5.2). */
    static byte[] ipv6(byte[] address) {
        return address.length == 16
                ? address
                : ByteBuffer.allocate(16)
                        .putShort(10, (short) 0xffff)
                        .position(12)
                        .put(address)
                        .array();
    }

    /** Returns the checksum over the pseudo-header and the segment (RFC 9293 §3.1, RFC 8200 §8.1). */
    private static int checksum(InetSocketAddress from, InetSocketAddress to, int protocol, byte[] segment) {
        byte[] source = from.getAddress().getAddress();
        byte[] destination = to.getAddress().getAddress();
        if (!isIpv4(from, to)) {
            source = ipv6(source);
            destination = ipv6(destination);
        }
        long sum = sum(source, 0, source.length) + sum(destination, 0, destination.length);
        return folded(sum + protocol + segment.length + sum(segment, 0, segment.length));
    }

    private static long sum(byte[] bytes, int from, int to) {
        long sum = 0;
        for (int i = from; i < to; i += 2) {
            sum += (bytes[i] & 0xff) << 8 | (i + 1 < to ? bytes[i + 1] & 0xff : 0);
        }
        return sum;
    }

    private static int folded(long sum) {
        long folded = sum;
        while (folded >> 16 != 0) {
            folded = (folded & 0xffff) + (folded >> 16);
        }
        return (int) ~folded & 0xffff;
    }
}

package org.sipproxy.core.internal.transport;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes {@code struct sockaddr_in} and {@code sockaddr_in6} of Linux. Remembers recent addresses, because a
 * new InetAddress for each datagram costs three objects. Not thread-safe, except {@link #write}.
 */
final class SocketAddresses {

    static final int IPV4_LENGTH = 16;
    static final int IPV6_LENGTH = 28;

    private static final int PORT = 2;
    private static final int IPV4_ADDRESS = 4;
    private static final int IPV6_FLOW = 4;
    private static final int IPV6_ADDRESS = 8;
    private static final int IPV6_SCOPE = 24;

    /** Number of addresses remembered, a power of two; some 100 bytes each. */
    private static final int RECENT = 256;

    private final long[] high = new long[RECENT];
    private final long[] low = new long[RECENT];
    private final long[] rest = new long[RECENT];
    private final @Nullable InetSocketAddress[] recent = new InetSocketAddress[RECENT];

    /**
     * Writes an address.
     *
     * @param memory in the native byte order
     * @param ipv6 true for a socket of IPv6, to which an IPv4 address is IPv4-mapped
     * @return the length
     * @throws SocketException if the socket cannot send there
     */
    static int write(ByteBuffer memory, int at, InetSocketAddress address, boolean ipv6) throws SocketException {
        InetAddress ip = address.getAddress();
        if (ip == null) {
            throw new SocketException("unresolved address");
        }
        int port = address.getPort();
        memory.put(at + PORT, (byte) (port >>> 8));
        memory.put(at + PORT + 1, (byte) port);
        if (!ipv6) {
            if (!(ip instanceof Inet4Address)) {
                throw new SocketException("not an IPv4 address");
            }
            memory.putShort(at, (short) LinuxSockets.AF_INET);
            memory.put(at + IPV4_ADDRESS, ip.getAddress());
            memory.putLong(at + 8, 0);
            return IPV4_LENGTH;
        }
        memory.putShort(at, (short) LinuxSockets.AF_INET6);
        memory.putInt(at + IPV6_FLOW, 0);
        if (ip instanceof Inet6Address wide) {
            memory.put(at + IPV6_ADDRESS, wide.getAddress());
            memory.putInt(at + IPV6_SCOPE, wide.getScopeId());
        } else {
            memory.putLong(at + IPV6_ADDRESS, 0);
            memory.putShort(at + IPV6_ADDRESS + 8, (short) 0);
            memory.putShort(at + IPV6_ADDRESS + 10, (short) 0xffff);
            // the wildcard of a socket of both families is that of IPv6
            if (ip.isAnyLocalAddress()) {
                memory.putShort(at + IPV6_ADDRESS + 10, (short) 0);
            }
            memory.put(at + IPV6_ADDRESS + 12, ip.getAddress());
            memory.putInt(at + IPV6_SCOPE, 0);
        }
        return IPV6_LENGTH;
    }

    /** Returns the address at {@code at}; null if it is not one of IPv4 or IPv6. An IPv4-mapped address is IPv4. */
    @Nullable
    InetSocketAddress read(ByteBuffer memory, int at, int length) {
        if (length < IPV4_LENGTH) {
            return null;
        }
        int family = memory.getShort(at);
        int port = (memory.get(at + PORT) & 0xff) << 8 | memory.get(at + PORT + 1) & 0xff;
        if (family == LinuxSockets.AF_INET) {
            return recent(memory, at + IPV4_ADDRESS, 4, port, 0, 0, memory.getInt(at + IPV4_ADDRESS));
        }
        if (family == LinuxSockets.AF_INET6 && length >= IPV6_LENGTH) {
            int scope = memory.getInt(at + IPV6_SCOPE);
            long first = memory.getLong(at + IPV6_ADDRESS);
            return recent(memory, at + IPV6_ADDRESS, 16, port, scope, first, memory.getLong(at + IPV6_ADDRESS + 8));
        }
        return null;
    }

    private InetSocketAddress recent(
            ByteBuffer memory, int at, int length, int port, int scope, long first, long second) {
        long others = (long) scope << 32 | (long) port << 8 | length;
        long hash = ((first * 31 + second) * 31 + others) * 0x9e3779b97f4a7c15L;
        int slot = (int) (hash >>> 56);
        InetSocketAddress known = recent[slot];
        if (known != null && low[slot] == second && rest[slot] == others && high[slot] == first) {
            return known;
        }
        byte[] bytes = new byte[length];
        memory.get(at, bytes);
        InetSocketAddress created = new InetSocketAddress(address(bytes, scope), port);
        high[slot] = first;
        low[slot] = second;
        rest[slot] = others;
        recent[slot] = created;
        return created;
    }

    private static InetAddress address(byte[] bytes, int scope) {
        try {
            return scope == 0 ? InetAddress.getByAddress(bytes) : Inet6Address.getByAddress(null, bytes, scope);
        } catch (UnknownHostException e) {
            throw new IllegalStateException("an address of " + bytes.length + " bytes", e);
        }
    }
}

package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.LinuxSockets.Errno;

/** Datagrams that leave with one {@code sendmmsg}, in native memory. Guarded by the lock of its socket. */
final class SendBatch {

    private static final int SLOTS = 32;

    /** Bytes for all datagrams together: at least two of the largest. */
    private static final int ROOM = 2 * (UdpTransport.MAX_DATAGRAM + 1);

    private final boolean ipv6;
    private final MessageHeaders headers = new MessageHeaders(SLOTS);
    private final ByteBuffer data = ByteBuffer.allocateDirect(ROOM);
    private final long start = ForeignFunctions.address(data);
    private final Errno errno = new Errno();
    private final @Nullable SendFailure[] owners = new SendFailure[SLOTS];
    private int count;
    private int used;

    /** Creates an empty batch. */
    SendBatch(boolean ipv6) {
        this.ipv6 = ipv6;
    }

    int count() {
        return count;
    }

    /** Returns true if {@link #add} has room for a datagram of the length. */
    boolean hasRoomFor(int length) {
        return count < SLOTS && length <= ROOM - used;
    }

    /**
     * Adds a datagram.
     *
     * @throws SocketException if it can never be sent; it is not added then
     */
    void add(byte[] wire, InetSocketAddress remote, SendFailure owner) throws SocketException {
        if (wire.length > UdpTransport.MAX_DATAGRAM) {
            throw new SocketException("Message too long");
        }
        if (remote.getPort() == 0) {
            throw new SocketException("Invalid argument: port 0");
        }
        if (!hasRoomFor(wire.length)) {
            throw new IllegalStateException("the batch is full");
        }
        headers.addressLength(count, SocketAddresses.write(headers.memory(), headers.addressAt(count), remote, ipv6));
        data.put(used, wire);
        headers.buffer(count, start + used, wire.length);
        owners[count++] = owner;
        used += wire.length;
    }

    /**
     * Sends all datagrams in their order and empties the batch. One that fails is added to {@code failed}; those after
     * it are sent.
     */
    void transmit(int fd, List<UdpSocket.FailedSend> failed) {
        try {
            int at = 0;
            while (at < count) {
                int sent = send(fd, at);
                if (sent > 0) {
                    at += Math.min(sent, count - at);
                } else if (sent < 0 && errno.value() == Errno.EAGAIN) {
                    // the queue of the network interface is full: the others would have to wait as long
                    while (at < count) {
                        fail(at++, failed);
                    }
                } else {
                    fail(at++, failed);
                }
            }
        } finally { // also if memory is short: nothing is sent twice
            Arrays.fill(owners, 0, count, null);
            count = 0;
            used = 0;
        }
    }

    /** Returns how many datagrams from {@code at} on were sent; negative if that one failed. */
    private int send(int fd, int at) {
        boolean retried = false;
        while (true) {
            int sent = LinuxSockets.sendmmsg(errno, fd, headers.from(at), count - at, LinuxSockets.MSG_NOSIGNAL);
            if (sent >= 0) {
                return sent;
            }
            if (errno.value() != Errno.EINTR) {
                if (retried || !errno.mayBeOfAnEarlierDatagram()) {
                    return sent;
                }
                retried = true;
            }
        }
    }

    private void fail(int index, List<UdpSocket.FailedSend> failed) {
        SendFailure owner = owners[index];
        if (owner != null) {
            IOException cause = errno.exception();
            failed.add(new UdpSocket.FailedSend(owner, cause));
        }
    }
}

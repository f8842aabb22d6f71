package org.sipproxy.core.internal.transport;

import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Native memory for the datagrams of one {@code recvmmsg}. Used by the receiver of one socket. */
final class ReceiveBatch {

    /** Datagrams per call. Batches of 8 and of 32 cost the same per datagram. */
    static final int SLOTS = 16;

    /** Room for the largest datagram, so that none is truncated. */
    private static final int SLOT = UdpTransport.MAX_DATAGRAM + 1;

    private final MessageHeaders headers = new MessageHeaders(SLOTS);
    private final ByteBuffer data = ByteBuffer.allocateDirect(SLOTS * SLOT);
    private final SocketAddresses addresses = new SocketAddresses();
    /** Slots that the kernel has written since they were prepared. */
    private int used = SLOTS;

    ReceiveBatch() {
        long start = ForeignFunctions.address(data);
        for (int i = 0; i < SLOTS; i++) {
            headers.buffer(i, start + (long) i * SLOT, SLOT);
        }
    }

    /**
     * Fills the slots. Returns the number of datagrams, -1 for an error.
     *
     * @param flags {@code MSG_WAITFORONE} to wait for the first datagram, {@code MSG_DONTWAIT} not to wait
     */
    int receive(LinuxSockets.Errno errno, int fd, int flags) {
        for (int i = 0; i < used; i++) {
            headers.addressLength(i, SocketAddresses.IPV6_LENGTH);
        }
        int count = LinuxSockets.recvmmsg(errno, fd, headers.from(0), SLOTS, flags);
        used = Math.max(0, Math.min(count, SLOTS));
        return count < 0 ? -1 : used;
    }

    /** Returns the sender of a datagram; null if the datagram is not complete or has no sender. */
    @Nullable
    InetSocketAddress source(int index) {
        boolean complete = (headers.flags(index) & LinuxSockets.MSG_TRUNC) == 0
                && Integer.compareUnsigned(headers.length(index), SLOT) <= 0;
        return complete
                ? addresses.read(headers.memory(), headers.addressAt(index), headers.addressLength(index))
                : null;
    }

    /** Returns a copy of a datagram for which {@link #source} is not null. */
    byte[] datagram(int index) {
        byte[] copy = new byte[headers.length(index)];
        data.get(index * SLOT, copy);
        return copy;
    }
}

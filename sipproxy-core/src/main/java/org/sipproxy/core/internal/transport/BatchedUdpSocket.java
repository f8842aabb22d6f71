package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.lang.ref.Reference;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.transport.LinuxSockets.Errno;

/**
 * A socket of Linux that receives and sends several datagrams with one system call, {@code recvmmsg} and
 * {@code sendmmsg}. It has some 1.2 MB of native memory.
 *
 * <p>Its options are those that a DatagramSocket has, except that receiving and sending end after a second. The file
 * descriptor is closed when no thread uses it: senders hold {@link #sending}, the receiver holds {@link #receiving}.
 */
final class BatchedUdpSocket implements UdpSocket {

    /**
     * Longest wait in a system call, in seconds. A receiver is woken to close the socket, and a datagram rarely waits
     * to be sent; this is for a system where one of these is not so.
     */
    private static final long WAIT_SECONDS = 1;

    /** After this many full batches, the receiver is behind; a burst is shorter. */
    private static final int FULL_IN_A_ROW = 4;

    private final int fd;
    // receiver only
    private int fullInARow;
    private boolean isBehind;
    private final ReceiveBatch received = new ReceiveBatch();
    private final Errno receiveErrno = new Errno();

    /** Held while the receiver is in a system call. */
    private final ReentrantLock receiving = new ReentrantLock();

    /** Guards {@link #batch} and {@link #failed}. Held over system calls that send, never over a callback. */
    private final ReentrantLock sending = new ReentrantLock();

    private final SendBatch batch;
    private final List<FailedSend> failed = new ArrayList<>();
    /** Number of datagrams in {@link #batch}. Written with {@link #sending} held. */
    private volatile int collected;
    /** Written with {@link #sending} held. */
    private volatile boolean closed;

    /**
     * Opens a socket.
     *
     * @param shared true if other sockets of this process are bound to the same address and port
     */
    BatchedUdpSocket(InetAddress address, int port, boolean shared) throws IOException {
        Opened opened = Opened.at(address, port, shared);
        try {
            this.batch = new SendBatch(opened.ipv6);
        } catch (RuntimeException | Error e) {
            LinuxSockets.close(opened.errno, opened.fd);
            throw e;
        }
        this.fd = opened.fd;
    }

    @Override
    public int receive() throws IOException {
        int count = receive(LinuxSockets.MSG_WAITFORONE);
        fullInARow = count == ReceiveBatch.SLOTS ? fullInARow + 1 : 0;
        isBehind = fullInARow >= FULL_IN_A_ROW;
        return count;
    }

    @Override
    public int receiveNow() throws IOException {
        int count = receive(LinuxSockets.MSG_DONTWAIT);
        fullInARow = 0;
        isBehind = count == ReceiveBatch.SLOTS;
        return count;
    }

    @Override
    public boolean isBehind() {
        return isBehind;
    }

    private int receive(int flags) throws IOException {
        receiving.lock();
        try {
            if (closed) {
                throw new SocketException("the socket is closed");
            }
            int count = received.receive(receiveErrno, fd, flags);
            if (count >= 0) {
                return count;
            }
            return switch (receiveErrno.value()) {
                case Errno.EINTR, Errno.EAGAIN -> 0;
                case Errno.EBADF, Errno.ENOTSOCK -> {
                    lost();
                    throw receiveErrno.exception();
                }
                default -> throw receiveErrno.exception();
            };
        } finally {
            receiving.unlock();
            Reference.reachabilityFence(this);
        }
    }

    /** Gives the descriptor up without closing it, because it may be that of another file by now. */
    private void lost() {
        sending.lock();
        try {
            closed = true;
        } finally {
            sending.unlock();
        }
    }

    @Override
    public @Nullable InetSocketAddress source(int index) {
        return received.source(index);
    }

    @Override
    public byte[] datagram(int index) {
        return received.datagram(index);
    }

    @Override
    public void collect(byte[] wire, InetSocketAddress remote, SendFailure onFailure) throws IOException {
        sending.lock();
        try {
            requireOpen();
            if (!batch.hasRoomFor(wire.length)) {
                transmit();
            }
            batch.add(wire, remote, onFailure);
            collected = batch.count();
        } finally {
            sending.unlock();
        }
    }

    @Override
    public List<FailedSend> flush() {
        sending.lock();
        try {
            transmit();
            if (failed.isEmpty()) {
                return List.of();
            }
            List<FailedSend> all = List.copyOf(failed);
            failed.clear();
            return all;
        } finally {
            sending.unlock();
        }
    }

    @Override
    public void send(byte[] wire, InetSocketAddress remote) throws IOException {
        sending.lock();
        try {
            requireOpen();
            transmit();
            batch.add(wire, remote, SendFailure.IGNORE);
            List<FailedSend> own = new ArrayList<>(1);
            batch.transmit(fd, own);
            if (!own.isEmpty()) {
                throw own.get(0).cause();
            }
        } finally {
            sending.unlock();
            Reference.reachabilityFence(this);
        }
    }

    @Override
    public void pushOut() {
        if (collected > 0) {
            sending.lock();
            try {
                transmit();
            } finally {
                sending.unlock();
            }
        }
    }

    private void requireOpen() throws SocketException {
        if (closed) {
            throw new SocketException("the socket is closed");
        }
    }

    /** Sends what has been collected. If the socket was lost meanwhile, all of it fails. */
    private void transmit() {
        if (batch.count() > 0) {
            try {
                batch.transmit(closed ? -1 : fd, failed);
            } finally {
                collected = 0;
                Reference.reachabilityFence(this);
            }
        }
    }

    @Override
    public boolean isClosed() {
        return closed;
    }

    @Override
    public void close() {
        Errno errno = new Errno();
        sending.lock();
        try {
            if (closed) {
                return;
            }
            transmit();
            closed = true; // from now on no thread sends
        } finally {
            sending.unlock();
        }
        LinuxSockets.shutdown(errno, fd, LinuxSockets.SHUT_RD); // wakes the receiver
        receiving.lock();
        try {
            LinuxSockets.close(errno, fd);
        } finally {
            receiving.unlock();
        }
    }

    /** Returns the port of the socket; for the test of the layouts. */
    int port() {
        ByteBuffer memory = ByteBuffer.allocateDirect(40).order(ByteOrder.nativeOrder());
        memory.putInt(32, SocketAddresses.IPV6_LENGTH);
        long start = ForeignFunctions.address(memory);
        sending.lock();
        try {
            boolean known = !closed && LinuxSockets.getsockname(new Errno(), fd, start, start + 32) == 0;
            InetSocketAddress address = new SocketAddresses().read(memory, 0, known ? memory.getInt(32) : 0);
            return address == null ? 0 : address.getPort();
        } finally {
            sending.unlock();
        }
    }

    /** A descriptor that has the options and is bound. */
    private static final class Opened {

        private final Errno errno = new Errno();
        private final ByteBuffer memory = ByteBuffer.allocateDirect(32).order(ByteOrder.nativeOrder());
        private final long start = ForeignFunctions.address(memory);
        private final boolean ipv6;
        private final int fd;

        private Opened(boolean ipv6) throws SocketException {
            this.ipv6 = ipv6;
            this.fd = LinuxSockets.socket(
                    errno, ipv6 ? LinuxSockets.AF_INET6 : LinuxSockets.AF_INET, LinuxSockets.SOCK_DGRAM_CLOEXEC);
            if (fd < 0) {
                throw errno.exception();
            }
        }

        static Opened at(InetAddress address, int port, boolean shared) throws SocketException {
            Opened opened = of(address);
            try {
                opened.prepare(shared);
                opened.bind(new InetSocketAddress(address, port));
                return opened;
            } catch (SocketException | RuntimeException | Error e) {
                LinuxSockets.close(opened.errno, opened.fd);
                throw e;
            } finally {
                Reference.reachabilityFence(opened);
            }
        }

        /**
         * The wildcard of IPv4 is that of both families, as for a DatagramSocket. For another address of IPv4, a
         * DatagramSocket is one of IPv6 with an IPv4-mapped address, to the same effect.
         */
        private static Opened of(InetAddress address) throws SocketException {
            if (address instanceof Inet4Address
                    && (!address.isAnyLocalAddress() || Boolean.getBoolean("java.net.preferIPv4Stack"))) {
                return new Opened(false);
            }
            try {
                return new Opened(true);
            } catch (SocketException e) {
                if (address instanceof Inet4Address) {
                    return new Opened(false);
                }
                throw e;
            }
        }

        private void prepare(boolean shared) throws SocketException {
            // SO_BROADCAST is off: a client must not make the proxy send to a whole network
            if (ipv6) {
                set(LinuxSockets.IPPROTO_IPV6, LinuxSockets.IPV6_V6ONLY, 0);
                set(LinuxSockets.IPPROTO_IPV6, LinuxSockets.IPV6_MULTICAST_ALL, 0);
            }
            set(LinuxSockets.IPPROTO_IP, LinuxSockets.IP_MULTICAST_ALL, 0);
            if (shared) {
                set(LinuxSockets.SOL_SOCKET, LinuxSockets.SO_REUSEPORT, 1);
            }
            set(LinuxSockets.SOL_SOCKET, LinuxSockets.SO_RCVBUF, UdpTransport.SOCKET_BUFFER);
            set(LinuxSockets.SOL_SOCKET, LinuxSockets.SO_SNDBUF, UdpTransport.SOCKET_BUFFER);
            memory.putLong(0, WAIT_SECONDS); // struct timeval
            memory.putLong(8, 0);
            set(LinuxSockets.SOL_SOCKET, LinuxSockets.SO_RCVTIMEO, start, 16);
            set(LinuxSockets.SOL_SOCKET, LinuxSockets.SO_SNDTIMEO, start, 16);
        }

        private void set(int level, int option, int value) throws SocketException {
            memory.putInt(0, value);
            set(level, option, start, 4);
        }

        private void set(int level, int option, long value, int length) throws SocketException {
            if (LinuxSockets.setsockopt(errno, fd, level, option, value, length) < 0) {
                throw errno.exception();
            }
        }

        private void bind(InetSocketAddress address) throws SocketException {
            int length = SocketAddresses.write(memory, 0, address, ipv6);
            if (LinuxSockets.bind(errno, fd, start, length) < 0) {
                throw errno.exception();
            }
        }
    }
}

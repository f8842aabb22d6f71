package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.net.StandardSocketOptions;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.time.FailureLog;
import org.sipproxy.core.internal.time.Guard;
import org.sipproxy.core.options.BindFailedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One UDP listening point: several sockets on one address with SO_REUSEPORT, each read by its own thread.
 *
 * <p>A thread blocks in {@code recvfrom}: at saturation each incoming datagram costs one system call, and none to wait
 * for it. Measured on one core, that saves 0.5 to 1.5 µs for each datagram compared with a selector loop.
 *
 * <p>The sockets are DatagramSockets, because any thread of the host application may send: a DatagramChannel is closed
 * when a thread in it is interrupted. If a socket is lost nevertheless, its receiver opens it again on the same
 * address.
 */
public final class UdpTransport {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    /** The largest datagram that UDP can carry. */
    private static final int MAX_DATAGRAM = 65_535;

    private static final int STUN_HEADER = 20;
    private static final int STUN_COOKIE = 0x2112a442;

    /** Size of the kernel's queue while all threads are busy: some 4,000 messages. */
    private static final int SOCKET_BUFFER = 4 << 20;

    private final Endpoint endpoint;
    private final InetAddress address;
    private final SentBy advertised;
    private final AtomicReferenceArray<DatagramSocket> sockets;
    private final Receiver[] receivers;
    private final InboundHandler handler;
    private final Guard failures;
    private final FailureLog reopening = new FailureLog(Duration.ofSeconds(10));
    private final LongAdder sendFailures = new LongAdder();
    private final AtomicInteger lostSockets = new AtomicInteger();
    private volatile boolean closed;

    private UdpTransport(
            Endpoint bound,
            InetAddress address,
            SentBy advertised,
            DatagramSocket[] sockets,
            InboundHandler handler,
            ProxyThreads threads) {
        this.endpoint = bound;
        this.address = address;
        this.advertised = advertised;
        this.sockets = new AtomicReferenceArray<>(sockets);
        this.handler = handler;
        this.failures = new Guard(LOG, "handling a datagram on " + bound + " failed");
        this.receivers = new Receiver[sockets.length];
        for (int i = 0; i < sockets.length; i++) {
            receivers[i] = new Receiver(i, threads);
        }
    }

    /**
     * Opens the sockets. Nothing is read before {@link #start}.
     *
     * @param address the numeric address to bind; port 0 lets the system choose
     * @param sockets the number of sockets, each with its own thread; more than one needs SO_REUSEPORT
     * @throws BindFailedException if the address cannot be bound
     */
    public static UdpTransport bind(
            Endpoint endpoint, InetAddress address, int sockets, InboundHandler handler, ProxyThreads threads) {
        DatagramSocket[] opened = new DatagramSocket[sockets];
        try {
            // SO_REUSEPORT would join another process of the same user unnoticed, so the address is bound without it
            // first
            int port = probe(address, endpoint.port());
            for (int i = 0; i < sockets; i++) {
                opened[i] = open(address, port, sockets > 1);
            }
            Endpoint bound = new Endpoint(
                    TransportKind.UDP,
                    NumericAddress.text(address),
                    port,
                    endpoint.advertisedHost(),
                    endpoint.advertisedPort());
            return new UdpTransport(bound, address, advertised(bound), opened, handler, threads);
        } catch (IOException e) {
            for (DatagramSocket socket : opened) {
                if (socket != null) {
                    socket.close();
                }
            }
            throw new BindFailedException(endpoint, e);
        }
    }

    static SentBy advertised(Endpoint bound) {
        String host = bound.advertisedHost().isEmpty() ? bound.host() : bound.advertisedHost();
        int port = bound.advertisedPort() == 0 ? bound.port() : bound.advertisedPort();
        return SentBy.of(bound.kind(), host, port);
    }

    private static int probe(InetAddress address, int port) throws IOException {
        try (DatagramSocket socket = new DatagramSocket(port, address)) {
            return socket.getLocalPort();
        }
    }

    private static DatagramSocket open(InetAddress address, int port, boolean shared) throws IOException {
        DatagramSocket socket = new DatagramSocket(null);
        try {
            socket.setBroadcast(false); // on by default; a client must not make the proxy send to a whole network
            if (shared) {
                socket.setOption(StandardSocketOptions.SO_REUSEPORT, true);
            }
            socket.setReceiveBufferSize(SOCKET_BUFFER);
            socket.setSendBufferSize(SOCKET_BUFFER);
            socket.bind(new InetSocketAddress(address, port));
            return socket;
        } catch (IOException | RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Starts to read. */
    public void start() {
        for (Receiver receiver : receivers) {
            receiver.thread.start();
        }
    }

    /** Returns the endpoint with the address and port that are bound. */
    public Endpoint endpoint() {
        return endpoint;
    }

    /** Returns the flow from this listening point to a peer. */
    public TransportFlow flowTo(InetSocketAddress remote) {
        return new UdpFlow(this, remote);
    }

    /** Returns the number of datagrams that the system did not accept. */
    public long sendFailures() {
        return sendFailures.sum();
    }

    /** Returns the number of sockets that are lost because the address cannot be bound again. 0 when closed. */
    public int lostSockets() {
        return closed ? 0 : lostSockets.get();
    }

    /** For tests, which close the socket. */
    DatagramSocket socket(int index) {
        return sockets.get(index);
    }

    private void send(byte[] wire, UdpFlow flow, SendFailure onFailure) {
        handler.onSend(wire, flow);
        // a receiver sends on its own socket, so that receivers never wait for each other
        int index = ownSocket();
        try {
            sockets.get(index).send(new DatagramPacket(wire, wire.length, flow.remoteAddress));
        } catch (IOException | RuntimeException e) {
            // RuntimeException: an unresolved or unsupported address, or port 0
            sendFailures.increment();
            onFailure.sendFailed(e);
        }
    }

    /** Returns true if the address has the address family of this listening point. */
    public boolean reaches(InetAddress remote) {
        return (address instanceof java.net.Inet6Address) == (remote instanceof java.net.Inet6Address);
    }

    /** Returns the name of this listening point in messages. */
    public SentBy advertised() {
        return advertised;
    }

    /**
     * Stops reading and releases the port.
     *
     * @param limit time limit for the receivers to leave the handler
     */
    public void close(Deadline limit) {
        closed = true;
        for (int i = 0; i < sockets.length(); i++) {
            sockets.get(i).close();
        }
        for (Receiver receiver : receivers) {
            limit.join(receiver.thread);
        }
    }

    /**
     * Returns the index of the socket that the current thread reads, so that receivers do not contend for one; 0 for
     * any other thread.
     */
    private int ownSocket() {
        Thread current = Thread.currentThread();
        for (int i = receivers.length - 1; i > 0; i--) {
            if (receivers[i].thread == current) {
                return i;
            }
        }
        return 0;
    }

    /** Reads one socket until the transport is closed. */
    private final class Receiver implements Runnable {

        /** After this many failures in a row, the receiver pauses before each further attempt. */
        private static final int FAILURES_IN_A_ROW = 100;

        private static final long PAUSE_NANOS = 10_000_000L;
        private static final long REOPEN_NANOS = 1_000_000_000L;

        private final int index;
        private final byte[] buffer = new byte[MAX_DATAGRAM + 1];
        private final DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
        private int failuresInARow;

        /** A receiver that has not waited for a datagram for this long may be behind. */
        private static final long BUSY_NANOS = 20_000_000L;

        /** A call that takes longer than this has waited for a datagram. */
        private static final long WAIT_NANOS = 50_000L;

        /**
         * A call with a time limit of a millisecond that takes longer than this has not waited for a datagram: the
         * scheduler has stopped the thread, such as at the end of its CPU quota.
         */
        private static final long INTERRUPTION_NANOS = 1_200_000L;

        /** One of {@value} datagrams is timed. */
        private static final int SAMPLED = 8;

        /** Number of datagrams that are moved to the queue at most before some are handled. */
        private static final int MOVED_AT_ONCE = 512;

        /** Null if the handler has none. */
        private final @Nullable InboundQueue queue = handler.newQueue();

        private int sample;
        /** True if the kernel may hold datagrams that have waited. */
        private boolean isBehind;

        private long waitedAtNanos = System.nanoTime();
        private final Thread thread;

        Receiver(int index, ProxyThreads threads) {
            this.index = index;
            this.thread = threads.create("udp-" + endpoint.port() + "-" + index, this);
        }

        @Override
        public void run() {
            while (!closed) {
                try {
                    receive();
                } catch (Throwable e) { // keep receiving, even after OutOfMemoryError
                    failures.caught(e);
                }
            }
        }

        private void receive() {
            DatagramSocket socket = sockets.get(index);
            InboundQueue waiting = queue;
            if (waiting != null && (isBehind || !waiting.isEmpty())) {
                waiting.serve();
                isBehind = !hasMovedAll(waiting, socket);
                return;
            }
            boolean isTimed = waiting != null && ++sample % SAMPLED == 0;
            long begin = isTimed ? System.nanoTime() : 0;
            packet.setData(buffer, 0, buffer.length);
            try {
                socket.receive(packet);
                failuresInARow = 0;
            } catch (IOException e) {
                failed(socket, e);
                return;
            }
            isBehind = isTimed && isBehind(begin, System.nanoTime());
            deliver(packet.getLength(), (InetSocketAddress) packet.getSocketAddress(), null);
        }

        /** Returns true once after each {@link #BUSY_NANOS} without a wait for a datagram. */
        private boolean isBehind(long beginNanos, long endNanos) {
            if (endNanos - beginNanos > WAIT_NANOS) {
                waitedAtNanos = endNanos;
                return false;
            }
            if (endNanos - waitedAtNanos > BUSY_NANOS) {
                waitedAtNanos = endNanos;
                return true;
            }
            return false;
        }

        /** Moves what the kernel holds to the queue. Returns false if it may hold more. */
        private boolean hasMovedAll(InboundQueue waiting, DatagramSocket socket) {
            try {
                socket.setSoTimeout(1); // the shortest; a DatagramSocket cannot be asked without waiting
                try {
                    for (int i = 0; i < MOVED_AT_ONCE && !closed; i++) {
                        long begin = System.nanoTime();
                        packet.setData(buffer, 0, buffer.length);
                        socket.receive(packet);
                        long nanos = System.nanoTime() - begin;
                        deliver(packet.getLength(), (InetSocketAddress) packet.getSocketAddress(), waiting);
                        if (nanos > WAIT_NANOS && nanos < INTERRUPTION_NANOS) {
                            return true;
                        }
                    }
                    return false;
                } finally {
                    socket.setSoTimeout(0);
                }
            } catch (SocketTimeoutException e) {
                return true;
            } catch (IOException e) {
                failed(socket, e);
                return true;
            }
        }

        private void failed(DatagramSocket socket, IOException e) {
            if (closed) {
                return;
            }
            if (socket.isClosed()) {
                reopen(e);
                return;
            }
            // for example an ICMP error of an earlier send: the socket itself is usable
            LOG.debug("receive failed on {}", endpoint, e);
            if (++failuresInARow > FAILURES_IN_A_ROW) {
                reopening.warn(LOG, "receiving fails repeatedly on " + endpoint, e);
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }

        /** Opens the socket again. Only its receiver can; without it the endpoint receives nothing. */
        private void reopen(IOException why) {
            lostSockets.incrementAndGet();
            LOG.error("a UDP socket of {} was closed unexpectedly; opening it again", endpoint, why);
            while (!closed) {
                try {
                    DatagramSocket again = open(address, endpoint.port(), sockets.length() > 1);
                    sockets.set(index, again);
                    lostSockets.decrementAndGet();
                    LOG.warn("the UDP socket of {} is open again", endpoint);
                    if (closed) {
                        again.close();
                    }
                    return;
                } catch (IOException e) {
                    reopening.error(LOG, "the UDP socket of " + endpoint + " cannot be opened again yet", e);
                    LockSupport.parkNanos(REOPEN_NANOS);
                }
            }
        }

        /**
         * @param waiting the queue that takes the message; null to handle it now
         */
        private void deliver(int length, InetSocketAddress source, @Nullable InboundQueue waiting) {
            // §7.5: line ends before the start line are ignored; a datagram of line ends only is a keepalive (RFC 5626
            // §3.5.1)
            if (source.getPort() == 0) {
                return;
            }
            UdpFlow flow = new UdpFlow(UdpTransport.this, source);
            if (isStun(length)) {
                handler.onNonSip(Arrays.copyOf(buffer, length), flow);
                return;
            }
            int start = 0;
            while (start < length && isPadding(buffer[start])) {
                start++;
            }
            if (start == length) {
                handler.onNonSip(Arrays.copyOf(buffer, length), flow);
                return;
            }
            byte[] wire = Arrays.copyOfRange(buffer, start, length);
            if (waiting == null) {
                handler.onMessage(wire, flow);
            } else {
                waiting.add(wire, flow);
            }
        }

        /** Returns true for a STUN message: two leading zero bits and the magic cookie (RFC 8489 §5). */
        private boolean isStun(int length) {
            return length >= STUN_HEADER
                    && (buffer[0] & 0xc0) == 0
                    && buffer[4] == (byte) (STUN_COOKIE >>> 24)
                    && buffer[5] == (byte) (STUN_COOKIE >>> 16)
                    && buffer[6] == (byte) (STUN_COOKIE >>> 8)
                    && buffer[7] == (byte) STUN_COOKIE;
        }

        private static boolean isPadding(byte b) {
            return b == '\r' || b == '\n' || b == 0;
        }
    }

    /** Flow between this listening point and a peer's address. */
    private record UdpFlow(UdpTransport point, InetSocketAddress remoteAddress) implements TransportFlow {

        @Override
        public TransportKind kind() {
            return TransportKind.UDP;
        }

        @Override
        public Endpoint endpoint() {
            return point.endpoint;
        }

        @Override
        public boolean isOpen() {
            return !point.closed;
        }

        @Override
        public void send(byte[] wire, SendFailure onFailure) {
            point.send(wire, this, onFailure);
        }

        @Override
        public SentBy advertised() {
            return point.advertised;
        }

        @Override
        public Optional<Long> connectionId() {
            return Optional.empty();
        }
    }
}

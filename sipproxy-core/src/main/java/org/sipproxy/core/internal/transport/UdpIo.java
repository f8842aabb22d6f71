package org.sipproxy.core.internal.transport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Arrays;
import org.sipproxy.api.support.LoggerNames;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Kinds of UDP sockets. */
enum UdpIo {
    /** One system call for each datagram, everywhere. */
    SINGLE {
        @Override
        UdpSocket open(InetAddress address, int port, boolean shared) throws IOException {
            return new SingleUdpSocket(address, port, shared);
        }
    },
    /** Several datagrams per system call, on Linux with JDK 22 and later. */
    BATCHED {
        @Override
        UdpSocket open(InetAddress address, int port, boolean shared) throws IOException {
            return new BatchedUdpSocket(address, port, shared);
        }
    };

    /** System property that switches {@link #BATCHED} off with the value {@code false}. */
    private static final String SWITCH = "org.sipproxy.udp.batched";

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    /**
     * Opens a socket.
     *
     * @param shared true if other sockets of this process are bound to the same address and port
     */
    abstract UdpSocket open(InetAddress address, int port, boolean shared) throws IOException;

    /** Returns the best kind that this JVM can use. The first call logs why that is not {@link #BATCHED}. */
    static UdpIo best() {
        return Best.KIND;
    }

    private static final class Best {

        static final UdpIo KIND = choose();

        private static UdpIo choose() {
            if ("false".equals(System.getProperty(SWITCH))) {
                LOG.debug("batched UDP is switched off by {}", SWITCH);
                return SINGLE;
            }
            String problem = LinuxSockets.PROBLEM.isEmpty() ? failureOfTrial() : LinuxSockets.PROBLEM;
            if (problem.isEmpty()) {
                return BATCHED;
            }
            if (ForeignFunctions.isSupported()) {
                LOG.info(
                        "each UDP datagram costs a system call of its own; sharing them saves a quarter or more of the"
                                + " CPU under load: {}",
                        problem);
            } else {
                LOG.debug("batched UDP is not used: {}", problem);
            }
            return SINGLE;
        }
    }

    /**
     * Sends datagrams from a socket to itself, in case the C library or a sandbox is not as expected. Returns the
     * problem; empty if there is none.
     */
    private static String failureOfTrial() {
        try {
            BatchedUdpSocket socket =
                    new BatchedUdpSocket(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), 0, false);
            try {
                return failureOfTrial(socket);
            } finally {
                socket.close();
            }
        } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError e) {
            return "trial: " + e;
        }
    }

    private static String failureOfTrial(BatchedUdpSocket socket) throws IOException {
        InetSocketAddress self =
                new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), socket.port());
        byte[][] datagrams = {{1, 2, 3}, {4}};
        for (byte[] datagram : datagrams) {
            socket.collect(datagram, self, SendFailure.IGNORE);
        }
        if (!socket.flush().isEmpty()) {
            return "trial: a datagram was not sent";
        }
        int arrived = 0;
        while (arrived < datagrams.length) {
            int count = socket.receive();
            if (count == 0) {
                return "trial: a datagram was not received";
            }
            for (int i = 0; i < count; i++) {
                if (!self.equals(socket.source(i)) || !Arrays.equals(datagrams[arrived++], socket.datagram(i))) {
                    return "trial: another datagram was received";
                }
            }
        }
        return "";
    }
}

package org.sipproxy.testkit;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * TCP relay in front of an address, such as the application's or the proxy's, for the faults of streams that are not
 * those of a {@link Phone}: connections that break or stall, late, corrupted and fragmented messages.
 *
 * <pre>{@code
 * StreamRelay relay = sip.closing(StreamRelay.to(sip.tcp()));
 * application.connectTo(relay.address());
 * relay.cut();
 * }</pre>
 *
 * <p>Relays bytes, so that TLS and WebSocket pass. Only with {@link Builder#faults} is the stream read as SIP messages,
 * because these faults are of messages.
 *
 * <p>Thread-safe. Its threads, one and two per connection, are daemons and end with {@link #close()}.
 */
public final class StreamRelay implements AutoCloseable {

    private final InetSocketAddress target;
    private final @Nullable NetworkFaults faults;
    private final @Nullable TestClock clock;
    private final int pieceBytes;
    private final Duration pause;
    private final ServerSocket listener;
    private final WireThread accepting;
    private final Set<Connection> connections = ConcurrentHashMap.newKeySet();
    private final Object gate = new Object();
    /** Guarded by {@link #gate}. */
    private boolean stalled;

    private volatile boolean closed;

    private StreamRelay(Builder options) {
        this.target = options.target;
        this.faults = options.faults;
        this.clock = options.clock;
        this.pieceBytes = options.pieceBytes;
        this.pause = options.pause;
        try {
            this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException("relay: no TCP socket on the loopback address", e);
        }
        this.accepting = WireThread.start("stream-relay", this::accept);
    }

    /** Opens a relay without faults, for {@link #cut}, {@link #reset} and {@link #stall}. */
    public static StreamRelay to(InetSocketAddress target) {
        return builder(target).open();
    }

    /** Returns a builder for a relay to an address. */
    public static Builder builder(InetSocketAddress target) {
        return new Builder(target);
    }

    /** Returns the address to connect to, on the loopback interface. */
    public InetSocketAddress address() {
        return (InetSocketAddress) listener.getLocalSocketAddress();
    }

    /** Returns the number of open connections. */
    public int connections() {
        return connections.size();
    }

    /** Closes every connection, after the bytes that were relayed. New ones are accepted. */
    public void cut() {
        connections.forEach(connection -> connection.close(false));
    }

    /** Resets every connection (TCP RST), as a peer that has restarted. New ones are accepted. */
    public void reset() {
        connections.forEach(connection -> connection.close(true));
    }

    /**
     * Stops relaying, while connections stay open and new ones are accepted. What is sent meanwhile stays in the buffers
     * of the sockets; when these are full, the senders block. {@link #resume} relays it.
     */
    public void stall() {
        synchronized (gate) {
            stalled = true;
        }
    }

    /** Ends {@link #stall}. */
    public void resume() {
        synchronized (gate) {
            stalled = false;
            gate.notifyAll();
        }
    }

    Optional<NetworkFaults> faults() {
        return Optional.ofNullable(faults);
    }

    /** Closes the listening socket and every connection. Idempotent; the threads have ended on return. */
    @Override
    public void close() {
        closed = true;
        try {
            listener.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        resume();
        accepting.join(); // no connection is added afterwards
        for (Connection connection : List.copyOf(connections)) {
            connection.close(false);
            connection.join();
        }
    }

    private void accept() {
        while (!closed) {
            try {
                Socket client = listener.accept();
                try {
                    new Connection(client, new Socket(target.getAddress(), target.getPort())).start();
                } catch (IOException e) {
                    client.close(); // the target does not accept the connection
                }
            } catch (IOException e) {
                // closed, or the client has left already
            }
        }
    }

    private void awaitFlow() throws InterruptedException {
        synchronized (gate) {
            while (stalled) {
                gate.wait();
            }
        }
    }

    /** Connection of a client, and the one to the target. */
    private final class Connection {

        private final Socket client;
        private final Socket server;
        private final @Nullable FaultyLink link;
        private @Nullable WireThread outward;
        private @Nullable WireThread inward;

        Connection(Socket client, Socket server) throws IOException {
            this.client = client;
            this.server = server;
            this.link = faults == null ? null : faults.link(clock);
            client.setTcpNoDelay(true); // each piece is a segment of its own
            server.setTcpNoDelay(true);
        }

        synchronized void start() {
            connections.add(this);
            outward = WireThread.start("stream-relay-out", () -> relay(client, server, true));
            inward = WireThread.start("stream-relay-in", () -> relay(server, client, false));
        }

        private void relay(Socket from, Socket to, boolean isOutward) {
            StreamCutter cutter = new StreamCutter();
            byte[] buffer = new byte[8_192];
            try (InputStream in = from.getInputStream()) {
                awaitFlow();
                for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
                    awaitFlow();
                    if (link == null) {
                        write(Arrays.copyOf(buffer, n), to);
                    } else {
                        for (byte[] message : cutter.feed(buffer, n)) {
                            pass(link, message, to, isOutward);
                        }
                    }
                    awaitFlow();
                }
            } catch (IOException e) {
                // closed by either side
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                close(false); // RFC 3261 uses no half-closed connections
            }
        }

        private void pass(FaultyLink through, byte[] message, Socket to, boolean isOutward) throws IOException {
            Consumer<byte[]> onward = bytes -> {
                try {
                    write(bytes, to);
                } catch (IOException e) {
                    close(false);
                }
            };
            if (!isOutward) {
                through.receiveOnStream(message, onward);
            } else if (!through.sendOnStream(message, onward)) {
                write(Arrays.copyOf(message, message.length / 2), to);
                throw new IOException("cut");
            }
        }

        private void write(byte[] bytes, Socket to) throws IOException {
            synchronized (to) {
                for (int at = 0; at < bytes.length; at += pieceBytes) {
                    if (at > 0 && !pause.isZero()) {
                        sleep();
                    }
                    to.getOutputStream().write(bytes, at, Math.min(pieceBytes, bytes.length - at));
                }
            }
        }

        private void sleep() throws IOException {
            try {
                Thread.sleep(pause.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException(e);
            }
        }

        void close(boolean reset) {
            connections.remove(this);
            try (client;
                    server) {
                if (reset) {
                    client.setSoLinger(true, 0);
                    server.setSoLinger(true, 0);
                }
            } catch (IOException e) {
                // closed already
            }
        }

        /** Waits for the end of both threads, of a closed connection. */
        void join() {
            WireThread out;
            WireThread in;
            synchronized (this) {
                out = outward;
                in = inward;
            }
            if (out != null && in != null) {
                out.join();
                in.join();
            }
            if (link != null) {
                link.close();
            }
        }
    }

    /** Builder of a {@link StreamRelay}. Not thread-safe. */
    public static final class Builder {

        private final InetSocketAddress target;
        private @Nullable NetworkFaults faults;
        private @Nullable TestClock clock;
        private int pieceBytes = Integer.MAX_VALUE;
        private Duration pause = Duration.ZERO;

        private Builder(InetSocketAddress target) {
            this.target = Objects.requireNonNull(target, "target");
        }

        /**
         * Sets faults of messages: delay, garbage and silence, and cuts within a message. Loss, duplicates and
         * reordering are not for streams. Garbage and cuts are in the direction to the target. Each connection counts
         * its messages. Requires SIP over TCP. Default none.
         */
        public Builder faults(NetworkFaults value) {
            faults = Objects.requireNonNull(value, "value");
            return this;
        }

        /** Sets the clock of the delays of {@link #faults}. Default the machine's. */
        public Builder clock(TestClock value) {
            clock = Objects.requireNonNull(value, "value");
            return this;
        }

        /**
         * Divides what is relayed, in both directions, into segments of at most {@code bytes}, with a pause between
         * them in real time. Default undivided. One byte at a time finds defects of framing.
         *
         * @throws IllegalArgumentException if {@code bytes} is less than 1, or {@code between} is negative
         */
        public Builder pieces(int bytes, Duration between) {
            if (bytes < 1 || between.isNegative()) {
                throw new IllegalArgumentException(
                        "pieces: " + bytes + " bytes every " + between + " (expected 1 or more, and zero or more)");
            }
            pieceBytes = bytes;
            pause = between;
            return this;
        }

        /**
         * Opens the listening socket. Connections to the target are opened on demand.
         *
         * @throws UncheckedIOException if the socket cannot be opened
         */
        public StreamRelay open() {
            return new StreamRelay(this);
        }
    }
}

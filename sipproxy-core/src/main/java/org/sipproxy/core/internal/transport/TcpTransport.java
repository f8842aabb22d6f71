package org.sipproxy.core.internal.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.BindFailedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One TCP listening point with its connections, those that peers opened and those that were opened to peers from here; one
 * table of both, by the peer's address, so that either is used again (RFC 3261 §18).
 *
 * <p>Any thread may call. {@link #bind} and {@link #close} wait for the system, nothing else does.
 */
public final class TcpTransport implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(TcpTransport.class);

    private static final long CLOSE_SECONDS = 5;

    private final Endpoint endpoint;
    private final StreamEnvironment environment;
    private final InboundHandler inbound;

    private final ConcurrentMap<InetSocketAddress, TcpConnection> byPeer = new ConcurrentHashMap<>();
    /** Also those that {@link #byPeer} does not show any more. */
    private final Set<TcpConnection> connections = ConcurrentHashMap.newKeySet();
    /** By local address, for a wildcard; else one, under the bound address. */
    private final ConcurrentMap<InetAddress, Advertised> advertised = new ConcurrentHashMap<>();

    private volatile @Nullable Channel server;
    private volatile @Nullable Endpoint bound;
    private volatile @Nullable InetAddress boundAddress;
    private volatile boolean closed;

    public TcpTransport(Endpoint endpoint, StreamEnvironment environment, InboundHandler inbound) {
        this.endpoint = endpoint;
        this.environment = environment;
        this.inbound = inbound;
    }

    /**
     * Listens, but accepts nothing before {@link #start}: who connects meanwhile waits in the system's queue.
     *
     * @throws BindFailedException if the address cannot be listened on
     */
    public void bind() {
        InetSocketAddress address = new InetSocketAddress(endpoint.host(), endpoint.port());
        if (address.isUnresolved()) {
            throw new BindFailedException(endpoint, new UnknownHostException(endpoint.host()));
        }
        ChannelFuture binding = environment
                .serverBootstrap()
                .option(ChannelOption.AUTO_READ, false)
                .childHandler(initializer(this::accepted))
                .bind(address)
                .awaitUninterruptibly();
        if (!binding.isSuccess()) {
            throw new BindFailedException(endpoint, binding.cause());
        }
        Channel listening = binding.channel();
        InetSocketAddress local = (InetSocketAddress) listening.localAddress();
        bound = endpoint.withPort(local.getPort());
        boundAddress = address.getAddress();
        server = listening;
    }

    /** Accepts connections from now on. */
    public void start() {
        Channel listening = server;
        if (listening != null) {
            listening.config().setAutoRead(true);
        }
    }

    /** What is listened on, with the port really bound. */
    public Endpoint boundEndpoint() {
        Endpoint known = bound;
        if (known == null) {
            throw new IllegalStateException("listen: " + endpoint + " is not bound; call bind() first");
        }
        return known;
    }

    /**
     * A connection with this peer: one that is open, or a new one. What is sent while it is being opened waits for it. If there
     * may not be another connection, the flow returned is closed and every message on it fails.
     */
    public TransportFlow flowTo(InetSocketAddress remote) {
        TcpConnection known = byPeer.get(remote);
        if (known != null && known.isOpen()) {
            return known;
        }
        TcpConnection made = new TcpConnection(this, remote, false);
        if (closed || !environment.budget.take()) {
            environment.counters.connectFailures.increment();
            made.refused(closed ? "the listening point is closed" : "all connections allowed are in use");
            return made;
        }
        while (true) {
            TcpConnection other = byPeer.putIfAbsent(remote, made);
            if (other == null) {
                break;
            }
            if (other.isOpen()) {
                environment.budget.release();
                return other;
            }
            byPeer.remove(remote, other);
        }
        connections.add(made);
        connect(made);
        return made;
    }

    private void connect(TcpConnection made) {
        InetAddress from = boundAddress;
        InetSocketAddress local = from == null || from.isAnyLocalAddress() ? null : new InetSocketAddress(from, 0);
        Bootstrap bootstrap = environment.bootstrap().handler(initializer(channel -> initialize(channel, made)));
        made.connecting(
                local == null
                        ? bootstrap.connect(made.remoteAddress())
                        : bootstrap.connect(made.remoteAddress(), local));
        if (closed) {
            made.close("the listening point is closed", null);
        }
    }

    /** True if a connection to this address can be made from here: it is of the same family. */
    public boolean reaches(InetAddress remote) {
        InetAddress local = boundAddress;
        return local != null && (local instanceof Inet6Address) == (remote instanceof Inet6Address);
    }

    /** A connection with this peer that is open or being opened, if there is one. */
    public Optional<TransportFlow> existing(InetSocketAddress remote) {
        TcpConnection known = byPeer.get(remote);
        return known != null && known.isOpen() ? Optional.of(known) : Optional.empty();
    }

    /** How many connections are open, being opened or being closed. */
    public int connectionCount() {
        return connections.size();
    }

    /** Frees the port, connections stay; waits until that is done unless called on an event loop. */
    public void stopAccepting() {
        Channel listening = server;
        if (listening != null) {
            awaitPortFree(listening, listening.close());
        }
    }

    private void awaitPortFree(Channel listening, ChannelFuture closing) {
        if (environment.isOnEventLoop()) {
            return;
        }
        closing.awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
        // The JDK closes a selectable socket's descriptor in the selector's next turn: a task due later comes behind
        // that turn.
        listening
                .eventLoop()
                .schedule(() -> {}, 1, TimeUnit.MILLISECONDS)
                .awaitUninterruptibly(CLOSE_SECONDS, TimeUnit.SECONDS);
    }

    /** Frees the port and closes all connections; waits until that is done unless called on an event loop. */
    @Override
    public void close() {
        closed = true;
        Channel listening = server;
        ChannelFuture unbinding = listening == null ? null : listening.close();
        for (TcpConnection connection : connections) {
            connection.close("the listening point is closed", null);
        }
        if (listening != null && unbinding != null) {
            awaitPortFree(listening, unbinding);
        }
        if (!environment.isOnEventLoop()) {
            awaitNoConnections();
        }
    }

    private void awaitNoConnections() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(CLOSE_SECONDS);
        synchronized (connections) {
            try {
                while (!connections.isEmpty() && System.nanoTime() - deadline < 0) {
                    connections.wait(100);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void accepted(Channel channel) {
        InetSocketAddress remote = (InetSocketAddress) channel.remoteAddress();
        if (remote == null || closed || !isWelcome(remote) || !environment.budget.takeAccepted(remote.getAddress())) {
            environment.counters.refused.increment();
            TcpConnection.closeChannel(channel);
            return;
        }
        TcpConnection connection = new TcpConnection(this, remote, true);
        connections.add(connection);
        // The newest is the one that the peer has proved to be alive.
        byPeer.put(remote, connection);
        initialize(channel, connection);
        connection.opened(channel);
        if (closed) {
            connection.close("the listening point is closed", null);
        }
    }

    private boolean isWelcome(InetSocketAddress remote) {
        try {
            return inbound.acceptsConnection(remote, boundEndpoint());
        } catch (RuntimeException e) {
            environment.counters.upcallFailures.increment();
            environment.throttle.error(LOG, "the filter of connections failed", e);
            return false;
        }
    }

    /** The one place that says what a connection's bytes go through. */
    private void initialize(Channel channel, TcpConnection connection) {
        channel.pipeline().addLast(new StreamInbound(this, connection));
    }

    private static ChannelInitializer<Channel> initializer(Consumer<Channel> body) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                body.accept(channel);
            }
        };
    }

    // For the connections.

    StreamEnvironment environment() {
        return environment;
    }

    /** It takes no more messages: the next one for its peer opens another. */
    void unlist(TcpConnection connection) {
        byPeer.remove(connection.remoteAddress(), connection);
    }

    void forget(TcpConnection connection) {
        unlist(connection);
        connections.remove(connection);
        if (closed) {
            synchronized (connections) {
                connections.notifyAll();
            }
        }
    }

    /** Whatever goes wrong above stays there: neither this connection nor its neighbours on the loop suffer. */
    void upcall(Consumer<InboundHandler> call) {
        try {
            call.accept(inbound);
        } catch (RuntimeException e) {
            environment.counters.upcallFailures.increment();
            environment.throttle.error(LOG, "the handler of what came in failed", e);
        }
    }

    /**
     * What names this listening point in messages to {@code remote}: what the host said, else the bound address, else, for a
     * wildcard, the address that the connection has or is going to have.
     */
    Advertised advertised(@Nullable InetSocketAddress local, InetSocketAddress remote) {
        InetAddress address = Objects.requireNonNull(boundAddress);
        if (address.isAnyLocalAddress() && endpoint.advertisedHost().isEmpty()) {
            address = local != null ? local.getAddress() : addressTowards(remote, address);
        }
        return advertised.computeIfAbsent(address, this::advertise);
    }

    private Advertised advertise(InetAddress address) {
        String host = endpoint.advertisedHost().isEmpty() ? numeric(address) : endpoint.advertisedHost();
        int port = endpoint.advertisedPort() != 0
                ? endpoint.advertisedPort()
                : boundEndpoint().port();
        return Advertised.of(TransportKind.TCP, host, port);
    }

    /** Asks the routing table, which a connected datagram socket does without sending anything. */
    private static InetAddress addressTowards(InetSocketAddress remote, InetAddress otherwise) {
        try (DatagramSocket probe = new DatagramSocket()) {
            probe.connect(remote);
            return probe.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            return otherwise; // no route: connecting is going to fail as well
        }
    }

    /** An address in its canonical text (RFC 5952), without a scope, which means nothing to others. */
    static String numeric(InetAddress address) {
        return NetUtil.toAddressString(address);
    }

    static String hostAndPort(InetSocketAddress address) {
        InetAddress ip = address.getAddress();
        String host = ip == null ? address.getHostString() : numeric(ip);
        return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + address.getPort();
    }
}

package org.sipproxy.core.internal.transport;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import java.io.IOException;
import java.net.DatagramSocket;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.support.LoggerNames;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.options.BindFailedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listening point of a stream transport with its connections, both those that peers opened and those that the proxy
 * opened.
 *
 * <p>Over TCP one table by the peer's address holds both, so that either is reused (RFC 3261 §18). Over TLS a
 * connection is used for a name only if the proxy opened it and its certificate is for that name. A connection that a
 * peer opened over TLS or WebSocket leads only to that peer.
 *
 * <p>Thread-safe. Only {@link #bind} and {@link #close} block.
 */
public final class StreamTransport implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LoggerNames.TRANSPORT);

    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    /** Peer that a TLS connection was opened to. */
    private record NamedPeer(InetSocketAddress address, String name) {}

    private final Endpoint endpoint;
    private final StreamProtocol protocol;
    private final StreamEnvironment environment;
    private final InboundHandler inbound;

    private final ConcurrentMap<InetSocketAddress, StreamConnection> byPeer = new ConcurrentHashMap<>();
    /** Connections that the proxy opened over TLS; {@link #byPeer} holds each of them only once it is open. */
    private final ConcurrentMap<NamedPeer, StreamConnection> byName = new ConcurrentHashMap<>();
    /** All connections, including those that are no longer in the other tables. */
    private final Set<StreamConnection> connections = ConcurrentHashMap.newKeySet();
    /** By local address for a wildcard; otherwise one entry under the bound address. */
    private final ConcurrentMap<InetAddress, SentBy> advertised = new ConcurrentHashMap<>();

    private final Acceptance acceptance = new Acceptance();
    private volatile @Nullable Channel server;
    private volatile @Nullable Endpoint bound;
    private volatile @Nullable InetAddress boundAddress;
    private volatile boolean closed;

    private StreamTransport(
            Endpoint endpoint, StreamProtocol protocol, StreamEnvironment environment, InboundHandler inbound) {
        this.endpoint = endpoint;
        this.protocol = protocol;
        this.environment = environment;
        this.inbound = inbound;
    }

    public static StreamTransport tcp(Endpoint endpoint, StreamEnvironment environment, InboundHandler inbound) {
        return new StreamTransport(endpoint, new PlainStream(), environment, inbound);
    }

    public static StreamTransport tls(
            Endpoint endpoint, TlsContexts contexts, StreamEnvironment environment, InboundHandler inbound) {
        return new StreamTransport(endpoint, new TlsStream(contexts), environment, inbound);
    }

    /**
     * Creates a listening point of WS, or of WSS if {@code contexts} are given.
     *
     * @param origins the allowed origins, such as {@code https://phone.example.org}; empty to allow all
     */
    public static StreamTransport webSocket(
            Endpoint endpoint,
            @Nullable TlsContexts contexts,
            Set<String> origins,
            StreamEnvironment environment,
            InboundHandler inbound) {
        return new StreamTransport(
                endpoint,
                new WebSocketStream(contexts, origins, environment.limits.messageTimeout()),
                environment,
                inbound);
    }

    /**
     * Binds the address. Does not accept connections before {@link #start}; until then they wait in the system's queue.
     *
     * @throws BindFailedException if the address cannot be bound
     */
    public void bind() {
        InetSocketAddress address = new InetSocketAddress(endpoint.host(), endpoint.port());
        if (address.isUnresolved()) {
            throw new BindFailedException(endpoint, new UnknownHostException(endpoint.host()));
        }
        ChannelFuture binding = environment
                .serverBootstrap()
                .option(ChannelOption.AUTO_READ, false)
                .handler(acceptance)
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

    /** Starts to accept connections. */
    public void start() {
        Channel listening = server;
        if (listening != null) {
            listening.config().setAutoRead(true);
        }
    }

    /** Returns the endpoint with the port that is bound. */
    public Endpoint boundEndpoint() {
        Endpoint known = bound;
        if (known == null) {
            throw new IllegalStateException("listen: " + endpoint + " is not bound; call bind() first");
        }
        return known;
    }

    /**
     * Same as {@link #flowTo(InetSocketAddress, String, Duration)} with the connect timeout of {@code StreamLimits}.
     */
    public TransportFlow flowTo(InetSocketAddress remote, String name) {
        return flowTo(remote, name, null);
    }

    /**
     * Returns a connection with this peer: an open one, or a new one. Messages sent while it is being opened wait. If
     * another connection is not allowed, the returned flow is closed and every message on it fails.
     *
     * @param name the host that the peer's certificate must match over TLS; otherwise ignored
     * @param limit time limit for opening a new connection; null for the connect timeout of {@code StreamLimits}
     * @throws IllegalStateException if the proxy cannot open connections of this transport
     */
    public TransportFlow flowTo(InetSocketAddress remote, String name, @Nullable Duration limit) {
        if (!protocol.connects()) {
            throw new IllegalStateException(protocol.kind() + " connections are opened by peers only");
        }
        TransportFlow known = connectionTo(remote, name);
        if (known != null) {
            return known;
        }
        return protocol.kind() == TransportKind.TLS
                ? opened(byName, new NamedPeer(remote, name), StreamConnection.made(this, remote, name), limit)
                : opened(byPeer, remote, StreamConnection.made(this, remote, ""), limit);
    }

    /**
     * Returns the open connection that {@link #flowTo(InetSocketAddress, String)} would return; null if it would open
     * one.
     */
    public @Nullable TransportFlow connectionTo(InetSocketAddress remote, String name) {
        StreamConnection known = byPeer.get(remote);
        if (protocol.kind() != TransportKind.TLS) {
            return known != null && known.isOpen() ? known : null;
        }
        if (known != null && known.isOpen() && known.isMadeTo(name)) {
            return known;
        }
        StreamConnection named = byName.get(new NamedPeer(remote, name));
        return named != null && named.isOpen() ? named : null;
    }

    /** Opens a connection, unless another thread has opened one first. */
    private <K> StreamConnection opened(
            ConcurrentMap<K, StreamConnection> table, K key, StreamConnection made, @Nullable Duration limit) {
        if (closed || !environment.budget.takeMade()) {
            environment.counters.connectFailures.increment();
            made.refused(closed ? "the listening point is closed" : "all connections allowed are in use");
            return made;
        }
        while (true) {
            StreamConnection other = table.putIfAbsent(key, made);
            if (other == null) {
                break;
            }
            if (other.isOpen()) {
                environment.budget.releaseMade();
                return other;
            }
            table.remove(key, other);
        }
        connections.add(made);
        connect(made, limit);
        return made;
    }

    private void connect(StreamConnection made, @Nullable Duration limit) {
        InetAddress from = boundAddress;
        InetSocketAddress local = from == null || from.isAnyLocalAddress() ? null : new InetSocketAddress(from, 0);
        Bootstrap bootstrap = environment.bootstrap().handler(initializer(channel -> protocol.prepare(channel, made)));
        if (limit != null) {
            bootstrap.option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) limit.toMillis());
        }
        made.connecting(
                local == null
                        ? bootstrap.connect(made.remoteAddress())
                        : bootstrap.connect(made.remoteAddress(), local));
        if (closed) {
            made.close("the listening point is closed", null);
        }
    }

    /** Returns true if a connection to this address can be opened from here: it has the same address family. */
    public boolean reaches(InetAddress remote) {
        InetAddress local = boundAddress;
        return local != null && (local instanceof Inet6Address) == (remote instanceof Inet6Address);
    }

    /**
     * Returns an existing connection with this peer. Over TCP this includes one that the proxy opened or is opening.
     * Over the other transports, only a connection that the peer has opened counts.
     */
    public Optional<TransportFlow> existing(InetSocketAddress remote) {
        StreamConnection known = byPeer.get(remote);
        return known != null && known.isOpen() && (protocol.kind() == TransportKind.TCP || known.isPeerInitiated())
                ? Optional.of(known)
                : Optional.empty();
    }

    /** Returns false before {@link #start}, and while the maximum number of connections waits. */
    boolean isAccepting() {
        Channel listening = server;
        return listening != null && listening.config().isAutoRead();
    }

    /** Returns the number of accepted connections that wait for the event loop that will read them. */
    int waitingConnections() {
        return acceptance.waiting();
    }

    /** Returns the number of connections that are open, being opened or being closed. */
    public int connectionCount() {
        return connections.size();
    }

    private void awaitPortFree(Channel listening, ChannelFuture closing, Deadline limit) {
        if (environment.isOnEventLoop()) {
            return;
        }
        closing.awaitUninterruptibly(limit.leftMillis());
        // The JDK closes the descriptor of a selectable socket in the selector's next turn. A task that is due later
        // runs after that turn.
        listening.eventLoop().schedule(() -> {}, 1, TimeUnit.MILLISECONDS).awaitUninterruptibly(limit.leftMillis());
    }

    /** Closes within five seconds. */
    @Override
    public void close() {
        close(Deadline.in(CLOSE_LIMIT));
    }

    /** Releases the port and closes all connections. Waits until that is done, unless called on an event loop. */
    public void close(Deadline limit) {
        closed = true;
        Channel listening = server;
        ChannelFuture unbinding = listening == null ? null : listening.close();
        for (StreamConnection connection : connections) {
            connection.close("the listening point is closed", null);
        }
        if (listening != null && unbinding != null) {
            awaitPortFree(listening, unbinding, limit);
        }
        if (!environment.isOnEventLoop()) {
            awaitNoConnections(limit);
        }
    }

    private void awaitNoConnections(Deadline limit) {
        synchronized (connections) {
            try {
                while (!connections.isEmpty() && !limit.isOver()) {
                    connections.wait(100);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void accepted(Channel channel) {
        acceptance.taken(channel);
        InetSocketAddress remote = (InetSocketAddress) channel.remoteAddress();
        if (remote == null || closed || !isWelcome(remote)) {
            refuse(channel);
            return;
        }
        StreamConnection connection = StreamConnection.accepted(this, remote);
        ConnectionBudget.Place place = environment.budget.accept(remote.getAddress(), connection::evict);
        if (place == null) {
            limitReached(remote, "connections of the source");
            refuse(channel);
            return;
        }
        connections.add(connection);
        connection.accepting(channel, place);
        if (closed) {
            connection.close("the listening point is closed", null);
        }
    }

    private void refuse(Channel channel) {
        environment.counters.refused.increment();
        closeUnheard(channel);
    }

    void connectionRefused(InetSocketAddress remote, String why) {
        upcall(handler -> handler.onRefusedConnection(remote, boundEndpoint(), why));
    }

    void limitReached(InetSocketAddress remote, String limit) {
        upcall(handler -> handler.onConnectionLimit(remote, boundEndpoint(), limit));
    }

    private boolean isWelcome(InetSocketAddress remote) {
        return ask(handler -> handler.acceptsConnection(remote, boundEndpoint()));
    }

    /** Returns the decision of the handler; false if the handler throws. */
    boolean ask(Predicate<InboundHandler> question) {
        try {
            return question.test(inbound);
        } catch (Throwable e) {
            environment.failures.error(LOG, "the inbound handler failed", e);
            return false;
        }
    }

    /** Refuses a connection before it causes any work, such as a handshake. */
    @SuppressWarnings("FutureReturnValueIgnored") // the result does not matter
    private static void closeUnheard(Channel channel) {
        channel.close();
    }

    private static ChannelInitializer<Channel> initializer(Consumer<Channel> body) {
        return new ChannelInitializer<>() {
            @Override
            protected void initChannel(Channel channel) {
                body.accept(channel);
            }
        };
    }

    // for the connections

    StreamEnvironment environment() {
        return environment;
    }

    StreamProtocol protocol() {
        return protocol;
    }

    /** Lists a connection that is about to be open. */
    void list(StreamConnection connection) {
        if (connection.isAccepted()) {
            // the newest is the one that the peer has proved to be alive
            byPeer.put(connection.remoteAddress(), connection);
        } else if (protocol.kind() == TransportKind.TLS) {
            byPeer.putIfAbsent(connection.remoteAddress(), connection);
        }
        if (connection.isPeerInitiated()) {
            environment.list(connection);
        }
    }

    /** Removes a connection from the tables: the next message to its peer opens another. */
    void unlist(StreamConnection connection) {
        byPeer.remove(connection.remoteAddress(), connection);
        if (!connection.peerName().isEmpty()) {
            byName.remove(new NamedPeer(connection.remoteAddress(), connection.peerName()), connection);
        }
        if (connection.isPeerInitiated()) {
            environment.unlist(connection);
        }
    }

    void remove(StreamConnection connection) {
        unlist(connection);
        connections.remove(connection);
        if (closed) {
            synchronized (connections) {
                connections.notifyAll();
            }
        }
    }

    /** Reports a message that is being written. */
    void onSend(byte[] wire, StreamConnection to) {
        inbound.onSend(wire, to);
    }

    /** Calls the handler. Its exceptions affect neither this connection nor others on the same loop. */
    void upcall(Consumer<InboundHandler> call) {
        try {
            call.accept(inbound);
        } catch (Throwable e) {
            environment.failures.error(LOG, "the inbound handler failed", e);
        }
    }

    /**
     * Returns the name of this listening point in messages to {@code remote}: the advertised host, otherwise the bound
     * address. For a wildcard it is the local address that the connection has or is going to have.
     */
    public SentBy advertised(@Nullable InetSocketAddress local, InetSocketAddress remote) {
        InetAddress address = Objects.requireNonNull(boundAddress);
        if (address.isAnyLocalAddress() && endpoint.advertisedHost().isEmpty()) {
            address = local != null ? local.getAddress() : addressTowards(remote, address);
        }
        return advertised.computeIfAbsent(address, this::advertise);
    }

    private SentBy advertise(InetAddress address) {
        String host = endpoint.advertisedHost().isEmpty() ? NumericAddress.text(address) : endpoint.advertisedHost();
        int port = endpoint.advertisedPort() != 0
                ? endpoint.advertisedPort()
                : boundEndpoint().port();
        return SentBy.of(protocol.kind(), host, port);
    }

    /** Queries the routing table with a connected datagram socket, which sends nothing. */
    private static InetAddress addressTowards(InetSocketAddress remote, InetAddress otherwise) {
        try (DatagramSocket probe = new DatagramSocket()) {
            probe.connect(remote);
            return probe.getLocalAddress();
        } catch (IOException | RuntimeException e) {
            return otherwise; // no route: connecting will fail as well
        }
    }
}

package org.sipproxy.core.internal.engine;

import java.net.BindException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.AddressPolicy;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.DnsLoop;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.forwarding.FlowSource;
import org.sipproxy.core.internal.guard.ProxyThreads;
import org.sipproxy.core.internal.netty.NettyVersion;
import org.sipproxy.core.internal.time.Deadline;
import org.sipproxy.core.internal.transport.InboundHandler;
import org.sipproxy.core.internal.transport.SentBy;
import org.sipproxy.core.internal.transport.StreamEnvironment;
import org.sipproxy.core.internal.transport.StreamTransport;
import org.sipproxy.core.internal.transport.TlsContexts;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.internal.transport.UdpTransport;
import org.sipproxy.core.options.BindFailedException;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipUri;

/** Listening points of one proxy. Chooses the one that a request is sent from. */
final class ListeningPoints implements FlowSource {

    /** Time in which all streams of a closing proxy must end. */
    private static final Duration STREAMS_LIMIT = Duration.ofSeconds(5);

    // written while the points are opened, read by any thread that asks for statistics
    private final List<UdpTransport> udp = new CopyOnWriteArrayList<>();
    private final Map<TransportKind, List<StreamTransport>> streams = new EnumMap<>(TransportKind.class);
    private final SourceAddresses sources = new SourceAddresses();
    private final AddressPolicy addresses;
    private volatile boolean closed;
    private final Supplier<StreamEnvironment> environments;
    private final @Nullable TlsSettings tlsSettings;
    private final Set<String> webSocketOrigins;
    private final Duration tcpAttempt;
    private final ProxyThreads threads;
    /** Written once, before the first message can arrive. */
    private volatile PointNames names = PointNames.NONE;

    private volatile @Nullable StreamEnvironment environment;
    private volatile @Nullable TlsContexts tls;

    /**
     * Creates listening points that take their event loops from {@code environments} when they need some.
     *
     * @param tcpAttempt time limit for opening a connection while other next hops are left
     */
    ListeningPoints(
            AddressPolicy addresses,
            Supplier<StreamEnvironment> environments,
            @Nullable TlsSettings tlsSettings,
            Set<String> webSocketOrigins,
            Duration tcpAttempt,
            ProxyThreads threads) {
        this.threads = threads;
        this.tcpAttempt = tcpAttempt;
        this.addresses = addresses;
        this.environments = environments;
        this.tlsSettings = tlsSettings;
        this.webSocketOrigins = webSocketOrigins;
        for (TransportKind kind : TransportKind.values()) {
            streams.put(kind, new CopyOnWriteArrayList<>());
        }
    }

    /** Opens all endpoints, or none of them. */
    void open(List<Endpoint> endpoints, int udpSockets, InboundHandler handler) {
        TlsContexts contexts = tlsSettings == null ? null : NettyVersion.using(() -> new TlsContexts(tlsSettings));
        tls = contexts;
        checkNames(endpoints);
        try {
            for (Endpoint endpoint : endpoints) {
                if (endpoint.kind() == TransportKind.UDP) {
                    for (InetAddress address : addresses(endpoint)) {
                        udp.add(UdpTransport.bind(endpoint, address, udpSockets, handler, threads));
                    }
                } else {
                    StreamTransport transport = stream(endpoint, contexts, handler);
                    transport.bind();
                    streams(endpoint.kind()).add(transport);
                }
            }
        } catch (Throwable e) {
            close(Deadline.in(Duration.ofSeconds(1)));
            throw e;
        }
        names = PointNames.of(bound(), ListeningPoints::addressTexts);
    }

    /**
     * Rejects endpoints whose host names stand for the same address. The builder compares literal addresses; names are
     * resolved only now.
     */
    private static void checkNames(List<Endpoint> endpoints) {
        Map<String, Endpoint> taken = new HashMap<>();
        for (Endpoint endpoint : endpoints) {
            for (InetAddress address : endpoint.port() == 0 ? List.<InetAddress>of() : addresses(endpoint)) {
                String place = (endpoint.kind() == TransportKind.UDP ? "udp " : "stream ") + HostName.text(address)
                        + ":" + endpoint.port();
                Endpoint other = taken.putIfAbsent(place, endpoint);
                if (other != null) {
                    throw new BindFailedException(
                            endpoint,
                            new BindException("it is the address and port of " + other + " too; give one of them"));
                }
            }
        }
    }

    private StreamTransport stream(Endpoint endpoint, @Nullable TlsContexts contexts, InboundHandler handler) {
        StreamEnvironment loops = eventLoops();
        return switch (endpoint.kind()) {
            case TCP -> StreamTransport.tcp(endpoint, loops, handler);
            case TLS -> StreamTransport.tls(endpoint, needed(contexts), loops, handler);
            case WS -> webSocket(endpoint, null, loops, handler);
            case WSS -> webSocket(endpoint, needed(contexts), loops, handler);
            case UDP -> throw new IllegalArgumentException("UDP is not a stream transport");
        };
    }

    private StreamTransport webSocket(
            Endpoint endpoint, @Nullable TlsContexts contexts, StreamEnvironment loops, InboundHandler handler) {
        return NettyVersion.using(
                () -> StreamTransport.webSocket(endpoint, contexts, webSocketOrigins, loops, handler));
    }

    /**
     * Returns the environment of streams. It is created for the first stream endpoint or the first look-up of a name,
     * so that a proxy that needs neither does not load Netty.
     */
    private synchronized StreamEnvironment eventLoops() {
        StreamEnvironment loops = environment;
        if (loops == null) {
            if (closed) {
                throw new IllegalStateException("the listening points are closed");
            }
            loops = NettyVersion.using(environments);
            environment = loops;
        }
        return loops;
    }

    private DnsLoop dnsLoop() {
        StreamEnvironment loops = eventLoops();
        return new DnsLoop(loops.eventLoop(), loops.usesEpoll());
    }

    private static TlsContexts needed(@Nullable TlsContexts contexts) {
        return Objects.requireNonNull(contexts, "an endpoint needs a certificate, as the builder has checked");
    }

    private List<StreamTransport> streams(TransportKind kind) {
        return Objects.requireNonNull(streams.get(kind));
    }

    /**
     * Returns the open stream transports. Uses loops: a method reference would load the class, and Netty with it, in a
     * proxy without streams.
     */
    private List<StreamTransport> allStreams() {
        List<StreamTransport> all = new ArrayList<>();
        streams.values().forEach(all::addAll);
        return all;
    }

    /** Reads the certificate again. Open connections keep the old one. */
    void reloadTls() {
        TlsContexts contexts = tls;
        if (contexts == null) {
            throw new IllegalStateException("reloadTls: no certificate is in use; set tls(...) and start the proxy");
        }
        contexts.reload();
    }

    /**
     * Reads the files of other settings, and returns what puts them into use.
     *
     * @throws org.sipproxy.api.config.ConfigurationException if the files cannot be used
     */
    Runnable prepareTls(TlsSettings settings) {
        TlsContexts contexts = tls;
        return contexts == null ? () -> {} : contexts.prepare(settings);
    }

    /** Starts to read datagrams and accept connections. */
    void start() {
        udp.forEach(UdpTransport::start);
        for (StreamTransport transport : allStreams()) {
            transport.start();
        }
    }

    /**
     * Returns the addresses that an endpoint's host stands for. A wildcard stands for every current address of the
     * machine: a datagram socket bound to one address knows which address its peers see, a socket on the wildcard does
     * not.
     */
    private static List<InetAddress> addresses(Endpoint endpoint) {
        try {
            InetAddress address = InetAddress.getByName(endpoint.host());
            if (!address.isAnyLocalAddress()) {
                return List.of(address);
            }
            List<InetAddress> all = new ArrayList<>();
            for (NetworkInterface network : NetworkInterface.networkInterfaces().toList()) {
                if (network.isUp()) {
                    network.inetAddresses().filter(a -> isUsable(a, address)).forEach(all::add);
                }
            }
            return all;
        } catch (UnknownHostException | SocketException e) {
            throw new BindFailedException(endpoint, e);
        }
    }

    /** Returns the addresses by which requests may name an endpoint, besides its host. */
    static List<String> addressTexts(Endpoint endpoint) {
        return addresses(endpoint).stream().map(HostName::literal).toList();
    }

    private static boolean isUsable(InetAddress candidate, InetAddress wildcard) {
        return !candidate.isLinkLocalAddress()
                && (wildcard instanceof Inet6Address
                        ? candidate instanceof Inet6Address
                        : candidate instanceof Inet4Address);
    }

    /** Opens the resolver for the next hops that are reachable from these listening points. */
    void open(NextHopResolver resolver) {
        Set<TransportKind> kinds = EnumSet.noneOf(TransportKind.class);
        Set<ProtocolFamily> families = new HashSet<>();
        for (Endpoint endpoint : bound()) {
            kinds.add(endpoint.kind());
            families.add(
                    endpoint.host().indexOf(':') >= 0 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        }
        resolver.open(threads.factory("dns-open"), this::dnsLoop, kinds, families);
    }

    /** Returns the endpoints in the order of the builder, with the addresses and ports that are bound. */
    List<Endpoint> bound() {
        List<Endpoint> all = new ArrayList<>();
        udp.forEach(transport -> all.add(transport.endpoint()));
        for (StreamTransport transport : allStreams()) {
            all.add(transport.boundEndpoint());
        }
        return all;
    }

    /** Returns the bound addresses and ports, with each address of a wildcard. */
    Set<InetSocketAddress> addresses() {
        Set<InetSocketAddress> all = new HashSet<>();
        for (Endpoint endpoint : bound()) {
            addresses(endpoint).forEach(address -> all.add(new InetSocketAddress(address, endpoint.port())));
        }
        return all;
    }

    /** Returns the number of stream connections in any state. */
    long connections() {
        long sum = 0;
        for (StreamTransport transport : allStreams()) {
            sum += transport.connectionCount();
        }
        return sum;
    }

    /** Returns the number of datagrams that the system did not accept. */
    long udpSendFailures() {
        return udp.stream().mapToLong(UdpTransport::sendFailures).sum();
    }

    /** Returns the number of UDP sockets that are lost now. */
    long lostUdpSockets() {
        return udp.stream().mapToLong(UdpTransport::lostSockets).sum();
    }

    /** Returns the number of UDP sockets that receive and send several datagrams with one system call. */
    long batchedUdpSockets() {
        return udp.stream().mapToLong(UdpTransport::batchedSockets).sum();
    }

    /** Sends the datagrams that receivers have collected and not sent yet. */
    void pushOut() {
        udp.forEach(UdpTransport::pushOut);
    }

    /** Returns the number of accepted connections over which no password was proved. */
    long unprovenConnections() {
        StreamEnvironment loops = environment;
        return loops == null ? 0 : loops.unprovenConnections();
    }

    @Override
    public @Nullable TransportFlow flowTo(NextHop hop, TransportFlow inbound, @Nullable Endpoint wanted, Sender sender)
            throws RefusedAddressException {
        InetSocketAddress address = hop.address();
        addresses.require(address, sender);
        return switch (hop.kind()) {
            case UDP -> {
                UdpTransport point = udpFor(address, inbound, wanted);
                yield point == null ? null : point.flowTo(address);
            }
            case TCP -> {
                TransportFlow open = openConnection(hop);
                yield open != null ? open : connection(hop, inbound, wanted, null);
            }
            case TLS -> connection(hop, inbound, wanted, null); // the existing connections prove other names
            case WS, WSS -> openConnection(hop);
        };
    }

    @Override
    public @Nullable TransportFlow promptStreamTo(
            NextHop at, TransportFlow inbound, @Nullable Endpoint wanted, Sender sender)
            throws RefusedAddressException {
        NextHop hop = new NextHop(TransportKind.TCP, at.address());
        addresses.require(hop.address(), sender);
        TransportFlow open = openConnection(hop);
        return open != null ? open : connection(hop, inbound, wanted, tcpAttempt);
    }

    /**
     * @param limit time limit for opening the connection; null for the default
     */
    private @Nullable TransportFlow connection(
            NextHop hop, TransportFlow inbound, @Nullable Endpoint wanted, @Nullable Duration limit) {
        StreamTransport point = streamFor(hop.kind(), hop.address(), inbound, wanted);
        return point == null ? null : point.flowTo(hop.address(), hop.name(), limit);
    }

    @Override
    public @Nullable Endpoint pointNamed(Endpoint socket) {
        return names.named(socket);
    }

    /** Returns the listening point that a URI in Record-Route names; null if there is none. */
    @Nullable
    Endpoint pointOf(SipUri uri) {
        return names.of(uri);
    }

    private @Nullable UdpTransport udpNamed(@Nullable Endpoint socket) {
        Endpoint wanted = socket == null ? null : names.named(socket);
        for (UdpTransport point : udp) {
            if (point.endpoint().equals(wanted)) {
                return point;
            }
        }
        return null;
    }

    /**
     * Returns the flow to the address that a binding was registered from. For a stream only the connection that existed
     * then counts.
     *
     * @param socket the listening point that received the REGISTER; another one is chosen if it is null or this proxy
     *     does not have it
     * @param seenAtMillis when the client was seen at the address, in the proxy's time
     */
    @Nullable
    TransportFlow registeredFlow(
            TransportKind kind, InetSocketAddress remote, @Nullable Endpoint socket, long seenAtMillis) {
        if (addresses.refusal(remote, Sender.HOST) != null) {
            return null;
        }
        if (kind != TransportKind.UDP) {
            return connectionSeen(kind, remote, seenAtMillis);
        }
        UdpTransport point = udpNamed(socket);
        if (point == null) {
            point = udp.stream()
                    .filter(p -> p.reaches(remote.getAddress()))
                    .filter(p ->
                            udp.size() == 1 || HostName.same(p.endpoint().host(), sources.towards(remote.getAddress())))
                    .findFirst()
                    .orElse(null);
        }
        return point == null ? null : point.flowTo(remote);
    }

    @Override
    public @Nullable TransportFlow openConnection(NextHop hop) {
        return openConnection(hop.kind(), hop.address());
    }

    /** Returns an open connection with the peer, at any listening point (§18.1.1). */
    private @Nullable TransportFlow openConnection(TransportKind kind, InetSocketAddress remote) {
        List<StreamTransport> points = streams(kind);
        for (int i = 0; i < points.size(); i++) {
            StreamTransport point = points.get(i);
            TransportFlow flow = point.existing(remote).orElse(null);
            if (flow != null) {
                return flow;
            }
        }
        return null;
    }

    @Override
    public @Nullable TransportFlow connectionSeen(NextHop hop, long seenAtMillis) {
        return connectionSeen(hop.kind(), hop.address(), seenAtMillis);
    }

    private @Nullable TransportFlow connectionSeen(TransportKind kind, InetSocketAddress remote, long seenAtMillis) {
        for (StreamTransport point : streams(kind)) {
            TransportFlow flow = point.existing(remote).orElse(null);
            if (flow != null && flow.wasOpenAt(seenAtMillis)) {
                return flow;
            }
        }
        return null;
    }

    /** Returns the connection with this number, if its peer opened it over TLS or WebSocket. */
    @Nullable
    TransportFlow peersOwnConnection(long number) {
        StreamEnvironment loops = environment;
        return loops == null ? null : loops.peersOwn(number);
    }

    private @Nullable UdpTransport udpFor(InetSocketAddress remote, TransportFlow inbound, @Nullable Endpoint wanted) {
        return choose(udp, UdpTransport::endpoint, UdpTransport::reaches, remote, inbound, wanted);
    }

    /** Throws if that sender may not send to the address. */
    void requirePermitted(InetSocketAddress address, Sender sender) throws RefusedAddressException {
        addresses.require(address, sender);
    }

    /**
     * Returns a flow for a rehearsed request: at the listening point of that transport that leads to the address,
     * preferably one of the address itself. Null if there is none.
     */
    @Nullable
    RehearsalFlow rehearsalFlow(TransportKind kind, InetSocketAddress remote) {
        RehearsalFlow none = new RehearsalFlow(
                new Endpoint(kind, HostName.text(remote.getAddress()), remote.getPort(), "", 0),
                remote,
                SentBy.of(kind, "invalid", remote.getPort()));
        if (kind == TransportKind.UDP) {
            UdpTransport point = udpFor(remote, none, null);
            return point == null ? null : new RehearsalFlow(point.endpoint(), remote, point.advertised());
        }
        StreamTransport point = streamFor(kind, remote, none, null);
        return point == null ? null : new RehearsalFlow(point.boundEndpoint(), remote, point.advertised(null, remote));
    }

    @Nullable
    StreamTransport streamFor(
            TransportKind kind, InetSocketAddress remote, TransportFlow inbound, @Nullable Endpoint wanted) {
        return choose(streams(kind), StreamTransport::boundEndpoint, StreamTransport::reaches, remote, inbound, wanted);
    }

    /**
     * Chooses among several listening points: the wanted one or one with the same host, because the peer is served
     * there; otherwise one on the interface that leads to the peer. If several are left, the listening point of the
     * request is preferred.
     */
    private <T> @Nullable T choose(
            List<T> points,
            Function<T, Endpoint> endpointOf,
            BiPredicate<T, InetAddress> reaches,
            InetSocketAddress remote,
            TransportFlow inbound,
            @Nullable Endpoint wanted) {
        InetAddress address = remote.getAddress();
        if (points.size() == 1) {
            return reaches.test(points.get(0), address) ? points.get(0) : null;
        }
        T best = null;
        int bestRank = -1;
        for (T point : points) {
            int rank = reaches.test(point, address) ? rank(endpointOf.apply(point), address, inbound, wanted) : -1;
            if (rank > bestRank) {
                best = point;
                bestRank = rank;
            }
        }
        return best;
    }

    private int rank(Endpoint endpoint, InetAddress remote, TransportFlow inbound, @Nullable Endpoint wanted) {
        Endpoint came = inbound.endpoint();
        boolean sameHost = endpoint.host().equals(came.host());
        boolean leadsThere = remote.isLoopbackAddress() // every loopback address reaches every other
                ? sameHost
                : HostName.same(endpoint.host(), sources.towards(remote));
        boolean samePoint = sameHost && endpoint.kind() == inbound.kind() && endpoint.port() == came.port();
        return rankAsWanted(endpoint, remote, wanted) + (leadsThere ? 4 : 0) + (sameHost ? 2 : 0) + (samePoint ? 1 : 0);
    }

    private static int rankAsWanted(Endpoint endpoint, InetAddress remote, @Nullable Endpoint wanted) {
        if (wanted == null
                || !endpoint.host().equals(wanted.host())
                || (isLoopback(endpoint) && !remote.isLoopbackAddress())) {
            return 0;
        }
        return 8 + (endpoint.port() == wanted.port() ? 8 : 0);
    }

    private static boolean isLoopback(Endpoint endpoint) {
        return endpoint.host().startsWith("127.") || endpoint.host().equals("::1");
    }

    /**
     * Releases the ports. Idempotent, because a failed start has closed them already.
     *
     * @param limit time limit for waiting for threads that are still in the handler
     */
    void close(Deadline limit) {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        udp.forEach(transport -> transport.close(limit));
        Deadline streamsClosed = Deadline.in(STREAMS_LIMIT);
        for (StreamTransport transport : allStreams()) {
            transport.close(streamsClosed);
        }
        StreamEnvironment loops = environment;
        if (loops != null) {
            loops.close();
        }
    }
}

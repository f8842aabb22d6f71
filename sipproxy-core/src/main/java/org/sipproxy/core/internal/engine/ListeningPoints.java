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
import org.sipproxy.core.internal.transport.StreamEnvironment;
import org.sipproxy.core.internal.transport.StreamTransport;
import org.sipproxy.core.internal.transport.TlsContexts;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.internal.transport.UdpTransport;
import org.sipproxy.core.options.TlsSettings;
import org.sipproxy.core.status.BindFailedException;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipUri;

/** All listening points of one proxy, and which of them a request leaves by. */
final class ListeningPoints implements FlowSource {

    /** For the streams of a proxy that closes, all of them together. */
    private static final Duration STREAMS_LIMIT = Duration.ofSeconds(5);

    // written while the points are opened, and read by any thread that asks for statistics
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
     * Listening points that take their event loops from {@code environments} when they need some.
     *
     * @param tcpAttempt how long a connection may take to be opened if something else is left to be tried
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

    /** Opens all endpoints, or none. */
    void open(List<Endpoint> endpoints, int udpSockets, InboundHandler handler) {
        TlsContexts contexts = tlsSettings == null ? null : new TlsContexts(tlsSettings);
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

    /** The builder compares addresses; only now it is known which ones names stand for. */
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
            case WS -> StreamTransport.webSocket(endpoint, null, webSocketOrigins, loops, handler);
            case WSS -> StreamTransport.webSocket(endpoint, needed(contexts), webSocketOrigins, loops, handler);
            case UDP -> throw new IllegalArgumentException("UDP is no stream");
        };
    }

    /** Opened for the first stream endpoint or the first look-up of a name, so a proxy that needs neither loads no Netty class. */
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

    /** For loops, not method references: those load the class, and Netty with it, where there is no stream. */
    private List<StreamTransport> allStreams() {
        List<StreamTransport> all = new ArrayList<>();
        streams.values().forEach(all::addAll);
        return all;
    }

    /** Reads the certificate again; connections that are open keep the old one. */
    void reloadTls() {
        TlsContexts contexts = tls;
        if (contexts == null) {
            throw new IllegalStateException(
                    "reloadTls: there is no certificate to read; set tls(...) and start the proxy");
        }
        contexts.reload();
    }

    /** Reads datagrams and accepts connections from now on. */
    void start() {
        udp.forEach(UdpTransport::start);
        for (StreamTransport transport : allStreams()) {
            transport.start();
        }
    }

    /**
     * The addresses that an endpoint's host stands for. A wildcard is every address that the machine has now: a datagram
     * socket on each knows what address its peers see, which one on the wildcard would not.
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

    /** The addresses that requests for an endpoint may name it by, besides its host. */
    static List<String> addressTexts(Endpoint endpoint) {
        return addresses(endpoint).stream().map(HostName::literal).toList();
    }

    private static boolean isUsable(InetAddress candidate, InetAddress wildcard) {
        return !candidate.isLinkLocalAddress()
                && (wildcard instanceof Inet6Address
                        ? candidate instanceof Inet6Address
                        : candidate instanceof Inet4Address);
    }

    /** A resolver for what can be reached from here. */
    NextHopResolver resolver() {
        Set<TransportKind> kinds = EnumSet.noneOf(TransportKind.class);
        Set<ProtocolFamily> families = new HashSet<>();
        for (Endpoint endpoint : bound()) {
            kinds.add(endpoint.kind());
            families.add(
                    endpoint.host().indexOf(':') >= 0 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        }
        return NextHopResolver.open(threads.factory("dns-open"), this::dnsLoop, kinds, families);
    }

    /** What is listened on, in the order of the builder, with the addresses and ports really bound. */
    List<Endpoint> bound() {
        List<Endpoint> all = new ArrayList<>();
        udp.forEach(transport -> all.add(transport.endpoint()));
        for (StreamTransport transport : allStreams()) {
            all.add(transport.boundEndpoint());
        }
        return all;
    }

    /** The addresses and ports that are listened on, each address of a wildcard by itself. */
    Set<InetSocketAddress> addresses() {
        Set<InetSocketAddress> all = new HashSet<>();
        for (Endpoint endpoint : bound()) {
            addresses(endpoint).forEach(address -> all.add(new InetSocketAddress(address, endpoint.port())));
        }
        return all;
    }

    /** How many stream connections there are, in whatever state. */
    long connections() {
        long sum = 0;
        for (StreamTransport transport : allStreams()) {
            sum += transport.connectionCount();
        }
        return sum;
    }

    /** How many datagrams could not be handed to the system. */
    long udpSendFailures() {
        return udp.stream().mapToLong(UdpTransport::sendFailures).sum();
    }

    /** How many UDP sockets are lost now. */
    long lostUdpSockets() {
        return udp.stream().mapToLong(UdpTransport::lostSockets).sum();
    }

    /** How many accepted connections there are on which no password was proved. */
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
            case TLS -> connection(hop, inbound, wanted, null); // the connections that there are prove other names
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

    /** @param limit how long it may take to be opened; null for as long as any */
    private @Nullable TransportFlow connection(
            NextHop hop, TransportFlow inbound, @Nullable Endpoint wanted, @Nullable Duration limit) {
        StreamTransport point = streamFor(hop.kind(), hop.address(), inbound, wanted);
        return point == null ? null : point.flowTo(hop.address(), hop.name(), limit);
    }

    @Override
    public @Nullable Endpoint pointNamed(String socket) {
        return names.named(socket);
    }

    /** The listening point that a URI in Record-Route names; null if there is none. */
    @Nullable
    Endpoint pointOf(SipUri uri) {
        return names.of(uri);
    }

    private @Nullable UdpTransport udpNamed(String socket) {
        Endpoint wanted = names.named(socket);
        for (UdpTransport point : udp) {
            if (point.endpoint().equals(wanted)) {
                return point;
            }
        }
        return null;
    }

    /**
     * The way to an address that a binding was registered from: for a stream only the connection that is there.
     *
     * @param socket the listening point that it was received on; another one is chosen if it is none of ours
     */
    @Nullable
    TransportFlow registeredFlow(TransportKind kind, InetSocketAddress remote, String socket) {
        if (addresses.refusal(remote, Sender.HOST) != null) {
            return null;
        }
        if (kind != TransportKind.UDP) {
            return openConnection(kind, remote);
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

    /** §18.1.1: a connection with the peer that is there already, whichever listening point it belongs to. */
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

    /** The connection with this number, if its peer opened it over TLS or as a WebSocket. */
    @Nullable
    TransportFlow peersOwnConnection(long number) {
        StreamEnvironment loops = environment;
        return loops == null ? null : loops.peersOwn(number);
    }

    private @Nullable UdpTransport udpFor(InetSocketAddress remote, TransportFlow inbound, @Nullable Endpoint wanted) {
        return choose(udp, UdpTransport::endpoint, UdpTransport::reaches, remote, inbound, wanted);
    }

    private @Nullable StreamTransport streamFor(
            TransportKind kind, InetSocketAddress remote, TransportFlow inbound, @Nullable Endpoint wanted) {
        return choose(streams(kind), StreamTransport::boundEndpoint, StreamTransport::reaches, remote, inbound, wanted);
    }

    /**
     * Of several listening points the one that is wanted or has its host, as the peer is served there; else the one on the
     * interface that leads to the peer; if that leaves a choice, the one that the request came in on.
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
        boolean leadsThere = remote.isLoopbackAddress() // every loopback address leads to every other
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
     * Releases the ports. Idempotent: a start that failed has closed them already.
     *
     * @param limit how long to wait for threads that are still in the handler
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

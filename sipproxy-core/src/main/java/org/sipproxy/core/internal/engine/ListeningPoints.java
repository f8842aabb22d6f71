package org.sipproxy.core.internal.engine;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.SocketException;
import java.net.StandardProtocolFamily;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.BindFailedException;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.dns.NextHopResolver;
import org.sipproxy.core.internal.forwarding.FlowSource;
import org.sipproxy.core.internal.transport.InboundHandler;
import org.sipproxy.core.internal.transport.StreamEnvironment;
import org.sipproxy.core.internal.transport.TcpTransport;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.internal.transport.UdpTransport;

/** All listening points of one proxy, and which of them a request leaves by. */
final class ListeningPoints implements FlowSource, AutoCloseable {

    private final List<UdpTransport> udp = new ArrayList<>();
    private final List<TcpTransport> tcp = new ArrayList<>();
    private final SourceAddresses sources = new SourceAddresses();
    private boolean closed;
    private final Supplier<StreamEnvironment> environment;
    private @Nullable StreamEnvironment streams;

    /** Listening points that take their event loops from {@code environment} when they are opened. */
    ListeningPoints(Supplier<StreamEnvironment> environment) {
        this.environment = environment;
    }

    /** Opens all endpoints, or none. */
    void open(List<Endpoint> endpoints, int udpSockets, InboundHandler handler) {
        StreamEnvironment loops = environment.get();
        streams = loops;
        try {
            for (Endpoint endpoint : endpoints) {
                if (endpoint.kind() == TransportKind.UDP) {
                    for (InetAddress address : addresses(endpoint)) {
                        udp.add(UdpTransport.bind(endpoint, address, udpSockets, handler));
                    }
                } else {
                    TcpTransport transport = new TcpTransport(endpoint, loops, handler);
                    transport.bind();
                    tcp.add(transport);
                }
            }
        } catch (BindFailedException e) {
            close();
            throw e;
        }
    }

    /** Reads datagrams and accepts connections from now on. */
    void start() {
        udp.forEach(UdpTransport::start);
        tcp.forEach(TcpTransport::start);
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
        return addresses(endpoint).stream()
                .map(InetAddress::getHostAddress)
                .map(ListeningPoints::withoutScope)
                .toList();
    }

    private static String withoutScope(String address) {
        int scope = address.indexOf('%');
        return scope < 0 ? address : address.substring(0, scope);
    }

    private static boolean isUsable(InetAddress candidate, InetAddress wildcard) {
        return !candidate.isLinkLocalAddress()
                && (wildcard instanceof Inet6Address
                        ? candidate instanceof Inet6Address
                        : candidate instanceof Inet4Address);
    }

    /** A resolver for what can be reached from here. */
    NextHopResolver resolver() {
        StreamEnvironment loops = streams;
        if (loops == null) {
            throw new IllegalStateException("the listening points are not open");
        }
        Set<TransportKind> kinds = EnumSet.noneOf(TransportKind.class);
        Set<ProtocolFamily> families = new HashSet<>();
        for (Endpoint endpoint : bound()) {
            kinds.add(endpoint.kind());
            families.add(
                    endpoint.host().indexOf(':') >= 0 ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET);
        }
        return NextHopResolver.open(loops.eventLoop(), kinds, families);
    }

    /** What is listened on, in the order of the builder, with the addresses and ports really bound. */
    List<Endpoint> bound() {
        List<Endpoint> all = new ArrayList<>();
        udp.forEach(transport -> all.add(transport.endpoint()));
        tcp.forEach(transport -> all.add(transport.boundEndpoint()));
        return all;
    }

    /** How many stream connections there are, in whatever state. */
    long connections() {
        return tcp.stream().mapToLong(TcpTransport::connectionCount).sum();
    }

    @Override
    public @Nullable TransportFlow flowTo(NextHop hop, TransportFlow inbound, String socket) {
        InetSocketAddress address = hop.address();
        return switch (hop.kind()) {
            case UDP -> {
                UdpTransport named = socket.isEmpty() ? null : udpNamed(socket);
                UdpTransport point = named != null ? named : udpFor(address, inbound);
                yield point == null ? null : point.flowTo(address);
            }
            case TCP -> {
                TransportFlow open = openConnection(address);
                if (open != null) {
                    yield open;
                }
                TcpTransport point = tcpFor(address, inbound);
                yield point == null ? null : point.flowTo(address);
            }
            case TLS, WS, WSS -> null;
        };
    }

    private @Nullable UdpTransport udpNamed(String socket) {
        for (UdpTransport point : udp) {
            if (point.endpoint().toString().equals(socket)) {
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
        if (kind == TransportKind.TCP) {
            return openConnection(remote);
        }
        if (kind != TransportKind.UDP) {
            return null;
        }
        UdpTransport point = udpNamed(socket);
        if (point == null) {
            point = udp.stream()
                    .filter(p -> p.reaches(remote.getAddress()))
                    .filter(p -> udp.size() == 1 || p.endpoint().host().equals(sources.towards(remote.getAddress())))
                    .findFirst()
                    .orElse(null);
        }
        return point == null ? null : point.flowTo(remote);
    }

    @Override
    public @Nullable TransportFlow openConnection(NextHop hop) {
        return hop.kind() == TransportKind.TCP ? openConnection(hop.address()) : null;
    }

    /** §18.1.1: a connection to the peer that is there already, whichever listening point it belongs to. */
    private @Nullable TransportFlow openConnection(InetSocketAddress remote) {
        for (TcpTransport point : tcp) {
            TransportFlow flow = point.existing(remote).orElse(null);
            if (flow != null) {
                return flow;
            }
        }
        return null;
    }

    private @Nullable UdpTransport udpFor(InetSocketAddress remote, TransportFlow inbound) {
        return choose(udp, UdpTransport::endpoint, UdpTransport::reaches, remote, inbound);
    }

    private @Nullable TcpTransport tcpFor(InetSocketAddress remote, TransportFlow inbound) {
        return choose(tcp, TcpTransport::boundEndpoint, TcpTransport::reaches, remote, inbound);
    }

    /**
     * Of several listening points the one on the interface that leads to the peer; if that leaves a choice, the one that the
     * request came in on.
     */
    private <T> @Nullable T choose(
            List<T> points,
            Function<T, Endpoint> endpointOf,
            BiPredicate<T, InetAddress> reaches,
            InetSocketAddress remote,
            TransportFlow inbound) {
        InetAddress address = remote.getAddress();
        if (points.size() == 1) {
            return reaches.test(points.get(0), address) ? points.get(0) : null;
        }
        T best = null;
        int bestRank = -1;
        for (T point : points) {
            int rank = reaches.test(point, address) ? rank(endpointOf.apply(point), address, inbound) : -1;
            if (rank > bestRank) {
                best = point;
                bestRank = rank;
            }
        }
        return best;
    }

    private int rank(Endpoint endpoint, InetAddress remote, TransportFlow inbound) {
        Endpoint came = inbound.endpoint();
        boolean sameHost = endpoint.host().equals(came.host());
        boolean leadsThere = remote.isLoopbackAddress() // every loopback address leads to every other
                ? sameHost
                : endpoint.host().equals(sources.towards(remote));
        boolean samePoint = sameHost && endpoint.kind() == inbound.kind() && endpoint.port() == came.port();
        return (leadsThere ? 4 : 0) + (sameHost ? 2 : 0) + (samePoint ? 1 : 0);
    }

    /** Idempotent: a start that failed has closed them already. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        udp.forEach(UdpTransport::close);
        tcp.forEach(TcpTransport::close);
        StreamEnvironment loops = streams;
        if (loops != null) {
            loops.close();
        }
    }
}

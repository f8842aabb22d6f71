package org.sipproxy.core.internal.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.message.HostName;
import org.sipproxy.message.SipUri;

/**
 * Listening points by their names elsewhere: the bound and the advertised address in stored bindings and in
 * Record-Route. Immutable.
 */
final class PointNames {

    static final PointNames NONE = new PointNames(Map.of(), Map.of());

    private record Name(TransportKind kind, String host, int port) {}

    private final Map<Name, Endpoint> points;
    /** The common spelling, so that a stored binding costs one look-up and no normal form. */
    private final Map<Endpoint, Endpoint> asBound;

    private PointNames(Map<Name, Endpoint> points, Map<Endpoint, Endpoint> asBound) {
        this.points = points;
        this.asBound = asBound;
    }

    /**
     * @param addresses returns the addresses that an endpoint stands for
     */
    static PointNames of(List<Endpoint> bound, Function<Endpoint, List<String>> addresses) {
        Map<Name, Endpoint> points = new HashMap<>();
        Map<Endpoint, Endpoint> asBound = new HashMap<>();
        for (Endpoint endpoint : bound) {
            asBound.put(endpoint, endpoint);
            asBound.put(endpoint.advertise("", 0), endpoint); // as a row names it
            points.put(name(endpoint), endpoint);
            addresses
                    .apply(endpoint)
                    .forEach(host -> points.putIfAbsent(name(endpoint.kind(), host, endpoint.port()), endpoint));
        }
        for (Endpoint endpoint : bound) {
            String host = endpoint.advertisedHost().isEmpty() ? endpoint.host() : endpoint.advertisedHost();
            int port = endpoint.advertisedPort() == 0 ? endpoint.port() : endpoint.advertisedPort();
            points.putIfAbsent(name(endpoint.kind(), host, port), endpoint);
        }
        return new PointNames(Map.copyOf(points), Map.copyOf(asBound));
    }

    private static Name name(TransportKind kind, String host, int port) {
        String normal = HostName.normal(host);
        return new Name(kind, normal.startsWith("[") ? normal.substring(1, normal.length() - 1) : normal, port);
    }

    /**
     * Returns the name of an endpoint. Does not parse an IPv6 address, which an endpoint has in its normal form,
     * because each message to a binding that another server wrote gets here.
     */
    private static Name name(Endpoint endpoint) {
        String host = endpoint.host();
        return new Name(endpoint.kind(), host.indexOf(':') >= 0 ? host : HostName.normal(host), endpoint.port());
    }

    /** Returns the listening point of this name; null if this proxy does not have it. */
    @Nullable
    Endpoint named(Endpoint socket) {
        Endpoint point = asBound.get(socket);
        return point != null ? point : points.get(name(socket));
    }

    /** Returns the listening point that a URI in Record-Route names; null if this proxy does not have it. */
    @Nullable
    Endpoint of(SipUri uri) {
        TransportKind kind = kindOf(uri);
        int port = uri.port() < 0 ? kind.defaultPort() : uri.port();
        Endpoint point = points.get(name(kind, uri.host(), port));
        // a URI has transport=ws for WSS too (RFC 7118)
        return point == null && kind == TransportKind.WS
                ? points.get(name(TransportKind.WSS, uri.host(), port))
                : point;
    }

    private static TransportKind kindOf(SipUri uri) {
        TransportKind written = uri.hasParameter("transport")
                ? uri.parameter("transport").flatMap(TransportKind::of).orElse(TransportKind.UDP)
                : TransportKind.UDP;
        if (!uri.isSecure()) {
            return written;
        }
        return written == TransportKind.WS || written == TransportKind.WSS ? TransportKind.WSS : TransportKind.TLS;
    }
}

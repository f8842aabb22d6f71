package org.sipproxy.core.internal.engine;

import java.net.InetSocketAddress;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.forwarding.FlowSource;
import org.sipproxy.core.internal.transport.StreamTransport;
import org.sipproxy.core.internal.transport.TransportFlow;

/** The flows that {@link ListeningPoints} would choose. Opens no connections. */
final class RehearsalFlows implements FlowSource {

    private final ListeningPoints points;

    RehearsalFlows(ListeningPoints points) {
        this.points = points;
    }

    @Override
    public @Nullable TransportFlow flowTo(NextHop hop, TransportFlow inbound, @Nullable Endpoint wanted, Sender sender)
            throws RefusedAddressException {
        if (hop.kind() != TransportKind.TCP && hop.kind() != TransportKind.TLS) {
            return points.flowTo(hop, inbound, wanted, sender); // opens nothing
        }
        points.requirePermitted(hop.address(), sender);
        TransportFlow open = hop.kind() == TransportKind.TCP ? points.openConnection(hop) : null;
        StreamTransport point = open != null ? null : points.streamFor(hop.kind(), hop.address(), inbound, wanted);
        if (point == null) {
            return open;
        }
        TransportFlow known = point.connectionTo(hop.address(), hop.name());
        return known != null ? known : flow(point, hop.address());
    }

    private static RehearsalFlow flow(StreamTransport point, InetSocketAddress remote) {
        return new RehearsalFlow(point.boundEndpoint(), remote, point.advertised(null, remote));
    }

    @Override
    public @Nullable TransportFlow openConnection(NextHop hop) {
        return points.openConnection(hop);
    }

    @Override
    public @Nullable TransportFlow connectionSeen(NextHop hop, long seenAtMillis) {
        return points.connectionSeen(hop, seenAtMillis);
    }

    @Override
    public @Nullable Endpoint pointNamed(Endpoint socket) {
        return points.pointNamed(socket);
    }
}

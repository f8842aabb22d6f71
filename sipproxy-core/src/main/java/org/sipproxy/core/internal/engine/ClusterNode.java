package org.sipproxy.core.internal.engine;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.sipproxy.api.location.Binding;
import org.sipproxy.api.location.StoreMode;
import org.sipproxy.api.routing.Target;
import org.sipproxy.api.transport.Flow;
import org.sipproxy.core.internal.codec.PeerHops;
import org.sipproxy.core.internal.codec.PeerHops.NamedFlow;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.location.NodeRows;
import org.sipproxy.core.internal.pipeline.PreprocessRoute;
import org.sipproxy.core.internal.transport.TransportFlow;
import org.sipproxy.core.options.ClusterSettings;
import org.sipproxy.message.SipParseException;
import org.sipproxy.message.SipRequest;
import org.sipproxy.message.SipUri;

/** This proxy as a node of a cluster: the hop in its clients' bindings, and the flows that other nodes ask for. */
final class ClusterNode implements NodeRows.Node, PreprocessRoute.PeerRequests {

    /** No connection was accepted before this time, so only the one that the token names is used. */
    private static final long NEVER_SEEN = 0;

    private final PeerHops hops;
    private final ListeningPoints points;

    ClusterNode(ClusterSettings settings, byte[] key, ListeningPoints points) {
        this.hops = new PeerHops(settings.node(), settings.address(), key);
        this.points = points;
    }

    PeerHops hops() {
        return hops;
    }

    /** Returns the mode with rows that name the node which reaches the client. */
    StoreMode over(StoreMode mode) {
        return mode instanceof StoreMode.DatabaseOnly shared
                ? StoreMode.databaseOnly(new NodeRows(shared.repository(), this))
                : mode;
    }

    /** A client on a stream, or behind a NAT, is reached only over the flow that it opened. */
    @Override
    public Binding withHop(Binding binding) {
        Flow flow = binding.flow().orElse(null);
        if (!(flow instanceof TransportFlow own)
                || !binding.path().isEmpty()
                || (!own.kind().isReliable() && binding.received().isEmpty())) {
            return binding;
        }
        return binding.toBuilder()
                .path(List.of(hops.hopTo(own, own.connectionId().orElse(0L))))
                .build();
    }

    @Override
    public Binding withoutHop(Binding row) {
        List<SipUri> path = row.path();
        if (path.isEmpty() || !hops.isOwn(path.get(0))) {
            return row;
        }
        return row.toBuilder()
                .path(new ArrayList<>(path.subList(1, path.size())))
                .build();
    }

    @Override
    public @Nullable Target targetOf(SipUri route, SipRequest request, long[] nowMillis) throws SipParseException {
        NamedFlow named = hops.flowOf(route, request, nowMillis);
        if (named == null) {
            return null;
        }
        return new Target(
                request.requestUri(),
                1f,
                List.of(),
                connection(named),
                PeerHops.received(named),
                named.point(),
                named.kind().isReliable() ? NEVER_SEEN : Target.UNKNOWN);
    }

    @Override
    public boolean countsRequestsOf(SipUri route) {
        return hops.isMarked(route);
    }

    private @Nullable TransportFlow connection(NamedFlow named) {
        if (!named.kind().isReliable() || !hops.isOfThisProcess(named)) {
            return null;
        }
        TransportFlow open = points.openConnection(new NextHop(named.kind(), named.remote()));
        return open != null
                        && open.connectionId()
                                .filter(id -> id == named.connection())
                                .isPresent()
                ? open
                : null;
    }
}

package org.sipproxy.core.internal.engine;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.forwarding.FlowSource;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Flows to next hops whose messages are shown to the wire listener of the host application. */
record TappedFlows(FlowSource flows, WireTap tap) implements FlowSource {

    @Override
    public @Nullable TransportFlow flowTo(NextHop hop, TransportFlow inbound, @Nullable Endpoint point, Sender sender)
            throws RefusedAddressException {
        return tapped(flows.flowTo(hop, inbound, point, sender));
    }

    @Override
    public @Nullable TransportFlow promptStreamTo(
            NextHop hop, TransportFlow inbound, @Nullable Endpoint point, Sender sender)
            throws RefusedAddressException {
        return tapped(flows.promptStreamTo(hop, inbound, point, sender));
    }

    @Override
    public @Nullable Endpoint pointNamed(Endpoint socket) {
        return flows.pointNamed(socket);
    }

    @Override
    public @Nullable TransportFlow openConnection(NextHop hop) {
        return tapped(flows.openConnection(hop));
    }

    @Override
    public @Nullable TransportFlow connectionSeen(NextHop hop, long seenAtMillis) {
        return tapped(flows.connectionSeen(hop, seenAtMillis));
    }

    private @Nullable TransportFlow tapped(@Nullable TransportFlow flow) {
        return flow == null ? null : new TappedFlow(flow, tap);
    }
}

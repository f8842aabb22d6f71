package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Finds the way to a next hop. */
public interface FlowSource {

    /**
     * A flow, by preference from the interface that {@code inbound} came in on; null if we do not speak that transport.
     *
     * @param socket the listening point to use if it is one of ours, {@code udp:192.0.2.1:5060}; empty for none
     */
    @Nullable
    TransportFlow flowTo(NextHop hop, TransportFlow inbound, String socket);

    /** The connection that there is with a next hop of a stream transport; null if there is none. None is opened. */
    default @Nullable TransportFlow openConnection(NextHop hop) {
        return null;
    }
}

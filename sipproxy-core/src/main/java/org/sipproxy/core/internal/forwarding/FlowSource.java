package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Turns a next hop into something to send on. */
public interface FlowSource {

    /**
     * A flow, by preference from the interface that {@code inbound} came in on; null if this proxy does not speak that transport.
     *
     * @param socket the listening point to use if it is one of ours, {@code udp:192.0.2.1:5060}; empty for none
     * @param sender on whose behalf something is sent
     * @throws RefusedAddressException if that sender may not have anything sent there
     */
    @Nullable
    TransportFlow flowTo(NextHop hop, TransportFlow inbound, String socket, Sender sender)
            throws RefusedAddressException;

    /** The open connection with a next hop of a stream transport; null if there is none. Opens none. */
    default @Nullable TransportFlow openConnection(NextHop hop) {
        return null;
    }
}

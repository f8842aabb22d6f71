package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Turns a next hop into something to send on. */
public interface FlowSource {

    /**
     * A flow, by preference from the interface that {@code inbound} came in on; null if this proxy does not speak that transport.
     *
     * @param point the listening point to send from if it is of that transport, else one of the same host; null for no preference
     * @param sender on whose behalf something is sent
     * @throws RefusedAddressException if that sender may not have anything sent there
     */
    @Nullable
    TransportFlow flowTo(NextHop hop, TransportFlow inbound, @Nullable Endpoint point, Sender sender)
            throws RefusedAddressException;

    /**
     * A TCP connection to the address of a next hop where something else is left to be tried, such as UDP: one that is open, or one
     * that fails unless it is opened soon. Null if this proxy does not speak TCP.
     *
     * @throws RefusedAddressException if that sender may not have anything sent there
     */
    default @Nullable TransportFlow promptStreamTo(
            NextHop hop, TransportFlow inbound, @Nullable Endpoint point, Sender sender)
            throws RefusedAddressException {
        return flowTo(new NextHop(TransportKind.TCP, hop.address()), inbound, point, sender);
    }

    /** The open connection with a next hop of a stream transport; null if there is none. Opens none. */
    default @Nullable TransportFlow openConnection(NextHop hop) {
        return null;
    }

    /** The listening point of this name, {@code udp:192.0.2.1:5060}; null if it is none of ours. */
    default @Nullable Endpoint pointNamed(String socket) {
        return null;
    }
}

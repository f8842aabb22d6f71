package org.sipproxy.core.internal.forwarding;

import org.jspecify.annotations.Nullable;
import org.sipproxy.api.transport.Endpoint;
import org.sipproxy.api.transport.TransportKind;
import org.sipproxy.core.internal.address.RefusedAddressException;
import org.sipproxy.core.internal.address.Sender;
import org.sipproxy.core.internal.dns.NextHop;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Source of flows to next hops. */
public interface FlowSource {

    /**
     * Returns a flow to the next hop, preferably from the interface on which {@code inbound} arrived; null if this
     * proxy does not support that transport.
     *
     * @param point the listening point to send from if it has that transport, otherwise one of the same host; null for
     *     no preference
     * @param sender the party on whose behalf the message is sent
     * @throws RefusedAddressException if that sender may not send to the address
     */
    @Nullable
    TransportFlow flowTo(NextHop hop, TransportFlow inbound, @Nullable Endpoint point, Sender sender)
            throws RefusedAddressException;

    /**
     * Returns a TCP connection to the address of a next hop for which another transport, such as UDP, remains as a
     * fallback: an open connection, or one that fails unless it is opened quickly. Returns null if this proxy does not
     * support TCP.
     *
     * @throws RefusedAddressException if that sender may not send to the address
     */
    default @Nullable TransportFlow promptStreamTo(
            NextHop hop, TransportFlow inbound, @Nullable Endpoint point, Sender sender)
            throws RefusedAddressException {
        return flowTo(new NextHop(TransportKind.TCP, hop.address()), inbound, point, sender);
    }

    /**
     * Returns the open connection with a next hop of a stream transport; null if there is none. Does not open a
     * connection.
     */
    default @Nullable TransportFlow openConnection(NextHop hop) {
        return null;
    }

    /**
     * Returns the open connection over which a client was seen at an address; null if it is closed. A connection that
     * was accepted from the address later is another one, perhaps of another client behind the same NAT.
     *
     * @param seenAtMillis when the client was seen, in the proxy's time
     */
    default @Nullable TransportFlow connectionSeen(NextHop hop, long seenAtMillis) {
        return openConnection(hop);
    }

    /**
     * Returns the listening point of this proxy that a binding or a host application names by its bound or advertised
     * address; null if this proxy does not have it.
     */
    default @Nullable Endpoint pointNamed(Endpoint socket) {
        return null;
    }
}

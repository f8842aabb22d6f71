package org.sipproxy.core.internal.transport;

import java.net.InetSocketAddress;

/** A listening point whose flows differ only in the peer's address, so that the address is enough to make one again. */
public interface DatagramPoint {

    /** Returns the flow from this listening point to a peer. */
    TransportFlow flowTo(InetSocketAddress remote);
}

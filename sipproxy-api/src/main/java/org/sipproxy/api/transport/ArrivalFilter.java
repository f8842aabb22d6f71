package org.sipproxy.api.transport;

import java.net.InetSocketAddress;

/**
 * Decides from the source alone, before anything is parsed or allocated for it. It runs on event loops for everything that
 * arrives, a flood too: it must not block, log a line a call, or remember each source. If it throws, what arrived is dropped.
 */
public interface ArrivalFilter {

    /**
     * Whether a message is looked at at all.
     *
     * @param flow where it comes from
     * @param length its bytes
     */
    boolean accepts(Flow flow, int length);

    /**
     * Whether a connection is accepted. Default true.
     *
     * @param remote who connects
     * @param endpoint where
     */
    default boolean acceptsConnection(InetSocketAddress remote, Endpoint endpoint) {
        return true;
    }
}

package org.sipproxy.core.internal.registrar;

import org.sipproxy.api.location.Binding;

/** Check whether a binding has lost its connection. */
@FunctionalInterface
public interface LostConnections {

    /**
     * Returns true if the connection over which a binding was registered is closed.
     *
     * @param sameClient true if the binding has the Call-ID of a REGISTER that arrives at this server now: its client
     *     is here, and not at another server that shares the rows (RFC 3261 §10.2.4)
     */
    boolean isLost(Binding binding, boolean sameClient);
}

package org.sipproxy.server.part;

import org.sipproxy.core.SipProxy;

/**
 * Part of the server that runs beside the proxy, such as the watch on its certificates. Parts start in their order when
 * the proxy serves, and stop in reverse order before it closes. What acts on messages is a component of the proxy
 * instead.
 */
public interface ServerPart {

    /**
     * Called once, when the proxy serves.
     *
     * @throws ServerPartException if this part cannot work; the parts before it are stopped, and the server exits
     */
    void start(SipProxy proxy);

    /** Called once if {@link #start} returned. Releases threads and ports. Must not throw. */
    void stop();
}

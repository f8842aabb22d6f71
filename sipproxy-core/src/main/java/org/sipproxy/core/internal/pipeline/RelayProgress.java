package org.sipproxy.core.internal.pipeline;

import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.transport.TransportFlow;

/** Observer of a relayed request. Called under the lock of its server transaction. */
public interface RelayProgress {

    /** Called when a provisional response above 100 is forwarded. */
    void provisional(RequestContext context, Target target);

    /**
     * Called before a 2xx is forwarded, so before the client can know of it. An INVITE may have several.
     *
     * @param response the response as it is forwarded
     * @param from the flow over which it arrived
     */
    void accepted(RequestContext context, byte[] response, TransportFlow from, Target target);
}

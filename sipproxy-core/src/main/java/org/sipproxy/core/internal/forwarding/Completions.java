package org.sipproxy.core.internal.forwarding;

import java.util.List;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.pipeline.RequestContext;

/** Listener for requests that have received their final response. */
public interface Completions {

    /**
     * Called when a request has received its final response, or will not receive one: RFC 4320 §4.1 has no 408 for a
     * request other than INVITE.
     *
     * @param response the response as it was sent, or the 408 that was not sent
     * @param targets where the request was relayed; empty if the response was generated locally without relaying
     */
    void completed(RequestContext context, int statusCode, byte[] response, List<Target> targets);

    /**
     * Called when a target responded 430. Returns true if it is another node of the cluster, which no longer has the
     * flow to the client; the binding is then removed.
     */
    default boolean flowFailed(RequestContext context, Target target) {
        return false;
    }

    /** Called when an ACK was not forwarded because it could not be sent to any candidate of its route. */
    void ackDropped(RequestContext context, String why);
}

package org.sipproxy.core.internal.forwarding;

import java.util.List;
import org.sipproxy.api.routing.Target;
import org.sipproxy.core.internal.pipeline.RequestContext;

/** Is told of requests that got their final response. */
public interface Completions {

    /**
     * A request was answered, or will not be: RFC 4320 §4.1 has no 408 for a request other than INVITE.
     *
     * @param response the response as it was sent, or the 408 that was not sent
     * @param targets where the request was relayed; empty if the answer is ours alone
     */
    void completed(RequestContext context, int statusCode, byte[] response, List<Target> targets);

    /** An ACK was not forwarded: no candidate of its route took it. */
    void ackDropped(RequestContext context, String why);
}
